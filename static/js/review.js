// Reviewing by keyboard: the keys printed on the choices, and the space bar for the clip.

import "./keys.js";

document.addEventListener("key:space", (event) => {
  const clip = document.getElementById("clip");
  if (!clip) return;
  event.preventDefault();
  clip.paused ? clip.play() : clip.pause();
});
