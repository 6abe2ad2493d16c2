// Answers that stand aside, in words, each with what can be done: take the clip again and save it, or discard it.

import { change, renew, remove, stuck } from "./outbox.js";
import * as draft from "./draft.js";
import { bring, refill } from "./reel.js";
import { wake } from "./sender.js";
import { send } from "./server.js";

const notice = document.getElementById("notice");
const pattern = document.getElementById("kept-answer");
const asking = new Set(); // keys of entries: a second click while the server is asked would make two of one answer

function draw() {
  for (const old of notice.querySelectorAll(".kept")) old.remove();
  for (const entry of stuck()) notice.append(drawn(entry));
}

function drawn(entry) {
  const part = pattern.content.firstElementChild.cloneNode(true);
  name(part.querySelector("[data-clip]"), entry);
  part.querySelector("[data-words]").textContent = `${entry.words} ${remedy(entry)}`;
  part.querySelector("[data-again]").addEventListener("click", () => again(entry, part));
  if (entry.isOver) part.querySelector("[data-again]").remove(); // it can only be discarded
  part.querySelector("[data-discard]").addEventListener("click", () => {
    remove(entry);
    refill();
  });
  return part;
}

// Which clip it is: people know it by its picture, which may be away by now.
function name(link, { video, poster }) {
  link.href = link.getAttribute("href").replace("/0/", `/${video}/`);
  link.querySelector("[data-number]").textContent = video;
  const picture = link.querySelector("img");
  if (!poster) return picture.remove();
  picture.addEventListener("error", () => picture.remove());
  picture.src = poster;
  return undefined;
}

const remedy = ({ says, isOver }) =>
  isOver
    ? `That one counts, and not the one kept here (${says}). To change it, take it back among your last ten, below.`
    : `Your answer (${says}) is kept here.`;

async function again(entry, part) {
  if (asking.has(entry.key)) return;
  asking.add(entry.key);
  const act = entry.state === "refused" ? goBackTo : reclaim;
  await act(entry, part).finally(() => asking.delete(entry.key));
}

// What the server would not take can be put right by hand, with all that was pressed: where the clip is still held.
async function goBackTo(entry, part) {
  draft.put(entry.video, entry.fields);
  if (await bring(entry.claim)) return remove(entry);
  draft.drop(entry.video);
  return reclaim(entry, part);
}

async function reclaim(entry, part) {
  const reply = await send(entry.reclaim, { fields: [["video", entry.video]], gives: "claim" }).catch(() => null);
  if (!stuck().some(({ key }) => key === entry.key)) return undefined; // discarded meanwhile, or taken in another window
  if (reply?.status === 200) {
    renew(entry, { claim: reply.body.claim, url: reply.body.urls[entry.kind] });
    return wake();
  }
  if (reply?.status === 401) document.dispatchEvent(new CustomEvent("login:needed"));
  if (reply?.body.is_over) return change({ ...entry, words: reply.body.fate, isOver: true });
  const why = reply ? (reply.body.fate ?? reply.body.detail ?? `The server said ${reply.status}.`) : "No connection.";
  part.querySelector("[data-words]").textContent = `Not yet. ${why} Your answer (${entry.says}) is kept here.`;
  return undefined;
}

// Who answered the clip anew has said what counts.
document.addEventListener("outbox:saved", ({ detail: saved }) => {
  for (const entry of stuck()) if (entry.video === saved.video && entry.at < saved.at) remove(entry);
});
document.addEventListener("outbox:change", draw);
draw();
