// A line above the clip, one for each thing there is to say. It goes when the next clip comes.

const notice = document.getElementById("notice");

export function say(about, words) {
  const line = document.createElement("p");
  line.className = "message";
  line.dataset.tone = "warn";
  line.dataset.about = about;
  line.textContent = words;
  silence(about);
  notice.append(line);
}

export function silence(about) {
  notice.querySelector(`[data-about="${about}"]`)?.remove();
}

document.addEventListener("clip:shown", () => {
  for (const line of notice.querySelectorAll("[data-about]")) line.remove();
});
