// Keep the claims of this screen while somebody is at it. A tab left alone gives its clips back by itself.

import { cookie } from "./csrf.js";

const EVERY = 60_000;
const STILL_THERE = 10 * 60_000;
let lastActive = Date.now();

for (const kind of ["keydown", "pointerdown", "pointermove"]) {
  document.addEventListener(kind, () => (lastActive = Date.now()), { passive: true });
}

async function beat() {
  const form = document.getElementById("answer");
  if (!form || Date.now() - lastActive > STILL_THERE) return;
  const mine = form.dataset.beat;
  const ahead = document.querySelector("video[data-claim]")?.dataset.claim;
  const urls = ahead ? [mine, mine.replace(form.closest("[data-claim]").dataset.claim, ahead)] : [mine];
  for (const url of urls) {
    const headers = { "X-CSRFToken": cookie(), "HX-Request": "true" };
    const answer = await fetch(url, { method: "POST", headers }).catch(() => null);
    if (answer?.status === 409 && url === document.getElementById("answer")?.dataset.beat) {
      document.getElementById("notice").innerHTML = await answer.text();
    }
  }
}

setInterval(beat, EVERY);

// Nor does an empty screen that nobody looks at take the next clip away from those who wait for one.
document.addEventListener("htmx:beforeRequest", (event) => {
  const isLookingAgain = event.target.matches(".nothing");
  if (isLookingAgain && (document.hidden || Date.now() - lastActive > STILL_THERE)) event.preventDefault();
});
