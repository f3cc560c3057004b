// Charts: what is below the pointer, or where the arrow keys went, is marked, and its words stand in the line below the chart.
(() => {
  /** @param {Element} frame @param {Element} mark */
  function show(frame, mark) {
    if (mark.classList.contains("current")) return;
    const marks = [...frame.querySelectorAll(".chart-mark")];
    const words = mark.querySelector("title").textContent;
    for (const one of marks) one.classList.toggle("current", one === mark);
    frame.parentElement.querySelector(".chart-readout").textContent = words;
    /** @type {HTMLInputElement} */
    const reader = frame.querySelector(".chart-reader");
    if (!reader) return;
    reader.value = String(marks.indexOf(mark));
    reader.setAttribute("aria-valuetext", words);
  }

  // The mark that is nearest along the chart: to the side of the pointer, or above and below it where bars lie.
  function nearest(frame, event) {
    const across = frame.dataset.chart === "x";
    const at = across ? event.clientX : event.clientY;
    let best = null;
    let least = Infinity;
    for (const mark of frame.querySelectorAll(".chart-mark")) {
      const box = mark.getBoundingClientRect();
      if (!box.width && !box.height) continue;
      const [start, end] = across ? [box.left, box.right] : [box.top, box.bottom];
      const far = Math.max(start - at, at - end, 0);
      if (far < least) [best, least] = [mark, far];
    }
    return best;
  }

  function point(event) {
    const frame = event.target instanceof Element && event.target.closest("[data-chart]");
    const mark = frame && nearest(frame, event);
    if (mark) show(frame, mark);
  }

  function read(event) {
    if (!(event.target instanceof HTMLInputElement) || !event.target.matches(".chart-reader")) return;
    const frame = event.target.closest("[data-chart]");
    show(frame, frame.querySelectorAll(".chart-mark")[Number(event.target.value)]);
  }

  document.addEventListener("pointermove", point, { passive: true });
  document.addEventListener("pointerdown", point, { passive: true });
  document.addEventListener("input", read);
  document.addEventListener("focusin", read);
})();
