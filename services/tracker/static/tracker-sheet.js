// The sheet of a school's page: keys as in a workbook, paste of a block, targets while typing, a guard for unsaved values.
"use strict";
(() => {
  const found = document.querySelector("form[data-sheet]");
  if (!(found instanceof HTMLFormElement)) return;
  /** @type {HTMLFormElement} */
  const form = found;
  /** @type {HTMLElement | null} */
  const said = form.querySelector("[data-sheet-said]");
  /** @type {Map<string, AbortController>} */
  const asking = new Map();
  /** @type {Map<string, number>} */
  const due = new Map();
  let leaving = false;

  /** The inputs of the sheet, row by row. @returns {HTMLInputElement[][]} */
  const grid = () => [...form.querySelectorAll("tr[data-item]")].map((row) => [...row.querySelectorAll("input.input")].filter((cell) => cell instanceof HTMLInputElement));

  /** What stood in a field when the page was made. @param {HTMLInputElement} cell */
  const saved = (cell) => {
    const was = form.elements.namedItem(`w${cell.name.slice(1)}`);
    return was instanceof HTMLInputElement ? was.value : "";
  };
  /** Whether a value is on the page that is not saved. @returns {HTMLInputElement[]} */
  const unsaved = () => grid().flat().filter((cell) => cell.value.trim() !== saved(cell));
  /** @param {string} words */
  const say = (words) => {
    if (said) said.textContent = words;
  };
  const count = () => {
    const cells = unsaved();
    grid().flat().forEach((cell) => cell.classList.toggle("sheet-unsaved", cells.includes(cell)));
    say(cells.length ? `${cells.length} value${cells.length === 1 ? "" : "s"} not saved yet` : "");
  };

  /** Asks what follows from the values of a row: the rules are on the server only. @param {HTMLElement} row */
  const preview = async (row) => {
    const item = row.dataset.item ?? "";
    asking.get(item)?.abort();
    const control = new AbortController();
    asking.set(item, control);
    const address = new URL((form.dataset.preview ?? "").replace("ITEM", encodeURIComponent(item)), location.href);
    row.querySelectorAll("input").forEach((cell) => address.searchParams.set(cell.name, cell.value));
    try {
      const answer = await fetch(address, { signal: control.signal, headers: { accept: "text/html" } });
      if (!answer.ok) return;
      const parts = new DOMParser().parseFromString(await answer.text(), "text/html");
      parts.querySelectorAll("[id]").forEach((part) => document.getElementById(part.id)?.replaceWith(part));
    } catch (error) {
      if (!(error instanceof DOMException)) say("The targets could not be computed now. They are computed when you save.");
    }
  };
  /** @param {HTMLElement} row */
  const soon = (row) => {
    const item = row.dataset.item ?? "";
    window.clearTimeout(due.get(item));
    due.set(item, window.setTimeout(() => void preview(row), 250));
  };

  /** @param {HTMLInputElement} cell @param {number} down @param {number} right */
  const move = (cell, down, right) => {
    const rows = grid();
    const at = rows.findIndex((row) => row.includes(cell));
    const target = rows[at + down]?.[(rows[at]?.indexOf(cell) ?? 0) + right];
    target?.focus();
    target?.select();
    return target !== undefined;
  };

  form.addEventListener("keydown", (event) => {
    const cell = event.target;
    if (!(cell instanceof HTMLInputElement) || !cell.matches(".sheet input.input")) return;
    const whole = cell.selectionStart === 0 && cell.selectionEnd === cell.value.length;
    const start = cell.selectionStart === 0 && cell.selectionEnd === 0;
    const end = cell.selectionStart === cell.value.length;
    if (event.key === "Enter" && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      move(cell, event.shiftKey ? -1 : 1, 0);
    } else if (event.key === "Enter" || (event.key === "s" && (event.ctrlKey || event.metaKey))) {
      event.preventDefault();
      form.requestSubmit();
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      move(cell, event.key === "ArrowDown" ? 1 : -1, 0);
    } else if ((event.key === "ArrowLeft" && (whole || start)) || (event.key === "ArrowRight" && (whole || end))) {
      if (move(cell, 0, event.key === "ArrowLeft" ? -1 : 1)) event.preventDefault();
    } else if (event.key === "Escape") {
      cell.value = saved(cell);
      cell.dispatchEvent(new Event("input", { bubbles: true }));
    }
  });

  form.addEventListener("paste", (event) => {
    const cell = event.target;
    const text = event.clipboardData?.getData("text/plain") ?? "";
    if (!(cell instanceof HTMLInputElement) || !cell.matches(".sheet input.input") || !/[\t\n]/.test(text.trim())) return;
    event.preventDefault();
    const rows = grid();
    const top = rows.findIndex((row) => row.includes(cell));
    const left = rows[top]?.indexOf(cell) ?? 0;
    const lines = text.replace(/\r\n?/g, "\n").replace(/\n$/, "").split("\n").map((line) => line.split("\t"));
    let taken = 0;
    let over = 0;
    lines.forEach((line, down) => line.forEach((value, right) => {
      const target = rows[top + down]?.[left + right];
      if (target) {
        target.value = value.trim();
        taken += 1;
      } else if (value.trim()) over += 1;
    }));
    rows.slice(top, top + lines.length).forEach((row) => {
      const line = row[0]?.closest("tr");
      if (line instanceof HTMLElement) soon(line);
    });
    count();
    say(`${taken} value${taken === 1 ? "" : "s"} pasted${over ? `, ${over} had no cell and were left out` : ""}; not saved yet`);
  });

  form.addEventListener("input", (event) => {
    const row = event.target instanceof HTMLElement ? event.target.closest("tr[data-item]") : null;
    if (!(row instanceof HTMLElement)) return;
    count();
    soon(row);
  });
  form.addEventListener("focusin", (event) => {
    if (event.target instanceof HTMLInputElement && event.target.matches(".sheet input.input")) event.target.select();
  });
  form.addEventListener("submit", () => {
    leaving = true;
  });
  window.addEventListener("pageshow", () => {
    leaving = false;
    count();
  });
  window.addEventListener("beforeunload", (event) => {
    if (!leaving && unsaved().length) event.preventDefault();
  });
  if ("typed" in form.dataset) form.querySelectorAll("tr[data-item]").forEach((row) => row instanceof HTMLElement && soon(row));
  form.querySelector("[data-filled]")?.scrollIntoView({ block: "center" });
})();
