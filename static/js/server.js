// Speak with the server as the person this page was drawn for.

import { cookie } from "./csrf.js";

const PATIENCE = 20_000;
const main = document.querySelector("main[data-user]");

function headers(more = {}) {
  return { "X-Labeler": main.dataset.user, "X-CSRFToken": cookie(), ...more };
}

// Throws where there is no connection; every reply of the server, a refusal too, is returned.
export async function send(url, { fields = [], key = "" } = {}) {
  const reply = await fetch(url, {
    method: "POST",
    body: new URLSearchParams(fields),
    headers: headers(key ? { "Idempotency-Key": key } : {}),
    signal: AbortSignal.timeout(PATIENCE),
  });
  return { status: reply.status, body: await reply.json().catch(() => ({})) };
}

// The part of the page at `url`, or null: logged out, which login.js hears, or no connection.
export async function read(url) {
  const reply = await fetch(url, { headers: headers(), signal: AbortSignal.timeout(PATIENCE) }).catch(() => null);
  if (reply?.status === 401) document.dispatchEvent(new CustomEvent("login:needed"));
  return reply?.ok ? reply.text() : null;
}

export { main };
