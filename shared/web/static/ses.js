// Keys, appearance, focus, toasts and what is said when a request fails. Pages work without it.
(() => {
  const find = (selector, from = document) => from.querySelector(selector);

  function remembered(name) {
    try {
      return localStorage.getItem(name) || "";
    } catch {
      return "";
    }
  }

  function remember(name, value) {
    try {
      if (value) localStorage.setItem(name, value);
      else localStorage.removeItem(name);
    } catch {
      // Storage is switched off: it lasts for this page only.
    }
  }

  // Appearance
  const choice = find("[data-theme-choice]");
  if (choice) {
    choice.value = remembered("ses-theme");
    choice.addEventListener("change", () => {
      remember("ses-theme", choice.value);
      if (choice.value) document.documentElement.dataset.theme = choice.value;
      else delete document.documentElement.dataset.theme;
    });
  }

  // Keys
  const keys = find("#keys");
  const off = find("[data-keys-off]");
  off.checked = remembered("ses-keys") === "off";
  off.addEventListener("change", () => remember("ses-keys", off.checked ? "off" : ""));
  document.addEventListener("click", (event) => {
    if ((/** @type {HTMLElement} */ (event.target)).closest("[data-open-keys]")) keys.showModal();
  });

  const shortcuts = {
    "/": () => find("[data-search]") || find("main input[type=search]:not([data-filter-search])") || find("[data-site-search]"),
    "[": () => find("a[rel=prev]"),
    "]": () => find("a[rel=next]"),
    "u": () => find("[data-undo]"),
    "?": () => keys,
  };

  document.addEventListener("keydown", (event) => {
    const typing = (/** @type {HTMLElement} */ (event.target)).closest?.("input, textarea, select, [contenteditable]");
    if (typing || off.checked || event.ctrlKey || event.metaKey || event.altKey || keys.open) return;
    const element = shortcuts[event.key]?.();
    if (!element) return;
    event.preventDefault();
    if (element === keys) keys.showModal();
    else if (element.tagName === "A") element.click();
    else {
      element.focus();
      element.select?.();
    }
  });

  // A page that was opened by Back or by reloading has what was chosen on it before, whatever the page itself is of
  const [visit] = /** @type {PerformanceNavigationTiming[]} */ (performance.getEntriesByType("navigation"));
  const isRestored = ["back_forward", "reload"].includes(visit?.type);

  // A form that only asks for a page says what this page is; what was typed into the others stays
  addEventListener("pageshow", () => {
    if (isRestored) for (const form of document.forms) if (form.method === "get") form.reset();
  });

  // htmx begins a moment after the page: what was typed into the search before is searched for then
  setTimeout(() => {
    const box = find("[data-search]");
    if (box && !isRestored && box.value !== box.defaultValue) box.dispatchEvent(new Event("input", { bubbles: true }));
  });

  // The settings: what is typed hides the lines without it; the button asks the server
  const settingSearch = find("[data-settings-search]");
  const plain = (text) => text.normalize("NFKD").replace(/[\u0300-\u036f]/g, "").toLowerCase();

  function filterSettings() {
    const words = plain(settingSearch.value).split(/\s+/).filter(Boolean);
    let shown = 0;
    /** @type {NodeListOf<HTMLElement>} */
    const lines = document.querySelectorAll("[data-setting]");
    for (const line of lines) {
      line.hidden = !words.every((word) => plain(line.textContent).includes(word));
      shown += line.hidden ? 0 : 1;
    }
    find("[data-settings-count]").textContent = words.length ? `${shown} ${shown === 1 ? "setting" : "settings"} with these words` : "";
  }

  if (settingSearch) {
    settingSearch.addEventListener("input", filterSettings);
    document.addEventListener("htmx:after:swap", () => { if (settingSearch.value !== settingSearch.defaultValue) filterSettings(); });
  }

  // A focused table region: Home and End go to its sides
  document.addEventListener("keydown", (event) => {
    const region = /** @type {HTMLElement} */ (event.target);
    if (!region.matches?.(".table-region") || (event.key !== "Home" && event.key !== "End")) return;
    event.preventDefault();
    region.scrollTo({ left: event.key === "Home" ? 0 : region.scrollWidth });
  });

  // An error summary takes the focus; its links go to the field itself
  function takeFocus(from) {
    find("[data-take-focus]", from)?.focus();
  }

  takeFocus(document);
  document.addEventListener("htmx:after:swap", (event) => {
    const target = event.detail?.ctx?.target;
    if (target instanceof Element && target.isConnected) takeFocus(target);
  });
  find('.service-nav [aria-current="page"]')?.scrollIntoView({ block: "nearest", inline: "center" });

  // Toasts: by the server (a .toast put into #toasts), or by an event ses:toast {text, kind}. Each stays ten seconds, while
  // it is pointed at or focused, and as long as the person likes who has ticked that messages stay.
  const toasts = find("#toasts");
  const stay = find("[data-toasts-stay]");
  stay.checked = remembered("ses-toasts") === "stay";
  stay.addEventListener("change", () => remember("ses-toasts", stay.checked ? "stay" : ""));

  const counted = new WeakSet();

  function closeLater(toast) {
    if (counted.has(toast)) return;
    counted.add(toast);
    const seconds = Number(toast.dataset.seconds || 10);
    let left = seconds;
    const tick = setInterval(() => {
      if (!toast.isConnected) clearInterval(tick);
      else if (!stay.checked && !toast.matches(":hover, :focus-within") && --left <= 0) toast.remove();
    }, 1000);
  }

  function say(text, kind) {
    const toast = document.createElement("div");
    toast.className = `toast toast-${kind}`;
    const sentence = document.createElement("p");
    sentence.textContent = text;
    const close = document.createElement("button");
    close.type = "button";
    close.className = "button button-small";
    close.dataset.closeToast = "";
    close.textContent = "Close";
    toast.append(sentence, close);
    toasts.append(toast);
  }

  new MutationObserver((changes) => {
    for (const change of changes) {
      for (const node of change.addedNodes) if (node instanceof HTMLElement && node.classList.contains("toast")) closeLater(node);
    }
  }).observe(toasts, { childList: true });
  // What came with the page is put in once more: only what changes in it is read out
  setTimeout(() => {
    if (!toasts.contains(document.activeElement)) toasts.replaceChildren(...toasts.children);
    else toasts.querySelectorAll(".toast").forEach(closeLater);
  }, 200);
  toasts.addEventListener("click", (event) => {
    const close = (/** @type {HTMLElement} */ (event.target)).closest("[data-close-toast]");
    if (close) close.closest(".toast").remove();
  });
  document.addEventListener("ses:toast", (event) => say(event.detail.text, event.detail.kind || "success"));

  // Who signs out leaves no page with names on the device; what is not sent yet stays
  document.addEventListener("submit", (event) => {
    if ((/** @type {HTMLElement} */ (event.target)).getAttribute("action") === "/sign-out") window.caches?.delete("sesr-pages");
  });

  // WebKit gives the focus to the first field that lacks something, and leaves it out of sight
  document.addEventListener("invalid", ({ target }) => {
    requestAnimationFrame(() => {
      if (target instanceof HTMLElement && target === document.activeElement) target.scrollIntoView({ block: "center" });
    });
  }, true);

  // A second tap while a form is on its way does not send it twice
  const ON_ITS_WAY_MS = 10000;
  let sent = new WeakMap(); // form -> when it was sent
  document.addEventListener("submit", (event) => {
    const form = /** @type {HTMLFormElement} */ (event.target);
    if (event.defaultPrevented || form.method !== "post") return;
    if (event.timeStamp - sent.get(form) < ON_ITS_WAY_MS) event.preventDefault();
    else sent.set(form, event.timeStamp);
  });
  addEventListener("pageshow", () => { sent = new WeakMap(); });

  // htmx leaves the page as it is on an error; the page says why
  function sentenceOf(ctx) {
    try {
      return JSON.parse(ctx.text).detail;
    } catch {
      const page = new DOMParser().parseFromString(ctx.text || "", "text/html");
      return page.querySelector(".lead, .error-summary li")?.textContent.trim();
    }
  }

  // A part of the page whose service is away says so; the others stay
  function isAway(ctx) {
    const away = ctx?.sourceElement?.matches?.("[data-part]") && find("[data-away]", ctx.sourceElement);
    if (away) away.hidden = false;
    return Boolean(away);
  }

  document.addEventListener("htmx:response:error", (event) => {
    const { ctx } = event.detail;
    if (ctx.response.status !== 401 && isAway(ctx)) return;
    const own = ctx.sourceElement?.getAttributeNames?.().some((name) => name.startsWith(`hx-status:${ctx.response.status}`));
    if (own) return;
    if (ctx.response.status === 401) location.reload();
    else say(sentenceOf(ctx) || "That did not work. Reload the page and try again.", "error");
  });
  document.addEventListener("htmx:error", (event) => {
    if (!event.detail.ctx?.response && !isAway(event.detail.ctx)) say("No answer from the server. Check your connection and try again.", "error");
  });

  // What changes by itself is said in its own short words (data-live), and only when they are others than before; a part
  // that has just come is no change
  const live = find("#live");
  const liveWords = () => [...document.querySelectorAll("[data-live]")].map((part) => part.getAttribute("data-live"));
  let lastWords = liveWords();

  function sayLive() {
    const words = liveWords();
    const news = words.filter((each) => each && !lastWords.includes(each));
    if (live && news.length && words.length === lastWords.length) live.textContent = news.join(". ");
    lastWords = words;
  }

  for (const name of ["htmx:after:swap", "htmx:sse:after:message"]) document.addEventListener(name, () => setTimeout(sayLive));

  // A page that the browser keeps for its Back button may be somebody else's by then: it is put away unseen, and asked for
  // again. Where its person stays on it, for what is not saved, it is shown as it was.
  const STAYS_MS = 10000;
  addEventListener("pagehide", (event) => { document.documentElement.hidden = event.persisted; });
  addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    location.reload();
    setTimeout(() => { document.documentElement.hidden = false; }, STAYS_MS);
  });
})();
