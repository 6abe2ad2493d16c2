// The words of the post that "author says" goes by: those selected when it is pressed, shown for as long as it is on.

import { all, forget, keep, recall } from "./store.js";

const KIND = "quote";
const LAST = 10; // no more answers can be taken back
const form = () => document.getElementById("answer");
const field = () => form().querySelector("[data-quote]");
const isOn = () => form().querySelector('.label-button[value="author"]').getAttribute("aria-pressed") === "true";

function selected() {
  const selection = document.getSelection();
  const isOfPost = selection.anchorNode?.parentElement?.closest("[data-post-text]");
  return isOfPost ? String(selection).trim().slice(0, 1000) : "";
}

export const isOther = () => Boolean(selected()) && selected() !== field().value;

export function quote() {
  field().value = selected();
}

// With an answer, for who takes it back: the page of that clip comes without the words.
export function keepFor(video) {
  const words = field().value;
  if (!words) return forget(KIND, video);
  keep(KIND, video, { video, words, at: Date.now() });
  const older = all(KIND).sort((a, b) => b.at - a.at).slice(LAST);
  return older.forEach((each) => forget(KIND, each.video));
}

function draw() {
  if (!form()) return;
  if (!isOn()) field().value = ""; // pressed again, it begins anew
  const line = form().querySelector("[data-quoted]");
  line.querySelector("[data-marked]").textContent = field().value;
  line.hidden = !field().value;
}

function begin() {
  if (form() && isOn()) field().value ||= recall(KIND, form().dataset.video)?.words ?? "";
  draw();
}

for (const kind of ["answer:change", "answer:restored"]) document.addEventListener(kind, draw);
document.addEventListener("clip:shown", begin);
begin();
