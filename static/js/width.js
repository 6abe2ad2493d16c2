// How much of the window the clip has: three widths, kept.

import { set, setting } from "./settings.js";

const WIDTHS = ["narrow", "usual", "wide"];

function apply() {
  document.querySelector("main").dataset.width = setting("width", "usual");
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-widen]");
  if (!button) return;
  const place = WIDTHS.indexOf(setting("width", "usual")) + Number(button.dataset.widen);
  set("width", WIDTHS[Math.min(Math.max(place, 0), WIDTHS.length - 1)]);
  apply();
  dispatchEvent(new Event("resize")); // the encoding that suits may be another one
});

apply();
