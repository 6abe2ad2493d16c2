// The clip's own controls: in place of the browser's, which a browser without scripts keeps.

const SPEED = "cakelens.speed";
const part = (name) => document.querySelector(`.transport [data-${name}]`);
const clip = () => document.querySelector(".stage .clip");

export function seek(seconds) {
  const video = clip();
  if (!video) return;
  video.currentTime = Math.min(Math.max(seconds, 0), video.duration || seconds);
  draw();
}

// Take over the clip that is on the stage now; it may have loaded behind the last one.
export function attach() {
  const video = clip();
  const transport = document.querySelector(".transport");
  if (!video || !transport?.hidden) return;
  video.controls = false;
  transport.hidden = false;
  video.removeAttribute("data-claim");
  video.loop = true;
  video.muted = true;
  video.playbackRate = Number(localStorage.getItem(SPEED) ?? 1);
  part("speed").value = String(video.playbackRate);
  for (const kind of ["play", "pause", "timeupdate", "loadedmetadata", "seeked"]) video.addEventListener(kind, draw);
  play(video);
  requestAnimationFrame(follow);
}

function play(video) {
  video.play().catch(() => draw()); // refused, or replaced while it loaded: the button still says what is
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
  const [at, paused, speed] = [video.currentTime, video.paused, video.playbackRate];
  video.src = url;
  video.addEventListener(
    "loadedmetadata",
    () => {
      video.currentTime = at;
      video.playbackRate = speed;
      if (!paused) play(video);
    },
    { once: true },
  );
}

const clicks = {
  play: (video) => (video.paused ? (play(video), requestAnimationFrame(follow)) : video.pause()),
  step: (_, button) => step(Number(button.dataset.step)),
  loop: (video, button) => button.setAttribute("aria-pressed", String((video.loop = !video.loop))),
  sound: (video, button) => button.setAttribute("aria-pressed", String(!(video.muted = !video.muted))),
};

document.addEventListener("click", (event) => {
  const button = event.target.closest(".transport button");
  const name = Object.keys(clicks).find((each) => button && each in button.dataset);
  if (name) clicks[name](clip(), button);
});

document.addEventListener("input", (event) => {
  if (event.target.matches("[data-seek]")) seek(Number(event.target.value));
});

document.addEventListener("change", (event) => {
  if (event.target.matches("[data-variants]")) changeVariant(event.target.value);
  if (!event.target.matches("[data-speed]")) return;
  clip().playbackRate = Number(event.target.value);
  localStorage.setItem(SPEED, event.target.value);
});

const keys = {
  arrowup: () => choose(part("speed"), 1),
  arrowdown: () => choose(part("speed"), -1),
  ".": () => choose(part("variants"), -1), // the list begins with the largest
  ",": () => choose(part("variants"), 1),
};
for (const [key, act] of Object.entries(keys)) {
  document.addEventListener(`key:${key}`, (event) => {
    if (!part("speed")) return;
    event.preventDefault();
    act();
  });
}
