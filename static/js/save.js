// Say whether the answer is saved. Only the server's reply makes it so: what it sends back carries "saved".

function say(tone, words) {
  const saved = document.getElementById("saved");
  saved.dataset.tone = tone;
  saved.textContent = words;
}

const isAnswer = (event) => ["answer", "undo"].includes(event.target.id);

document.addEventListener("htmx:beforeRequest", (event) => {
  if (isAnswer(event)) say("busy", "saving…");
});
document.addEventListener("htmx:sendError", (event) => {
  if (isAnswer(event)) say("wrong", "not saved: no connection. Press Enter again.");
});
document.addEventListener("htmx:responseError", (event) => {
  if (isAnswer(event)) say("wrong", event.detail.xhr.status < 500 ? "not saved" : "not saved: the server failed. Press Enter again.");
});
document.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target.id === "screen") document.getElementById("notice").replaceChildren();
});
