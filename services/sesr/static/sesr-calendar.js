// Copies the address of a person's calendar. Without script it can be selected in its field.
(() => {
  const button = document.querySelector("[data-copy]");
  const said = document.querySelector("[data-copied]");
  if (!(button instanceof HTMLElement) || !said) return;
  button.addEventListener("click", async () => {
    const field = document.querySelector(button.dataset.copy || "");
    if (!(field instanceof HTMLInputElement)) return;
    field.select();
    try {
      await navigator.clipboard.writeText(field.value);
      said.textContent = "Copied.";
    } catch {
      said.textContent = "This browser does not copy by itself. The address is selected: press Ctrl+C, or Cmd+C on a Mac.";
    }
  });
})();
