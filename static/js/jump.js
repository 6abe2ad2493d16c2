// Go to a moment of the clip: a bar of the scores, a click between bars, the time of a piece of evidence.

const clip = document.getElementById("clip");
const playheads = document.querySelectorAll("[data-now]");

function seek(seconds) {
  clip.currentTime = Math.min(Math.max(seconds, 0), clip.duration || seconds);
}

function follow() {
  for (const line of playheads) {
    line.setAttribute("x1", clip.currentTime);
    line.setAttribute("x2", clip.currentTime);
  }
  if (!clip.paused) requestAnimationFrame(follow);
}

document.addEventListener("click", (event) => {
  const marked = event.target.closest("[data-start]");
  const timeline = event.target.closest("[data-timeline]");
  if (!clip || !(marked || timeline)) return;
  if (marked) {
    seek(Number(marked.dataset.start));
    return;
  }
  const box = timeline.getBoundingClientRect();
  seek(((event.clientX - box.left) / box.width) * Number(timeline.dataset.timeline));
});

for (const kind of ["play", "seeked", "timeupdate"]) clip?.addEventListener(kind, follow);
