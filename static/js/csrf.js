// Send the token of now, not of when the page was drawn: logging in again in another tab changes it.

const cookie = () => document.cookie.match(/(?:^|; )csrftoken=([^;]+)/)?.[1] ?? "";

document.addEventListener("htmx:configRequest", (event) => {
  if (event.detail.verb === "get" || !cookie()) return;
  event.detail.headers["X-CSRFToken"] = cookie();
  event.detail.parameters.csrfmiddlewaretoken = cookie();
});

export { cookie };
