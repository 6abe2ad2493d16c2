// What this browser keeps of one person's work: under their number, so that nobody sends it for somebody else.
// localStorage and not IndexedDB: it is written when the call returns, before the next clip is shown.

const user = document.querySelector("main[data-user]").dataset.user;
const prefix = (kind) => `cakelens.${kind}.${user}.`;
const unkept = new Map(); // where the browser keeps nothing (a full disk, a strict private window): this window only

export function keep(kind, key, value) {
  const name = prefix(kind) + key;
  try {
    localStorage.setItem(name, JSON.stringify(value));
    unkept.delete(name);
  } catch {
    unkept.set(name, value);
  }
}

export function forget(kind, key) {
  unkept.delete(prefix(kind) + key);
  localStorage.removeItem(prefix(kind) + key);
}

export function recall(kind, key) {
  const name = prefix(kind) + key;
  return unkept.get(name) ?? JSON.parse(localStorage.getItem(name));
}

export function all(kind) {
  const names = [...Object.keys(localStorage), ...unkept.keys()].filter((name) => name.startsWith(prefix(kind)));
  return names.map((name) => recall(kind, name.slice(prefix(kind).length))).filter(Boolean);
}

export const isOnlyHere = (kind) => [...unkept.keys()].some((name) => name.startsWith(prefix(kind)));

// Another window of the same person wrote or removed something.
export function onChangeElsewhere(kind, act) {
  addEventListener("storage", (event) => {
    if (event.key?.startsWith(prefix(kind))) act();
  });
}
