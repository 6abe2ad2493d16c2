// Press labels without asking the server. What a press does to the other buttons stands in their attributes
// (labeling/controls.py writes them); a pressed button's hidden input speaks for it in the form.

const form = () => document.getElementById("answer");
const button = (name) => form().querySelector(`.label-button[value="${name}"]`);
const isOn = (each) => each.getAttribute("aria-pressed") === "true";

function turn(each, on) {
  each.setAttribute("aria-pressed", String(on));
  each.nextElementSibling.disabled = !on;
  if (on && each.closest(".evidence")) remember(each.value);
}

function press(each) {
  if (isOn(each)) {
    if (!("stays" in each.dataset)) turn(each, false);
    return;
  }
  for (const name of words(each.dataset.clears)) turn(button(name), false);
  for (const name of [each.value, ...words(each.dataset.sets)]) turn(button(name), true);
}

const words = (text) => text.split(" ").filter(Boolean);

// Evidence keeps where in the clip it was seen, and the words of the post that were selected.
function remember(kind) {
  const clip = document.querySelector(".stage .clip");
  form().querySelector(`[data-at="${kind}"]`).value = clip ? clip.currentTime.toFixed(2) : "";
  const selected = document.getSelection();
  const isOfPost = selected.anchorNode?.parentElement?.closest("[data-post-text]");
  if (kind === "author" && isOfPost) form().querySelector("[data-quote]").value = String(selected).slice(0, 1000);
}

function say(words, question = null) {
  document.getElementById("problem").textContent = words;
  for (const each of form().querySelectorAll("[data-refused]")) delete each.dataset.refused;
  if (!question) return;
  question.offsetWidth; // the pulse starts anew
  question.dataset.refused = "";
}

// What is missing, and in which question: an answer without AI_GEN is none, and a yes needs a reason.
function missing() {
  const isAi = isOn(button("AI_GEN"));
  if (!isAi && !isOn(button("NOT_AI"))) {
    return ["AI_GEN is not judged yet: press Y or N, then Enter.", document.getElementById("verdict")];
  }
  const evidence = form().querySelector(".evidence");
  if (!isAi || evidence.querySelector("[aria-pressed=true]")) return null;
  const keys = [...evidence.querySelectorAll("[data-key]")].map((each) => each.dataset.key.toUpperCase());
  return [`How do you know? Press one of ${keys.join(" ")}, then Enter.`, evidence];
}

document.addEventListener("click", (event) => {
  const pressed = event.target.closest(".label-button, [data-take]");
  if (!pressed) return;
  event.preventDefault();
  if (pressed.matches("[data-take]")) {
    for (const ghost of form().querySelectorAll("[data-ghost]")) if (!isOn(ghost)) press(ghost);
  } else {
    press(pressed);
  }
  say("");
});

// Before HTMX hears of it.
document.addEventListener(
  "submit",
  (event) => {
    const isAnswer = event.target === form() && !event.submitter?.hasAttribute("formaction");
    const refusal = isAnswer && missing();
    if (!refusal) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    say(...refusal);
  },
  true,
);
