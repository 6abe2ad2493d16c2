// Switch the theme without a reload. The cookie is what the server draws the next page from.

const YEAR = 365 * 24 * 3600;

document.getElementById("theme")?.addEventListener("submit", (event) => {
  event.preventDefault();
  const theme = event.submitter.value;
  document.documentElement.dataset.theme = theme;
  document.cookie = `theme=${theme}; path=/; max-age=${YEAR}; samesite=lax`;
  for (const button of event.currentTarget.querySelectorAll("button")) {
    button.setAttribute("aria-pressed", String(button === event.submitter));
  }
});
