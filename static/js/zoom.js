// Look closer: a box drawn over the clip fills the stage, a key doubles, another shows the whole picture again.
// With shift, the arrows move what is seen.

import { clip } from "./player.js";

const CLOSEST = 8;
const SMALLEST_BOX = 12; // pixels; a shorter drag is a click
const STEP = 0.25; // of what is seen
let view = { scale: 1, x: 0.5, y: 0.5 }; // how large, and which point of the picture is in the middle
let box = null;

const within = (value, least, most) => Math.min(Math.max(value, least), most);
const stageOf = (element) => element.closest?.(".picture:not([data-hidden])");

function look(scale, x, y) {
  const half = 0.5 / scale;
  view = { scale, x: within(x, half, 1 - half), y: within(y, half, 1 - half) };
  const shift = (at) => `${(0.5 - at) * scale * 100}%`;
  if (!clip()) return;
  clip().style.transform = scale === 1 ? "" : `translate(${shift(view.x)}, ${shift(view.y)}) scale(${scale})`;
  document.querySelector("[data-whole]").disabled = scale === 1;
}

// Where a point of the window lies in the picture that is drawn, as shares of its sides.
function pointAt(picture, event) {
  const { left, top, width, height } = picture.getBoundingClientRect();
  const share = (at, middle) => middle + (at - 0.5) / view.scale;
  return [share((event.clientX - left) / width, view.x), share((event.clientY - top) / height, view.y)];
}

function draw() {
  const [left, top] = [Math.min(box.from.x, box.to.x), Math.min(box.from.y, box.to.y)];
  const area = box.picture.getBoundingClientRect();
  Object.assign(box.frame.style, {
    left: `${left - area.left}px`,
    top: `${top - area.top}px`,
    width: `${Math.abs(box.to.x - box.from.x)}px`,
    height: `${Math.abs(box.to.y - box.from.y)}px`,
  });
}

document.addEventListener("pointerdown", (event) => {
  const picture = stageOf(event.target);
  if (!picture || event.button !== 0 || event.pointerType === "touch") return; // a finger scrolls
  event.preventDefault();
  const frame = document.createElement("div");
  frame.className = "zoom-box";
  const at = { x: event.clientX, y: event.clientY };
  box = { picture, frame, from: at, to: at, start: pointAt(picture, event) };
  picture.append(frame);
});

document.addEventListener("pointermove", (event) => {
  if (!box) return;
  box.to = { x: event.clientX, y: event.clientY };
  draw();
});

document.addEventListener("pointerup", (event) => {
  if (!box) return;
  const { picture, frame, from, to, start } = box;
  frame.remove();
  box = null;
  const [width, height] = [Math.abs(to.x - from.x), Math.abs(to.y - from.y)];
  if (Math.max(width, height) < SMALLEST_BOX) return;
  const area = picture.getBoundingClientRect();
  const end = pointAt(picture, event);
  const larger = Math.min(area.width / width, area.height / height);
  look(within(view.scale * larger, 1, CLOSEST), (start[0] + end[0]) / 2, (start[1] + end[1]) / 2);
});

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-zoom]")) look(Math.min(view.scale * 2, CLOSEST), view.x, view.y);
  if (event.target.closest("[data-whole]")) look(1, 0.5, 0.5);
});

for (const [key, x, y] of [["left", -1, 0], ["right", 1, 0], ["up", 0, -1], ["down", 0, 1]]) {
  document.addEventListener(`key:shift+arrow${key}`, (event) => {
    event.preventDefault();
    look(view.scale, view.x + (x * STEP) / view.scale, view.y + (y * STEP) / view.scale);
  });
}

document.addEventListener("clip:shown", () => look(1, 0.5, 0.5));
