// What is half answered survives a reload: each press and each word is kept until the answer is given.

import { turnOnly } from "./answer.js";
import { all, forget, keep, recall } from "./store.js";
import { count, goOnFrom } from "./stopwatch.js";

const KIND = "draft";
const KEPT = 7 * 24 * 3600_000;
const NOT_OURS = new Set(["csrfmiddlewaretoken", "press"]);
const form = () => document.getElementById("answer");

export const fieldsOf = (each, submitter) => [...new FormData(each, submitter)].filter(([name]) => !NOT_OURS.has(name));
export const put = (video, fields) => keep(KIND, video, { video, fields, at: Date.now() });
export const drop = (video) => forget(KIND, video);

function save() {
  if (!form()) return;
  form().elements.seconds.value = count().toFixed(1);
  put(form().dataset.video, fieldsOf(form()));
}

function restore() {
  const draft = form() && recall(KIND, form().dataset.video);
  if (!draft) return;
  turnOnly(draft.fields.filter(([name]) => name === "on").map(([, value]) => value));
  for (const [name, value] of draft.fields) {
    const field = form().elements[name];
    if (name === "on" || name === "video" || !field) continue;
    if (field.type === "checkbox") field.checked = true;
    else field.value = value;
  }
  goOnFrom(Number(form().elements.seconds.value));
  document.dispatchEvent(new CustomEvent("answer:restored"));
}

for (const { video, at } of all(KIND)) if (Date.now() - at > KEPT) drop(video); // it went to somebody else long ago

document.addEventListener("answer:change", save);
document.addEventListener("input", (event) => event.target.closest("#answer") && save());
addEventListener("pagehide", () => form() && recall(KIND, form().dataset.video) && save());
document.addEventListener("clip:shown", restore);
restore();
