// Show a sensitive clip when asked to.

document.addEventListener("click", (event) => {
  const asked = event.target.closest("[data-reveal]");
  if (!asked) return;
  event.preventDefault();
  delete asked.closest(".picture").dataset.hidden;
});
