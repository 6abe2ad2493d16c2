// Tell the server how many pixels the clip has, so that it picks the encoding that suits: never a larger one.

const YEAR = 365 * 24 * 3600;

function measure() {
  const picture = document.querySelector(".picture");
  if (!picture) return;
  const pixels = (length) => Math.round(length * devicePixelRatio);
  const size = `${pixels(picture.clientWidth)}x${pixels(picture.clientHeight)}`;
  document.cookie = `stage=${size}; path=/; max-age=${YEAR}; samesite=lax`;
}

measure();
addEventListener("resize", measure);
