// The clip's own controls: in place of the browser's, which a browser without scripts keeps.

import { set, setting } from "./settings.js";

const part = (name) => document.querySelector(`.transport [data-${name}]`);
export const clip = () => document.querySelector(".stage .clip");

export function seek(seconds) {
  const video = clip();
  if (!video) return;
  video.currentTime = Math.min(Math.max(seconds, 0), video.duration || seconds);
  draw();
}

// Take over the clip that is on the stage now; it may have loaded behind the last one.
function attach() {
  const video = clip();
  const transport = document.querySelector(".transport");
  if (!video || !transport?.hidden) return;
  video.controls = false;
  transport.hidden = false;
  video.loop = setting("loop", true);
  video.muted = setting("muted", true);
  video.volume = setting("volume", 1);
  for (const kind of ["play", "pause", "timeupdate", "loadedmetadata", "seeked", "volumechange"]) video.addEventListener(kind, draw);
  chooseSize();
  rate(setting("speed", 1));
  play(video);
  requestAnimationFrame(follow);
}

// Refused with sound where nobody has pressed anything yet; refused at all, the button still says what is.
function play(video) {
  video.play().catch((error) => {
    if (error.name !== "NotAllowedError" || video.muted) return draw();
    video.muted = true;
    return play(video);
  });
}

function rate(speed) {
  clip().defaultPlaybackRate = speed; // another encoding begins with it
  clip().playbackRate = speed;
  part("speed").value = String(speed);
}

// timeupdate comes four times a second, too coarse for a playhead.
function follow() {
  const video = clip();
  if (!video) return;
  draw();
  if (!video.paused) requestAnimationFrame(follow);
}

function draw() {
  const video = clip();
  if (!video || !part("seek")) return;
  const range = part("seek");
  if (video.duration) range.max = video.duration;
  range.value = video.currentTime;
  range.style.setProperty("--played", `${(100 * video.currentTime) / (video.duration || 1)}%`);
  range.setAttribute("aria-valuetext", `${video.currentTime.toFixed(1)} of ${(video.duration || 0).toFixed(1)} seconds`);
  part("clock").textContent = clockOf(video.currentTime);
  part("play").toggleAttribute("data-playing", !video.paused);
  part("play").setAttribute("aria-label", video.paused ? "Play" : "Pause");
  part("loop").setAttribute("aria-pressed", String(video.loop));
  part("sound").setAttribute("aria-pressed", String(!video.muted));
  part("volume").value = video.volume;
  part("now")?.setAttribute("x1", video.currentTime);
  part("now")?.setAttribute("x2", video.currentTime);
}

function clockOf(seconds) {
  const tenths = Math.round(seconds * 10);
  const rest = ((tenths % 600) / 10).toFixed(1);
  return `${String(Math.floor(tenths / 600)).padStart(2, "0")}:${rest.padStart(4, "0")}`;
}

function step(frames) {
  const video = clip();
  video.pause();
  seek(video.currentTime + frames / fps());
}

const fps = () => Number(part("variants").selectedOptions[0]?.dataset.fps) || 25;

function choose(list, by) {
  const index = list.selectedIndex + by;
  if (index < 0 || index >= list.options.length) return;
  list.selectedIndex = index;
  list.dispatchEvent(new Event("change", { bubbles: true }));
}

function changeVariant(url) {
  const video = clip();
  const [at, paused] = [video.currentTime, video.paused];
  video.src = url;
  video.addEventListener(
    "loadedmetadata",
    () => {
      video.currentTime = at;
      if (!paused) play(video);
    },
    { once: true },
  );
}

// The server picks what suits the window; who chose a size by hand gets the nearest one, for this and every clip.
function chooseSize() {
  const side = setting("side", null);
  const list = part("variants");
  if (side === null || !list.options.length) return;
  const distance = (option) => Math.abs(Number(option.dataset.side) - side);
  const nearest = [...list.options].reduce((best, each) => (distance(each) < distance(best) ? each : best));
  if (nearest.selected) return;
  nearest.selected = true;
  changeVariant(nearest.value);
}

const clicks = {
  play: (video) => (video.paused ? (play(video), requestAnimationFrame(follow)) : video.pause()),
  step: (_, button) => step(Number(button.dataset.step)),
  loop: (video) => set("loop", (video.loop = !video.loop)),
  sound: (video) => set("muted", (video.muted = !video.muted)),
  choose: (_, button) => choose(part(button.dataset.choose), Number(button.dataset.by)),
};

document.addEventListener("click", (event) => {
  const button = event.target.closest(".transport button");
  const name = Object.keys(clicks).find((each) => button && each in button.dataset);
  if (!name || !clip()) return;
  clicks[name](clip(), button);
  draw();
});

document.addEventListener("input", (event) => {
  if (event.target.matches("[data-seek]")) seek(Number(event.target.value));
  if (event.target.matches("[data-volume]")) set("volume", (clip().volume = Number(event.target.value)));
});

document.addEventListener("change", (event) => {
  const { target } = event;
  if (target.matches("[data-variants]")) {
    set("side", Number(target.selectedOptions[0].dataset.side));
    changeVariant(target.value);
  }
  if (target.matches("[data-speed]")) {
    rate(Number(target.value));
    set("speed", Number(target.value));
  }
});

document.addEventListener("clip:shown", attach);
attach();
