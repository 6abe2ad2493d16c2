// Clips that load out of sight, their first frame decoded, until the reel puts one on the stage.

const wings = document.getElementById("wings");
const ready = (claim) => wings.querySelector(`[data-claim="${claim}"]`);

export function load(template) {
  const drawn = template.content.querySelector(".clip");
  const { claim } = template.dataset;
  if (!drawn || ready(claim)) return;
  const clip = document.importNode(drawn, true);
  clip.dataset.claim = claim;
  wings.append(clip);
}

// Put the loaded clip where `place` is. moveBefore keeps what is decoded; where it is missing the clip only flickers.
export function onto(place, claim, drawn) {
  const clip = ready(claim) ?? drawn;
  delete clip.dataset.claim;
  if (clip.isConnected && place.parentNode.moveBefore) place.parentNode.moveBefore(clip, place);
  else place.before(clip);
  place.remove();
}

// Let go of a clip's file and decoder now: browsers allow few at once.
export function release(clip) {
  if (!clip) return;
  clip.remove();
  clip.removeAttribute("src");
  clip.load();
}

export const forget = (claim) => release(ready(claim));
