// The stylesheet's colours for a canvas, which knows no custom properties and no light-dark().

const probe = document.createElement("i");
probe.hidden = true;

export function ink(colour) {
  if (!probe.isConnected) document.body.append(probe);
  probe.style.color = colour.startsWith("--") ? `var(${colour})` : colour;
  return getComputedStyle(probe).color;
}

// Diagonal stripes of `colour` on `ground`: what is hatched can be told apart without colour.
export function stripes(colour, ground) {
  const tile = document.createElement("canvas");
  const side = (tile.width = tile.height = 8);
  const context = tile.getContext("2d");
  context.fillStyle = ground;
  context.fillRect(0, 0, side, side);
  context.strokeStyle = colour;
  context.lineWidth = 2;
  context.beginPath();
  for (const from of [-side, 0, side]) {
    context.moveTo(from, side);
    context.lineTo(from + side, 0);
  }
  context.stroke();
  return context.createPattern(tile, "repeat");
}

export function onThemeChange(draw) {
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  const watcher = new MutationObserver(draw);
  watcher.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
}
