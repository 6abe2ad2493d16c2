// Log in again without leaving the clip: a session that ended takes nothing along.

import { cookie } from "./csrf.js";

const dialog = document.getElementById("log-in-again");
const form = dialog.querySelector("form");

async function logIn() {
  await fetch(form.action); // brings the token that a form needs, if the browser has none left
  const fields = new URLSearchParams(new FormData(form));
  const reply = await fetch(form.action, { method: "POST", body: fields, headers: { "X-CSRFToken": cookie() } });
  if (reply.ok && reply.redirected) return "";
  const page = new DOMParser().parseFromString(await reply.text(), "text/html");
  return page.querySelector("[role=alert]")?.textContent.trim() || `The server said ${reply.status}. Try again.`;
}

document.addEventListener("login:needed", () => dialog.open || dialog.showModal());

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const problem = await logIn().catch(() => "No connection. Try again when the network is back.");
  form.querySelector("[data-problem]").textContent = problem;
  form.elements.password.value = "";
  if (problem) return form.elements.password.focus();
  dialog.close();
  document.dispatchEvent(new CustomEvent("login:done"));
  return undefined;
});
