// What an answer lacks, and in which question: without AI_GEN it is none, and a yes needs a reason, a generator too.

import { cap, isPressed } from "./answer.js";
import { turnKeys, unshown } from "./ties.js";

// Where no caps are drawn, by touch, nobody has the keys to press.
const hasKeys = (form) => form.querySelector("[data-next] .cap").offsetWidth > 0;
const next = (form) => (hasKeys(form) ? cap(form.querySelector("[data-next]")) : "next");

export function missing() {
  const form = document.getElementById("answer");
  const button = (name) => form.querySelector(`.label-button[value="${name}"]`);
  if (!isPressed("AI_GEN") && !isPressed("NOT_AI")) {
    const verdicts = [button("AI_GEN"), button("NOT_AI")];
    const ask = hasKeys(form) ? `press ${verdicts.map(cap).join(" or ")}` : "choose AI_GEN or not AI";
    return [`AI_GEN is not judged yet: ${ask}, then ${next(form)}.`, document.getElementById("verdict")];
  }
  const evidence = form.querySelector(".evidence");
  const reasons = [...evidence.querySelectorAll(".label-button")];
  if (!isPressed("AI_GEN")) return null;
  if (!reasons.some((each) => isPressed(each.value))) {
    const ask = hasKeys(form) ? `Press one of ${reasons.map(cap).join(" ")}` : "Choose a reason";
    return [`How do you know? ${ask}, then ${next(form)}.`, evidence];
  }
  if (!unshown().length) return null;
  const keys = hasKeys(form) && turnKeys().length ? ` (${turnKeys().join(", ")})` : "";
  return [`Nothing shows ${unshown().join(", ")} yet: let a reason show it${keys}, or take it off.`, form.querySelector(".ties")];
}
