// The clip on the stage, and those behind it. They lie in templates, whole, so that Enter waits for no network.

import { claims, waiting } from "./outbox.js";
import { main, read } from "./server.js";
import { forget, load, onto, release } from "./wings.js";

const LOOK_AGAIN = 15_000;
const screen = document.getElementById("screen");
const reel = document.getElementById("reel");
let asking = null;
let timer = 0;
let anew = []; // claims asked for though they are here: to go back behind the stage, or to be answered once more

export const onStage = () => screen.dataset.claim ?? "";
export const behind = () => [...reel.children].map((template) => template.dataset.claim);
const behindOf = (claim) => [...reel.children].find((template) => template.dataset.claim === claim);

// Show the next clip that is not answered yet, and ask for more.
export function advance() {
  const answered = claims();
  const next = [...reel.children].find((template) => !answered.has(template.dataset.claim));
  if (next) show(next);
  else showNothing(document.getElementById("all-kept"));
  refill();
}

// Take away what one answer for all copies of a footage has answered too.
export function leaveOut(footage) {
  for (const template of reel.querySelectorAll(`[data-footage="${footage}"]`)) drop(template);
}

// Bring the clip of `claim` onto the stage, and tell whether it could be had; the one there goes back behind it.
export async function bring(claim) {
  await asking;
  const left = onStage();
  anew = [left, claim];
  await refill();
  anew = [];
  const template = behindOf(claim);
  if (template) show(template);
  else if (behindOf(left)) drop(behindOf(left)); // it stays on the stage, or is answered by now
  if (!onStage()) advance();
  return Boolean(template);
}

function show(template) {
  const { claim } = template.dataset;
  const focused = document.activeElement?.id;
  const content = template.content;
  const place = document.createComment("clip");
  const drawn = content.querySelector(".clip");
  drawn?.replaceWith(place);
  clear();
  screen.dataset.claim = claim;
  screen.prepend(content);
  if (drawn) onto(place, claim, drawn);
  template.remove();
  if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
  scrollTo(0, 0); // on a phone the first question would stay above the fold
  document.dispatchEvent(new CustomEvent("clip:shown"));
}

function showNothing(template) {
  clear();
  delete screen.dataset.claim;
  screen.prepend(template.content.cloneNode(true));
}

function clear() {
  for (const part of screen.querySelectorAll(":scope > :is(.stage, .answer, .nothing)")) {
    release(part.querySelector(".clip"));
    part.remove();
  }
}

// Get the clips that are not here yet. Asked for while it runs, it runs once more: what is held has changed since.
export function refill() {
  clearTimeout(timer);
  const asked = (asking ?? Promise.resolve()).then(fill, fill).finally(() => {
    if (asking === asked) delete reel.dataset.asking;
  });
  asking = asked;
  reel.dataset.asking = ""; // until nothing is on its way
  return asking;
}

async function fill() {
  const have = [onStage(), ...behind(), ...claims()].filter((claim) => claim && !anew.includes(claim)).join(" ");
  const html = await read(`${main.dataset.ahead}?have=${encodeURIComponent(have)}`);
  if (html !== null) take(html);
  if (!onStage()) timer = setTimeout(lookAgain, LOOK_AGAIN);
}

function take(html) {
  const parts = document.createElement("template");
  parts.innerHTML = html;
  const list = parts.content.querySelector("[data-held]");
  if (!list) return; // a page of somebody in between, as in server.js
  const held = list.dataset.held.split(" ");
  for (const template of [...reel.children]) if (!held.includes(template.dataset.claim)) drop(template);
  for (const template of [...list.children]) add(template);
  const place = (template) => held.indexOf(template.dataset.claim);
  reel.append(...[...reel.children].sort((a, b) => place(a) - place(b)));
  for (const part of parts.content.querySelectorAll("[data-part]")) draw(part);
  if (onStage() || !screen.querySelector(".nothing")) return;
  const next = [...reel.children].find((template) => !claims().has(template.dataset.claim));
  if (next) show(next);
}

function add(template) {
  if (behind().includes(template.dataset.claim)) return;
  reel.append(template);
  load(template);
}

function drop(template) {
  forget(template.dataset.claim);
  template.remove();
}

function draw(part) {
  const { part: name } = part.dataset;
  if (name === "facts") document.getElementById("facts").replaceChildren(part.content);
  if (name === "undo") document.querySelector("#undo ol").replaceWith(part.content.querySelector("ol"));
  if (name === "nothing" && !onStage() && !waiting().length) showNothing(part);
}

// An empty screen that nobody looks at does not take the next clip away from those who wait for one.
function lookAgain() {
  if (onStage()) return;
  const isWatched = document.dispatchEvent(new CustomEvent("reel:look", { cancelable: true }));
  if (isWatched) refill();
  else timer = setTimeout(lookAgain, LOOK_AGAIN);
}

for (const template of reel.children) load(template);
document.addEventListener("outbox:saved", refill);
document.addEventListener("login:done", refill);
