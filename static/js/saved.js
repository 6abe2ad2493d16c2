// Say whether the answers are saved. Only the server's reply makes it so.

import { isFragile, stuck, waiting } from "./outbox.js";
import { state } from "./sender.js";

const TROUBLES = { offline: "no connection", failing: "the server fails", "logged out": "logged out" };
const answers = (number) => `${number} answer${number === 1 ? "" : "s"}`;

function words() {
  const { trouble } = state();
  const [number, aside] = [waiting().length, stuck().length];
  if (number && trouble) return ["warn", `${TROUBLES[trouble]}: ${answers(number)} kept here`];
  if (number) return ["busy", number > 1 ? `saving ${answers(number)}…` : "saving…"];
  if (aside) return ["wrong", `${answers(aside)} not saved`];
  return ["yes", "saved"];
}

function say() {
  const saved = document.getElementById("saved");
  const [tone, text] = words();
  saved.dataset.tone = tone;
  saved.textContent = isFragile() ? `${text}, in this window only` : text;
}

for (const kind of ["outbox:change", "sender:change"]) document.addEventListener(kind, say);
say();

// A window that alone holds answers is not closed by mistake.
addEventListener("beforeunload", (event) => {
  if (isFragile()) event.preventDefault();
});
