// Speak with the server as the person this page was drawn for.

import { cookie } from "./csrf.js";

const PATIENCE = 20_000;
const BAD_GATEWAY = 502;
const main = document.querySelector("main[data-user]");

function headers(more = {}) {
  return { "X-Labeler": main.dataset.user, "X-CSRFToken": cookie(), ...more };
}

// Throws where there is no connection; every reply of the server, a refusal too, is returned. One that should hold what
// this address `gives` and does not, or leads elsewhere, is of somebody in between (the login page of a café's network):
// then nothing is done, as if the server had failed.
export async function send(url, { fields = [], key = "", gives = "" } = {}) {
  const reply = await fetch(url, {
    method: "POST",
    body: new URLSearchParams(fields),
    headers: headers(key ? { "Idempotency-Key": key } : {}),
    redirect: "manual", // the status is 0 then
    signal: AbortSignal.timeout(PATIENCE),
  });
  const body = (await reply.json().catch(() => null)) ?? {};
  const isOurs = reply.status >= 400 || !gives || body[gives];
  return { status: isOurs ? reply.status : BAD_GATEWAY, body };
}

// The part of the page at `url`, or null: logged out, which login.js hears, or no connection.
export async function read(url) {
  const reply = await fetch(url, { headers: headers(), signal: AbortSignal.timeout(PATIENCE) }).catch(() => null);
  if (reply?.status === 401) document.dispatchEvent(new CustomEvent("login:needed"));
  return reply?.ok ? reply.text() : null;
}

export { main };
