// Count the seconds a clip is looked at. A pause of more than a minute without key or pointer does not count.

const IDLE = 60_000;
let counted = 0;
let last = performance.now();
let wasHidden = document.hidden;

// `visibilitychange` comes after the change: the time until now belongs to what held until now.
function tick() {
  const now = performance.now();
  if (!wasHidden) counted += Math.min(now - last, IDLE);
  last = now;
  wasHidden = document.hidden;
}

export function count() {
  tick();
  return counted / 1000;
}

export function goOnFrom(seconds) {
  tick();
  counted = seconds * 1000;
}

for (const kind of ["keydown", "pointerdown", "pointermove", "visibilitychange"]) {
  document.addEventListener(kind, tick, { passive: true, capture: true });
}
document.addEventListener("clip:shown", () => goOnFrom(0));
