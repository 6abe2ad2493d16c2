// What a person set on the player, for the next clip and the next day: in this browser.

const name = (setting) => `cakelens.player.${setting}`;

export function setting(of, otherwise) {
  const kept = localStorage.getItem(name(of));
  return kept === null ? otherwise : JSON.parse(kept);
}

export function set(of, value) {
  try {
    localStorage.setItem(name(of), JSON.stringify(value));
  } catch {
    // A browser that keeps nothing begins anew with each page.
  }
}
