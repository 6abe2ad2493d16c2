// Ticking videos in the grid: how many are ticked, and with shift all from the last one to this.

const form = document.getElementById("tick-form");
const boxes = () => [...form.querySelectorAll("[name=video]")];
const said = form.querySelector("[data-ticked]");
let last = null;

function tell() {
  const number = boxes().filter((box) => box.checked).length;
  said.textContent = number ? `${number.toLocaleString(document.documentElement.dataset.numbers)} ticked` : "";
}

form.addEventListener("click", (event) => {
  const box = event.target.closest("[name=video]");
  if (!box) return;
  const all = boxes();
  if (event.shiftKey && last && last !== box) {
    const [from, to] = [all.indexOf(last), all.indexOf(box)].sort((a, b) => a - b);
    for (const each of all.slice(from, to + 1)) each.checked = box.checked;
  }
  last = box;
  tell();
});

addEventListener("pageshow", tell); // after the way back the ticks are still there
