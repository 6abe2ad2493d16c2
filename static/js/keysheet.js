// The page of a person's keys: in a field, the next key pressed is the one that is written there.

import { named } from "./keys.js";

const sheet = document.getElementById("key-sheet");
const LEAVES = new Set(["tab", "shift", "control", "alt", "meta", "escape"]);
const CAPS = JSON.parse(document.getElementById("caps").textContent);
const capital = (key) => (key.toUpperCase().toLowerCase() === key ? key.toUpperCase() : key);
const back = sheet.querySelector("[data-defaults]");

sheet.addEventListener("keydown", (event) => {
  const field = event.target.closest("[data-default]");
  const key = named(event);
  if (!field || LEAVES.has(key) || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  field.value = CAPS[key] ?? capital(key);
  field.select();
});

back.hidden = false;
back.addEventListener("click", () => {
  for (const field of sheet.querySelectorAll("[data-default]")) field.value = field.dataset.default;
});
