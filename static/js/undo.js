// Go back to an answer. It has to have arrived first, or there would be nothing to take back.

import { newKey, waiting } from "./outbox.js";
import { bring } from "./reel.js";
import { say, silence } from "./say.js";
import { wake } from "./sender.js";
import { main, send } from "./server.js";

const PAUSE = 1000;
const UNSURE = "No connection: perhaps it is taken back. Undo again to see; it takes back no second answer.";
let isUndoing = false;
let unsure = null; // asked for, and no reply came: asked again under its key, it is done once

async function undo(fields) {
  await wake();
  if (waiting().length) return say("unsaved", "The last answer is not saved yet. It can be taken back once it is.");
  const wanted = new Map(fields).get("annotation");
  const asked = unsure && [undefined, unsure.wanted].includes(wanted) ? unsure : { wanted, fields, key: newKey() };
  unsure = asked;
  const reply = (await ask(asked)) ?? (await pause()) ?? (await ask(asked));
  if (!reply) return say("undo", UNSURE);
  unsure = null;
  if (reply.status === 200) {
    silence("undo");
    return bring(reply.body.claim);
  }
  if (reply.status === 401) return document.dispatchEvent(new CustomEvent("login:needed"));
  return say("undo", reply.body.detail ?? `Not taken back: the server refused it (${reply.status}).`);
}

// What a failing server, or one in between, says is no reply: the answer may be taken back all the same.
async function ask(asked) {
  const reply = await send(main.dataset.undo, { ...asked, gives: "claim" }).catch(() => null);
  return reply?.status >= 500 ? null : reply;
}

const pause = () => new Promise((resolve) => setTimeout(resolve, PAUSE));

document.addEventListener("submit", (event) => {
  if (event.target.id !== "undo") return;
  event.preventDefault();
  if (isUndoing) return; // one press, one answer
  isUndoing = true;
  undo([...new FormData(event.target, event.submitter)]).finally(() => (isUndoing = false));
});
document.addEventListener("outbox:saved", () => (unsure = null)); // now the newest answer is another one
document.addEventListener("outbox:change", () => waiting().length || silence("unsaved"));
