// The strike form on a bad network: a draft on the phone, reports queued and sent when there is a network again.
(() => {
  const unsent = document.querySelector("[data-unsent]");
  const queue = window.sesrQueue;
  if (!unsent || !queue) return;
  const form = document.querySelector("[data-report]");
  const same = document.querySelector("[data-same]");
  const RETRY_MS = 5000;
  const person = unsent.dataset.person;
  let current = "";
  let signIn = false;

  const element = (name, text, attributes = {}) => {
    const made = document.createElement(name);
    if (text) made.textContent = text;
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    return made;
  };
  const hour = (instant) => new Date(instant).toLocaleTimeString([], { hour: "numeric", minute: "2-digit" });
  const value = (name) => form?.elements[name]?.value?.trim() ?? "";

  // What is not sent yet stands above everything else
  async function show() {
    const items = await queue.all();
    unsent.hidden = items.length === 0;
    unsent.replaceChildren();
    if (!items.length) return;
    const box = element("div", "", { class: "alert alert-error", role: "alert" });
    const inner = element("div");
    inner.append(element("h2", `NOT SENT YET: ${items.length === 1 ? "1 report" : `${items.length} reports`}`));
    inner.append(element("p", "Saved on this device. It is sent by itself when there is a network: keep this page open, or open it again."));
    const list = element("ul");
    for (const item of items) list.append(row(item));
    inner.append(list);
    if (signIn) inner.append(element("a", "Sign in to send", { class: "button button-primary", href: `/sign-in?next=${encodeURIComponent("/sesr/report")}` }));
    else inner.append(button("Send now", flush));
    box.append(inner);
    unsent.append(box);
  }

  function row(item) {
    const made = element("li", `${item.school}, counted ${hour(item.body.counted_at)}: ${item.body.counts.students_present} students present. `);
    if (!item.problem) return made;
    made.append(element("strong", `${item.problem} ${item.problems.map((problem) => problem.message).join(". ")} `));
    made.append(button("Fill in again", async () => {
      fill({ ...item.body.counts, ...item.body, ...Object.fromEntries(Object.entries(item.body.flags).map(([name, flag]) => [name, flag === null ? "" : flag ? "yes" : "no"])) });
      await queue.drop(item.body.report_id);
      await show();
    }));
    made.append(button("Discard", async () => {
      await queue.drop(item.body.report_id);
      await show();
    }));
    return made;
  }

  function button(text, work) {
    const made = element("button", text, { type: "button", class: "button button-small" });
    made.addEventListener("click", work);
    return made;
  }

  async function flush() {
    await queue.flush((item, result) => {
      signIn = result.state === "sign-in" || result.state === "other-person";
      if (result.state === "sent") {
        forget(item.draft);
        if (item.body.report_id === current) location.assign(`/sesr/receipts/${result.receipt.report_id}`);
        else document.dispatchEvent(new CustomEvent("ses:toast", { detail: { text: `Report ${result.receipt.number} received` } }));
      }
    });
    await show();
  }

  // The draft: what is typed outlives a closed page
  const draftName = form ? `sesr-draft ${value("school_key")} ${value("incident_id")} ${value("day")} ${value("supersedes")}` : "";
  const fields = () => [...new FormData(form).entries()].filter(([name]) => !["csrf", "report_id", "school_key", "incident_id", "day", "supersedes"].includes(name));

  function forget(name) {
    try {
      localStorage.removeItem(name || draftName);
    } catch {
      // Storage is switched off: there is no draft.
    }
  }

  function fill(values) {
    if (!form) return;
    for (const [name, text] of Object.entries(values)) {
      const field = form.elements[name];
      if (field === undefined || ["csrf", "report_id", "school_key", "incident_id", "day", "supersedes"].includes(name)) continue;
      if (field.type === "checkbox") field.checked = text === "yes" || text === true;
      else field.value = text ?? "";
    }
    checkZero();
  }

  function checkZero() {
    const zero = form.querySelector("[data-zero]");
    const isZero = /^\s*0+\s*$/.test(form.elements.students_present.value);
    zero.hidden = !isZero;
    form.elements.confirmed_zero.required = isZero;
    if (!isZero) form.elements.confirmed_zero.checked = false;
  }

  const flag = (name) => ({ yes: true, no: false })[form.elements[name]?.value] ?? null;

  async function queued(counts, flags, zero, proxyFor) {
    const body = {
      report_id: queue.newId(),
      school_key: value("school_key"),
      incident_id: value("incident_id"),
      day: value("day"),
      counts,
      flags,
      commander: value("commander"),
      landline: value("landline"),
      cell: value("cell"),
      counted_at: new Date().toISOString(),
      supersedes: value("supersedes") || null,
      reason: value("reason"),
      proxy_for: proxyFor,
      confirmed_zero: zero,
    };
    current = body.report_id;
    await queue.keep({ body, person, school: unsent.dataset.school, draft: draftName });
    await flush();
    const left = (await queue.all()).find((item) => item.body.report_id === body.report_id);
    if (left?.problem) {
      await queue.drop(body.report_id);
      await show();
      refused(left);
    } else if (left) {
      forget();
      form.reset();
      checkZero();
      unsent.scrollIntoView();
    }
  }

  // Refused while the page is open: the form still holds what was typed
  function refused(item) {
    document.querySelector("#refusal")?.remove();
    const box = element("div", "", { class: "error-summary", id: "refusal", role: "alert", tabindex: "-1" });
    box.append(element("h2", item.problem));
    const list = element("ul");
    for (const problem of item.problems) {
      const line = element("li");
      line.append(problem.field ? element("a", problem.message, { href: `#${problem.field}` }) : problem.message);
      list.append(line);
    }
    box.append(list);
    form.before(box);
    box.focus();
  }

  if (form) {
    const started = Object.fromEntries(fields());
    try {
      const draft = JSON.parse(localStorage.getItem(draftName) || "null");
      if (draft && !document.querySelector(".error-summary")) fill({ ...started, ...draft });
    } catch {
      forget();
    }
    form.addEventListener("input", () => {
      checkZero();
      try {
        localStorage.setItem(draftName, JSON.stringify(Object.fromEntries(fields())));
      } catch {
        // Storage is full or switched off: the form still works.
      }
    });
    checkZero();
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      if (!form.reportValidity()) return;
      const counts = {};
      for (const name of unsent.dataset.counts.split(" ")) counts[name] = value(name);
      await queued(counts, { media: flag("media"), outside_group: flag("outside_group") }, form.elements.confirmed_zero.checked, value("proxy_for"));
    });
    same?.addEventListener("submit", async (event) => {
      event.preventDefault();
      const last = JSON.parse(same.dataset.same);
      await queued(last.counts, last.flags, true, same.elements.proxy_for?.value ?? "");
    });
  }

  addEventListener("online", flush);
  addEventListener("pageshow", flush);
  document.addEventListener("visibilitychange", () => document.hidden || flush());
  setInterval(async () => ((await queue.all()).some((item) => !item.problem) && !signIn ? flush() : undefined), RETRY_MS);
  show();

  if ("serviceWorker" in navigator && form) {
    navigator.storage?.persist?.();
    navigator.serviceWorker.addEventListener("message", (event) => {
      if (event.data?.kept) document.documentElement.dataset.offline = "ready";
    });
    navigator.serviceWorker.register("/sesr/sw.js").then(async () => {
      const look = [...document.querySelectorAll("script[src], link[rel=stylesheet], link[rel=icon]")].map((node) => node.src || node.href);
      const worker = (await navigator.serviceWorker.ready).active;
      worker.postMessage({ keep: { pages: [location.href], look } });
    }).catch(() => undefined);
  }
})();
