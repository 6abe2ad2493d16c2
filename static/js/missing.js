// What an answer lacks, and in which question: without AI_GEN it is none, and a yes needs a reason, a generator too.

import { cap, isPressed } from "./answer.js";
import { turnKeys, unshown } from "./ties.js";

export function missing() {
  const form = document.getElementById("answer");
  const button = (name) => form.querySelector(`.label-button[value="${name}"]`);
  const enter = cap(form.querySelector("[data-next]"));
  if (!isPressed("AI_GEN") && !isPressed("NOT_AI")) {
    const problem = `AI_GEN is not judged yet: press ${cap(button("AI_GEN"))} or ${cap(button("NOT_AI"))}, then ${enter}.`;
    return [problem, document.getElementById("verdict")];
  }
  const evidence = form.querySelector(".evidence");
  const reasons = [...evidence.querySelectorAll(".label-button")];
  if (!isPressed("AI_GEN")) return null;
  if (!reasons.some((each) => isPressed(each.value))) {
    return [`How do you know? Press one of ${reasons.map(cap).join(" ")}, then ${enter}.`, evidence];
  }
  if (!unshown().length) return null;
  const keys = turnKeys().length ? ` (${turnKeys().join(", ")})` : "";
  return [`Nothing shows ${unshown().join(", ")} yet: let a reason show it${keys}, or take it off.`, form.querySelector(".ties")];
}
