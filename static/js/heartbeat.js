// Keep the claims of this screen while somebody is at it. A tab left alone gives its clips back by itself.

import { claims } from "./outbox.js";
import { behind, onStage } from "./reel.js";
import { send } from "./server.js";

const EVERY = 60_000;
const STILL_THERE = 10 * 60_000;
let lastActive = Date.now();

for (const kind of ["keydown", "pointerdown", "pointermove"]) {
  document.addEventListener(kind, () => (lastActive = Date.now()), { passive: true });
}

const isLeftAlone = () => Date.now() - lastActive > STILL_THERE;

async function beat() {
  const form = document.getElementById("answer");
  if (!form || isLeftAlone()) return;
  for (const claim of new Set([onStage(), ...behind(), ...claims()])) {
    const reply = await send(form.dataset.beat.replace(form.dataset.claim, claim)).catch(() => null);
    if (reply?.status === 401) document.dispatchEvent(new CustomEvent("login:needed"));
    if (reply?.status !== 409 || claim !== onStage()) continue;
    // Said now, and not only when the answer is sent: who looks at it can hurry, or go on.
    document.dispatchEvent(new CustomEvent("claim:lost", { detail: reply.body }));
  }
}

setInterval(beat, EVERY);

document.addEventListener("reel:look", (event) => {
  if (document.hidden || isLeftAlone()) event.preventDefault();
});
