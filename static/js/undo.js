// Go back to an answer. It has to have arrived first, or there would be nothing to take back.

import { waiting } from "./outbox.js";
import { bring } from "./reel.js";
import { say, silence } from "./say.js";
import { wake } from "./sender.js";
import { main, send } from "./server.js";

let isUndoing = false;

async function undo(fields) {
  await wake();
  if (waiting().length) return say("undo", "The last answer is not saved yet. It can be taken back once it is.");
  const reply = await send(main.dataset.undo, { fields }).catch(() => null);
  if (reply?.status === 200) {
    silence("undo");
    return bring(reply.body.claim);
  }
  if (reply?.status === 401) return document.dispatchEvent(new CustomEvent("login:needed"));
  return say("undo", reply?.body.detail ?? "Not taken back: no connection.");
}

document.addEventListener("submit", (event) => {
  if (event.target.id !== "undo") return;
  event.preventDefault();
  if (isUndoing) return; // one press, one answer
  isUndoing = true;
  undo([...new FormData(event.target, event.submitter)]).finally(() => (isUndoing = false));
});
