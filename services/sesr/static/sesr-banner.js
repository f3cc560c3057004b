// On the pages of the other services: how many reports of this person wait on this device, with the way to where they are sent.
(() => {
  const AGAIN_MS = 5000;

  async function show() {
    /** @type {HTMLElement} */
    const place = document.querySelector("[data-strike-waiting]"); // part of the banner, which comes after the page
    if (!place) return;
    const waiting = (await sesr.store.all()).filter((item) => item.person === place.dataset.strikeWaiting).length;
    place.querySelector("[data-count]").textContent = waiting === 1 ? "1 report" : `${waiting} reports`;
    place.hidden = waiting === 0;
  }

  document.addEventListener("htmx:after:swap", show);
  addEventListener("pageshow", show);
  document.addEventListener("visibilitychange", () => document.hidden || show());
  setInterval(show, AGAIN_MS);
})();
