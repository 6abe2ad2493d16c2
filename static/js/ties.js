// What each reason shows: a line for each reason that is on, with a chip for each generator that is on. Everything, unless
// a chip or the line's key says less. labeling/aims.py says how an aim is written, and draws the same without scripts.

import { isPressed, say } from "./answer.js";

const form = () => document.getElementById("answer");
const lines = () => [...form().querySelectorAll("[data-tie]")];
const words = (text) => text.split(" ").filter(Boolean);
const aimOf = (line) => words(line.querySelector("input").value);
const onNow = () => lines().filter((line) => isPressed(line.dataset.tie));
const shows = (line, name) => !aimOf(line).length || aimOf(line).includes(name);

function generators() {
  const pressed = form().querySelectorAll('.generators .label-button[aria-pressed="true"]');
  return [...pressed].map((each) => each.value).filter((name) => name !== "UNKNOWN");
}

// The generators that no reason shows, once there is a reason.
export const unshown = () => generators().filter((name) => !onNow().some((line) => shows(line, name)));

export const turnKeys = () => [...form().querySelectorAll("[data-turn]:enabled .cap")].map((each) => each.textContent);

function aim(line, names) {
  const isAll = generators().every((name) => names.includes(name));
  line.querySelector("input").value = isAll ? "" : ["AI_GEN", ...names].join(" ");
}

// From everything to none of the generators, to each of several alone, and round again.
function turn(line) {
  const all = generators();
  const aims = [all, [], ...(all.length > 1 ? all.map((name) => [name]) : [])];
  const now = all.filter((name) => shows(line, name)).join(" ");
  aim(line, aims[(aims.findIndex((each) => each.join(" ") === now) + 1) % aims.length]);
}

function toggle(line, name) {
  const isShown = (each) => (each === name ? !shows(line, each) : shows(line, each));
  aim(line, generators().filter(isShown));
}

function draw() {
  if (!form()) return;
  for (const line of lines()) drawLine(line);
  form().querySelector(".ties").hidden = lines().every((line) => line.hidden);
  for (const proof of form().querySelectorAll("[data-proof]")) drawProof(proof);
}

function drawLine(line) {
  const isOn = isPressed(line.dataset.tie);
  if (!isOn) line.querySelector("input").value = ""; // pressed again, it shows everything again
  line.hidden = !isOn || !generators().length;
  line.querySelector("[data-turn]").disabled = line.hidden;
  const chips = () => [...line.querySelectorAll("[data-chip]")];
  const names = generators();
  if (chips().map((chip) => chip.dataset.chip).join() !== names.join()) {
    for (const chip of chips()) chip.remove(); // only now: the one in focus would lose it
    line.querySelector("[data-chips]").append(...names.map((name) => drawnChip(line, name)));
  }
  for (const chip of chips()) chip.setAttribute("aria-pressed", String(shows(line, chip.dataset.chip)));
}

function drawnChip(line, name) {
  const chip = document.getElementById("chip").content.firstElementChild.cloneNode(true);
  chip.dataset.chip = name;
  chip.setAttribute("aria-label", `${line.dataset.word} shows ${name}`);
  chip.value = `${line.dataset.tie} ${name}`;
  chip.querySelector("[data-word]").textContent = name;
  return chip;
}

// In a claim's outline: the keys of the reasons that show it, or that none does.
function drawProof(proof) {
  const { value } = proof.closest(".label-button");
  const showing = onNow().filter((line) => value === "AI_GEN" || shows(line, value));
  const caps = showing.map((line) => line.dataset.cap).join(" ");
  proof.textContent = isPressed(value) && onNow().length ? caps || "?" : "";
  proof.toggleAttribute("data-none", !caps);
}

document.addEventListener("click", (event) => {
  const pressed = event.target.closest("[data-chip], [data-turn]");
  if (!pressed) return;
  event.preventDefault();
  const line = pressed.closest("[data-tie]");
  if (pressed.matches("[data-turn]")) turn(line);
  else toggle(line, pressed.dataset.chip);
  say("");
  document.dispatchEvent(new CustomEvent("answer:change"));
});

for (const kind of ["answer:change", "answer:restored", "clip:shown"]) document.addEventListener(kind, draw);
draw();
