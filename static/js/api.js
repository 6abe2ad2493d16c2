// /api/docs: Swagger UI gives the field of a request's body no name.

const page = document.getElementById("swagger-ui");

new MutationObserver(() => {
  for (const field of page.querySelectorAll("textarea:not([aria-label])")) field.ariaLabel = "Request body";
}).observe(page, { childList: true, subtree: true });
