// Send what waits in the outbox, one after another. Each goes under a key of its own: sent twice, it is taken once.

import { change, remove, waiting } from "./outbox.js";
import { main, read, send } from "./server.js";

const LONGEST = 30_000;
let running = null;
let failures = 0;
let timer = 0;
let trouble = ""; // "", "offline", "failing", "logged out"

export const state = () => ({ isSending: Boolean(running), trouble });

// Begin, or go on at once where a pause was being kept. Resolves when all is sent, or nothing can be.
export function wake() {
  clearTimeout(timer);
  running ??= run().finally(() => {
    running = null;
    tell();
  });
  return running;
}

async function run() {
  for (let entry = waiting()[0]; entry; entry = waiting()[0]) {
    tell();
    trouble = await attempt(entry);
    if (trouble) return pause();
    failures = 0;
  }
  return undefined;
}

// What is in the way of this answer, and of all others: nothing, if it arrived or stands aside.
async function attempt(entry) {
  const reply = await deliver(entry);
  if (!reply) return "offline";
  if (reply.status === 401) return "logged out";
  if (reply.status === 403) return forbidden(entry, reply);
  if (reply.status >= 500 || reply.status === 429) return "failing";
  if (reply.status < 300) {
    remove(entry);
    document.dispatchEvent(new CustomEvent("outbox:saved", { detail: entry }));
  } else {
    setAside(entry, reply);
  }
  return "";
}

// Only the number of the written answer says that it arrived.
const deliver = (entry) => send(entry.url, { ...entry, gives: "annotation" }).catch(() => null);

// A token that went out of date is a refusal too: reading anything brings a new one, or says that nobody is logged in.
async function forbidden(entry, reply) {
  if ((await read(main.dataset.ahead)) === null) return "logged out";
  const again = await deliver(entry);
  if (again?.status !== 403) return again ? attempt(entry) : "offline";
  setAside(entry, reply);
  return "";
}

function setAside(entry, { status, body }) {
  const words = `Not saved: ${body.fate ?? body.detail ?? `the server refused it (${status}).`}`;
  change({ ...entry, state: status === 409 ? "lost" : "refused", words, isOver: body.is_over });
}

function pause() {
  if (trouble === "logged out") {
    document.dispatchEvent(new CustomEvent("login:needed"));
    return;
  }
  const longest = Math.min(LONGEST, 1000 * 2 ** failures);
  failures += 1;
  timer = setTimeout(wake, longest * (0.5 + Math.random() / 2)); // not everybody in the same second
}

const tell = () => document.dispatchEvent(new CustomEvent("sender:change"));

addEventListener("online", wake);
document.addEventListener("visibilitychange", () => document.hidden || wake());
document.addEventListener("login:done", wake);
