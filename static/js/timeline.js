// Jump to where a score is: a click on a bar goes to where its frames begin, a click beside one to that moment.

import { seek } from "./player.js";

document.addEventListener("click", (event) => {
  const peak = event.target.closest("[data-peak]");
  if (peak) return seek(Number(peak.dataset.peak));
  const timeline = event.target.closest("[data-timeline]");
  if (!timeline) return undefined;
  const box = timeline.getBoundingClientRect();
  const clicked = ((event.clientX - box.left) / box.width) * Number(timeline.dataset.timeline);
  return seek(Number(event.target.dataset.start ?? clicked));
});
