// The strike form on a bad network: a draft on the phone, reports queued and sent when there is a network again.
(() => {
  const unsent = document.querySelector("[data-unsent]");
  const queue = window.sesrQueue;
  if (!unsent || !queue) return;
  const form = document.querySelector("[data-report]");
  const same = document.querySelector("[data-same]");
  const RETRY_MS = 5000;
  const DRAFT_DAYS = 7;
  const person = unsent.dataset.person;
  const AGAIN = "sesr-again"; // a refused report on its way to the form that it was written in
  const outcomes = new Map(); // report id -> what became of it last
  const waitsForPerson = (id) => ["sign-in", "other-person"].includes(outcomes.get(id));
  let again = null; // the refused report that the form holds: it keeps its day and the time of its count
  let awaited = ""; // the report whose receipt is opened once it is sent
  let sending = false;
  let shown = ""; // what the list of the unsent was last made of

  const element = (name, text, attributes = {}) => {
    const made = document.createElement(name);
    if (text) made.textContent = text;
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    return made;
  };
  // The district's time, as on the receipt, wherever the phone believes to be
  const zone = { timeZone: form?.dataset.zone };
  const hour = (instant) => new Date(instant).toLocaleTimeString([], { ...zone, hour: "numeric", minute: "2-digit" });
  const value = (name) => form?.elements[name]?.value?.trim() ?? "";

  // What is not sent yet stands above everything else
  async function show() {
    const items = await queue.all();
    // The same is not made anew with every try: it would take a button from under the finger and be read aloud again
    const told = JSON.stringify(items.map((item) => [item, waitsForPerson(item.body.report_id) && outcomes.get(item.body.report_id)]));
    if (told === shown) return;
    shown = told;
    unsent.hidden = items.length === 0;
    unsent.replaceChildren();
    if (!items.length) return;
    const box = element("div", "", { class: "alert alert-error", role: "alert" });
    const inner = element("div");
    inner.append(element("h2", `NOT SENT YET: ${items.length === 1 ? "1 report" : `${items.length} reports`}`));
    const waits = items.some((item) => !item.problem);
    inner.append(element("p", waits ? "Saved on this device. It is sent by itself when there is a network: keep this page open, or open it again." : "Saved on this device. It is sent once it is corrected."));
    const list = element("ul");
    for (const item of items) list.append(row(item));
    inner.append(list);
    if (items.some((item) => outcomes.get(item.body.report_id) === "sign-in")) inner.append(element("a", "Sign in to send", { class: "button button-primary", href: `/sign-in?next=${encodeURIComponent("/sesr/report")}` }));
    else if (waits) inner.append(button("Send now", flush));
    box.append(inner);
    unsent.append(box);
  }

  function row(item) {
    const made = element("li", `${item.school}, counted ${hour(item.body.counted_at)}: ${item.body.counts.students_present} students present. `);
    if (outcomes.get(item.body.report_id) === "other-person") made.append(element("strong", "Somebody else wrote it on this device. It is sent when that person signs in here. "));
    if (!item.problem) return made;
    made.append(element("strong", `${item.problem} ${item.problems.map((problem) => problem.message).join(". ")} `));
    made.append(button("Fill in again", () => fillAgain(item)));
    made.append(button("Discard", async () => {
      await queue.drop(item.body.report_id);
      await show();
    }));
    return made;
  }

  // Into the form it was written in: the numbers of one school or incident never go into the form of another. It stays in
  // the queue until the mended one is there.
  function fillAgain({ body }) {
    if (fits(body)) {
      hold(body);
      return;
    }
    sessionStorage.setItem(AGAIN, JSON.stringify(body));
    location.assign(body.supersedes ? `/sesr/report?correct=${body.supersedes}` : `/sesr/report?${new URLSearchParams({ school: body.school_key, incident: body.incident_id })}`);
  }

  const fits = (body) => form && value("school_key") === body.school_key && value("incident_id") === body.incident_id && value("supersedes") === (body.supersedes ?? "");

  function hold(body) {
    const flags = Object.fromEntries(Object.entries(body.flags).map(([name, flag]) => [name, flag === null ? "" : flag ? "yes" : "no"]));
    fill({ ...body.counts, ...body, ...flags });
    again = { report_id: body.report_id, counted_at: body.counted_at, day: body.day };
    document.querySelector("#again")?.remove();
    form.before(element("p", `These numbers were counted on ${new Date(body.counted_at).toLocaleDateString([], { ...zone, month: "short", day: "numeric" })}, ${hour(body.counted_at)}, and are sent as such. For numbers of now, open the form anew.`, { id: "again", class: "alert alert-info", role: "status" }));
    document.querySelector("#again").scrollIntoView();
  }

  function release() {
    again = null;
    document.querySelector("#again")?.remove();
  }

  function button(text, work) {
    const made = element("button", text, { type: "button", class: "button button-small" });
    made.addEventListener("click", work);
    return made;
  }

  async function flush() {
    await queue.flush((item, result) => {
      const id = item.body.report_id;
      outcomes.set(id, result.state);
      if (result.state === "sent" && id !== awaited) tellSent(item, result.receipt);
    });
    await show();
  }

  // It went by itself: the page is the one of before, so it says what it did not know
  function tellSent({ body }, { number, received_at }) {
    document.dispatchEvent(new CustomEvent("ses:toast", { detail: { text: `Report ${number} received` } }));
    if (!state || body.school_key !== value("school_key") || body.incident_id !== value("incident_id")) return;
    resting = `Report ${number} received ${hour(received_at)}`;
    if (!sending) rest();
  }

  // The draft: what is typed outlives a closed page
  const draftName = form ? `sesr-draft ${form.dataset.day} ${person} ${value("school_key")} ${value("incident_id")} ${value("supersedes")}` : "";
  const fields = () => [...new FormData(form).entries()].filter(([name]) => !["csrf", "report_id", "school_key", "incident_id", "day", "supersedes"].includes(name));

  function keepDraft() {
    try {
      localStorage.setItem(draftName, JSON.stringify(Object.fromEntries(fields())));
    } catch {
      // Storage is full or switched off: the form still works.
    }
  }

  function forget() {
    try {
      localStorage.removeItem(draftName);
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

  function forgetOlder() {
    const oldest = new Date(Date.parse(form.dataset.day) - DRAFT_DAYS * 86400000).toISOString().slice(0, 10);
    for (const name of Object.keys(localStorage)) {
      if (name.startsWith("sesr-draft ") && name < `sesr-draft ${oldest}`) localStorage.removeItem(name);
    }
  }

  const state = document.querySelector("[data-send-state]");
  let resting = state?.textContent;

  function rest() {
    sending = false;
    state.textContent = resting;
  }

  // A second tap while the first is on its way is not a second report
  async function once(work) {
    if (sending) return;
    sending = true;
    state.textContent = "Sending…";
    if (!(await work())) rest();
  }

  // Whether the page is left for the receipt
  async function queued(sent, counts, flags, zero, proxyFor, sameAs) {
    const mended = sent === form ? again : null;
    const typed = JSON.stringify(fields());
    const body = {
      report_id: queue.newId(),
      school_key: value("school_key"),
      incident_id: value("incident_id"),
      day: value("day") || mended?.day || null, // none: the day of the count, also for a page that stayed open over night
      counts,
      flags,
      commander: value("commander"),
      landline: value("landline"),
      cell: value("cell"),
      counted_at: mended?.counted_at ?? new Date().toISOString(),
      supersedes: value("supersedes") || null,
      reason: value("reason"),
      proxy_for: proxyFor,
      confirmed_zero: zero,
      ...(sameAs && { same_as: sameAs }),
    };
    awaited = body.report_id;
    try {
      await queue.keep({ body, person, school: unsent.dataset.school });
      if (mended) await queue.drop(mended.report_id);
      if (sent === form) forget(); // from here on it is in the queue
    } catch {
      sent.elements.report_id.value = body.report_id; // nothing can be kept on this device: as without script
      sent.submit();
      return true;
    }
    await flush();
    if (!outcomes.has(body.report_id)) await flush(); // the round that was under way had ended before
    awaited = "";
    const left = (await queue.all()).find((item) => item.body.report_id === body.report_id);
    if (!left) {
      location.assign(`/sesr/receipts/${body.report_id}`);
      return true;
    }
    if (left.problem) {
      if (mended) again = { ...mended, report_id: body.report_id };
      else {
        keepDraft();
        await queue.drop(body.report_id);
      }
      await show();
      refused(left);
      return false;
    }
    if (sent === form && typed === JSON.stringify(fields())) {
      release();
      form.reset();
      // The next report is of the same people, of whom a page that is not loaded anew knows the older ones only
      fill({ commander: body.commander, landline: body.landline, cell: body.cell });
    }
    unsent.scrollIntoView();
    return false;
  }

  // A page of yesterday, from the cache or left open: what it says of the day is old, what is sent counts for today
  function tellOldPage() {
    const told = document.querySelector("[data-old-page]");
    const today = new Intl.DateTimeFormat("en-CA", { timeZone: form.dataset.zone }).format(new Date());
    if (value("day") || today <= form.dataset.day) return;
    told.hidden = false;
    document.querySelector("[data-last]")?.remove();
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
      forgetOlder();
      const refusedOne = JSON.parse(sessionStorage.getItem(AGAIN) || "null");
      const draft = JSON.parse(localStorage.getItem(draftName) || "null");
      if (refusedOne && fits(refusedOne)) {
        sessionStorage.removeItem(AGAIN);
        hold(refusedOne);
      } else if (draft && !document.querySelector(".error-summary")) fill({ ...started, ...draft });
    } catch {
      forget();
    }
    form.addEventListener("input", () => {
      checkZero();
      keepDraft();
    });
    checkZero();
    tellOldPage();
    // A hint that does not come is no reason to say so, nor to leave a half filled form for the sign-in
    for (const name of ["htmx:error", "htmx:response:error"]) document.querySelector("#warnings").addEventListener(name, (event) => event.stopPropagation());
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const counts = {};
      for (const name of unsent.dataset.counts.split(" ")) counts[name] = form.elements[name].value = value(name);
      if (!form.reportValidity()) return;
      once(() => queued(form, counts, { media: flag("media"), outside_group: flag("outside_group") }, form.elements.confirmed_zero.checked, value("proxy_for")));
    });
    same?.addEventListener("submit", (event) => {
      event.preventDefault();
      const last = JSON.parse(same.dataset.same);
      once(() => queued(same, last.counts, last.flags, true, same.elements.proxy_for?.value ?? "", last.of));
    });
    addEventListener("pageshow", rest);
    document.addEventListener("visibilitychange", tellOldPage);
  }

  addEventListener("online", flush);
  addEventListener("pageshow", flush);
  document.addEventListener("visibilitychange", () => document.hidden || flush());
  setInterval(async () => ((await queue.all()).some((item) => !item.problem && !waitsForPerson(item.body.report_id)) ? flush() : undefined), RETRY_MS);
  show();

  if ("serviceWorker" in navigator && form) {
    navigator.storage?.persist?.();
    navigator.serviceWorker.addEventListener("message", (event) => {
      if (event.data?.kept) document.documentElement.dataset.offline = "ready";
    });
    navigator.serviceWorker.register("/sesr/sw.js").then(async () => {
      const look = [...document.querySelectorAll("script[src], link[rel=stylesheet], link[rel=icon]")].map((node) => node.src || node.href);
      const worker = (await navigator.serviceWorker.ready).active;
      const others = [...document.querySelectorAll("#school option:not([selected])")].slice(0, 9).map((site) => site.value);
      const isPlain = !value("supersedes") && !value("day") && !new URLSearchParams(location.search).has("incident");
      const pages = [{ url: location.href, school: isPlain ? value("school_key") : "" }, ...others.map((school) => ({ url: `/sesr/report?school=${encodeURIComponent(school)}`, school }))];
      worker.postMessage({ keep: { pages, look } });
    }).catch(() => undefined);
  }
})();
