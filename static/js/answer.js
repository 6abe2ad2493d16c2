// Press labels without asking the server. What a press does to the other buttons stands in their attributes
// (labeling/controls.py writes them); a pressed button's hidden input speaks for it in the form.

import { isOther, quote } from "./quote.js";

const form = () => document.getElementById("answer");
const buttons = () => [...form().querySelectorAll(".label-button")];
const button = (name) => form().querySelector(`.label-button[value="${name}"]`);
const isOn = (each) => each.getAttribute("aria-pressed") === "true";
const words = (text) => text.split(" ").filter(Boolean);
export const cap = (each) => each.querySelector(".cap").textContent;

export const isPressed = (name) => isOn(button(name));
export const onNow = () => buttons().filter(isOn).map((each) => each.querySelector(".word").textContent);

function turn(each, on) {
  each.setAttribute("aria-pressed", String(on));
  each.nextElementSibling.disabled = !on;
}

// Press exactly these, and nothing that follows from them: they were pressed before.
export function turnOnly(names) {
  for (const each of buttons()) turn(each, names.includes(each.value));
}

function press(each) {
  if (each.value === "author" && isOther()) quote(); // pressed once more, it goes by the words selected now
  else if (isOn(each)) {
    if (!("stays" in each.dataset)) turn(each, false);
    return;
  }
  for (const name of words(each.dataset.clears)) turn(button(name), false);
  for (const name of [each.value, ...words(each.dataset.sets)]) turn(button(name), true);
  if (each.closest(".evidence")) remember(each.value);
}

// Evidence keeps where in the clip it was seen.
function remember(kind) {
  const clip = document.querySelector(".stage .clip");
  form().querySelector(`[data-at="${kind}"]`).value = clip ? clip.currentTime.toFixed(2) : "";
}

// Say what is in the way, in the question that it is about, where it is seen.
export function say(problem, question = null) {
  const line = document.getElementById("problem");
  const place = question ?? document.getElementById("verdict");
  if (line.parentElement !== place) place.append(line);
  line.textContent = problem;
  for (const each of form().querySelectorAll("[data-refused]")) delete each.dataset.refused;
  if (!question) return;
  question.offsetWidth; // the pulse starts anew
  question.dataset.refused = "";
  question.scrollIntoView({ block: "nearest", behavior: "instant" }); // no motion of more than 120 ms
}

document.addEventListener("click", (event) => {
  const pressed = event.target.closest(".label-button, [data-take]");
  if (!pressed) return;
  event.preventDefault();
  if (pressed.matches("[data-take]")) {
    for (const ghost of form().querySelectorAll("[data-ghost]")) if (!isOn(ghost)) press(ghost);
  } else {
    press(pressed);
  }
  say("");
  document.dispatchEvent(new CustomEvent("answer:change"));
});
