// Menus made of <details>: one open at a time, Esc and a click outside close, focus returns, filters search and select.
(() => {
  /** @type {(form: Element) => HTMLInputElement | null} */
  const searchOf = (form) => form.querySelector("[data-filter-search]");
  /** @type {(form: Element) => HTMLInputElement[]} */
  const tickboxesOf = (form) => [...form.querySelectorAll("li input")].filter(
    /** @returns {box is HTMLInputElement} */ (box) => box instanceof HTMLInputElement && box.type === "checkbox",
  );
  const openMenus = () => document.querySelectorAll("details[data-menu][open]");

  function close(menu, giveBack) {
    menu.open = false;
    if (giveBack) menu.querySelector("summary").focus();
  }

  // The filter list leaves the table's scrolling region and stays inside the window
  function place(menu) {
    const panel = menu.querySelector(".popover");
    if (!menu.matches(".filter-menu") || !panel) return;
    panel.classList.add("fixed");
    const box = menu.getBoundingClientRect();
    const left = Math.min(Math.max(box.left - 8, 8), innerWidth - panel.offsetWidth - 8);
    const below = innerHeight - box.bottom - 16;
    const height = Math.max(Math.min(512, below), 360);
    panel.style.setProperty("--menu-left", `${left}px`);
    panel.style.setProperty("--menu-top", `${Math.min(box.bottom + 4, innerHeight - height - 8)}px`);
    panel.style.setProperty("--menu-height", `${height}px`);
  }

  // Near the window's lower edge the page moves up, so that the menu does not cover its own column
  function makeRoom(menu) {
    const missing = 440 - (innerHeight - menu.getBoundingClientRect().bottom);
    if (menu.matches(".filter-menu") && missing > 0) scrollBy({ top: missing, behavior: "instant" });
  }

  document.addEventListener(
    "toggle",
    (event) => {
      const menu = /** @type {HTMLDetailsElement} */ (event.target);
      if (!menu.matches?.("details[data-menu]") || !menu.open) return;
      for (const other of openMenus()) if (other !== menu) close(other, false);
      makeRoom(menu);
      place(menu);
      searchOf(menu)?.focus({ preventScroll: true });
    },
    true,
  );
  // Not "click": on an iPhone a tap on what is no control is none
  document.addEventListener("pointerup", (event) => {
    for (const menu of openMenus()) if (!menu.contains(/** @type {Node} */ (event.target))) close(menu, false);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") for (const menu of openMenus()) close(menu, menu.contains(document.activeElement));
  });
  for (const name of ["scroll", "resize"]) {
    addEventListener(name, (event) => {
      for (const menu of openMenus()) if (!menu.contains(/** @type {Node} */ (event.target))) place(menu);
    }, { capture: true, passive: true });
  }

  // Arrow keys walk through an open menu, except where they change a value or go with another key
  const OWN_ARROWS = "select, textarea, input:is([type=number], [type=date], [type=time], [type=radio], [type=range])";
  document.addEventListener("keydown", (event) => {
    const from = /** @type {HTMLElement} */ (event.target);
    const menu = from.closest?.("details[data-menu][open]");
    if (!menu || (event.key !== "ArrowDown" && event.key !== "ArrowUp") || from.matches(OWN_ARROWS)) return;
    if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const stops = [...menu.querySelectorAll("summary, button:not([tabindex='-1']), a, input:not([type=hidden])")].filter(
      (stop) => stop.getClientRects().length,
    );
    const here = stops.indexOf(document.activeElement) + (event.key === "ArrowDown" ? 1 : -1);
    event.preventDefault();
    const next = stops[(here + stops.length) % stops.length];
    if (next instanceof HTMLElement) next.focus();
  });

  const boxesOf = (form) => tickboxesOf(form).filter((box) => !box.closest("li").hidden);

  function showAll(form) {
    const all = form.querySelector("[data-select-all]");
    if (!all) return;
    const boxes = boxesOf(form);
    const ticked = boxes.filter((box) => box.checked).length;
    all.checked = boxes.length > 0 && ticked === boxes.length;
    all.indeterminate = ticked > 0 && ticked < boxes.length;
    preventNothing(form);
  }

  // Nothing ticked would show nothing: there is nothing to apply then
  function preventNothing(form) {
    const boxes = tickboxesOf(form);
    const typed = [...form.querySelectorAll("input:not([type=hidden], [type=checkbox])")].some((field) => field.value.trim());
    const nothing = boxes.length > 0 && !typed && !boxes.some((box) => box.checked);
    for (const button of form.querySelectorAll("button:not([name])")) button.disabled = nothing;
  }

  document.addEventListener("input", (event) => {
    const form = (/** @type {HTMLElement} */ (event.target)).closest?.("[data-filter]");
    if (!form) return;
    const field = /** @type {HTMLInputElement} */ (event.target);
    if (field.matches("[data-filter-search]")) {
      const typed = field.value.trim().toLowerCase();
      for (const item of form.querySelectorAll("li")) {
        item.hidden = !item.textContent.toLowerCase().includes(typed);
      }
    }
    if (field.matches("[data-select-all]")) {
      for (const box of boxesOf(form)) box.checked = field.checked;
    }
    showAll(form);
  });

  // As in a spreadsheet: what the search leaves is what Enter picks, everything ticked is no filter, and of a long list
  // with a few unticked only those few are sent. The boxes stay as they are, for whoever comes back to this page.
  document.addEventListener("formdata", (event) => {
    const form = /** @type {HTMLFormElement} */ (event.target);
    if (!form.matches?.("[data-filter]")) return;
    const data = event.formData;
    const sorts = data.getAll("sort");
    if (sorts.length) data.set("sort", sorts[0]);
    for (const [name, value] of [...data]) if (value === "") data.delete(name);
    // Until the list is there, what was chosen before stays chosen
    if (form.querySelector("li[data-kept]")) return;
    const all = tickboxesOf(form);
    let ticked = all.filter((box) => box.checked);
    if (searchOf(form)?.value.trim()) {
      const shown = boxesOf(form);
      ticked = shown.filter((box) => box.checked);
      if (!ticked.length) ticked = shown;
    }
    for (const name of new Set(all.map((box) => box.name))) data.delete(name);
    const unticked = all.filter((box) => !ticked.includes(box));
    const fewer = form.dataset.except && unticked.length * 2 < all.length;
    for (const box of fewer ? unticked : unticked.length ? ticked : []) {
      data.append(fewer ? form.dataset.except : box.name, box.value);
    }
  });

  const prepare = () => document.querySelectorAll("[data-filter]").forEach(showAll);
  prepare();
  document.addEventListener("htmx:after:swap", prepare);
  addEventListener("pageshow", prepare); // what the browser restored meanwhile
})();
