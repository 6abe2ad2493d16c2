// Count the seconds a clip is looked at. A pause of more than a minute without key or pointer does not count.

const IDLE = 60_000;
const shown = () => document.getElementById("screen")?.dataset.claim;
let claim = shown();
let counted = 0;
let last = performance.now();

function tick() {
  const now = performance.now();
  if (!document.hidden) counted += Math.min(now - last, IDLE);
  last = now;
}

for (const kind of ["keydown", "pointerdown", "pointermove", "visibilitychange"]) {
  document.addEventListener(kind, tick, { passive: true, capture: true });
}

document.addEventListener("htmx:configRequest", (event) => {
  tick();
  if (event.detail.elt.id === "answer") event.detail.parameters.seconds = (counted / 1000).toFixed(1);
});
document.addEventListener("htmx:afterSettle", () => {
  if (shown() === claim) return;
  claim = shown();
  counted = 0;
  last = performance.now();
});
