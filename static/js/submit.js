// Enter: the answer goes into the outbox, the next clip comes, and then it is sent. In this order, so that
// neither a reload nor a dead server loses it, and nobody waits.

import { onNow, say } from "./answer.js";
import * as draft from "./draft.js";
import { missing } from "./missing.js";
import { put } from "./outbox.js";
import { keepFor } from "./quote.js";
import { advance, leaveOut, onStage } from "./reel.js";
import { wake } from "./sender.js";
import { count } from "./stopwatch.js";

function answer(form, submitter) {
  form.elements.seconds.value = count().toFixed(1);
  const isSkip = submitter?.name === "reason";
  const { video, reclaim } = form.dataset;
  put({
    kind: isSkip ? "skip" : "answer",
    url: new URL(isSkip ? submitter.formAction : form.action).pathname,
    claim: onStage(),
    video,
    reclaim,
    poster: document.querySelector(".stage .clip")?.poster,
    fields: draft.fieldsOf(form, submitter),
    says: isSkip ? `skip: ${submitter.value.replaceAll("_", " ")}` : onNow().join(", "),
  });
  keepFor(video);
  draft.drop(video);
  if (form.elements.twins?.checked && !isSkip) leaveOut(form.dataset.footage);
  advance();
  wake();
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.id !== "answer") return;
  event.preventDefault();
  const refusal = event.submitter?.name === "reason" ? null : missing();
  if (refusal) say(...refusal);
  else answer(form, event.submitter);
});
