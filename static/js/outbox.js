// Answers on their way: kept here before the next clip is shown, removed when the server says that it has them.
// An entry: {key, kind, url, claim, video, poster, fields, at}; one that is stuck has a state, "lost" or "refused", and words.

import { all, forget, isOnlyHere, keep, onChangeElsewhere } from "./store.js";

const KIND = "outbox";
let number = 0;

const inOrder = (a, b) => a.at - b.at || a.number - b.number;
const entries = () => all(KIND).sort(inOrder);

export const waiting = () => entries().filter((entry) => !entry.state);
export const stuck = () => entries().filter((entry) => entry.state);
export const isFragile = () => isOnlyHere(KIND); // the browser keeps nothing: closing the window would lose it
export const claims = () => new Set(entries().map((entry) => entry.claim));

export function put(entry) {
  number += 1;
  change({ ...entry, key: newKey(), at: Date.now(), number });
}

export function change(entry) {
  keep(KIND, entry.key, entry);
  tell();
}

export function remove(entry) {
  forget(KIND, entry.key);
  tell();
}

// Sent anew, for another claim, it is another request.
export function renew(entry, { claim, url }) {
  forget(KIND, entry.key);
  change({ ...entry, key: newKey(), claim, url, state: "", words: "" });
}

export function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16)); // randomUUID is missing where there is no https
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

const tell = () => document.dispatchEvent(new CustomEvent("outbox:change"));
onChangeElsewhere(KIND, tell);
