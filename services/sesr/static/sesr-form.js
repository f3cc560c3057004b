// The strike form: sends at once where there is a network, else queues. A second tap is not a second report.
(() => {
  const draft = sesr.draft;
  const unsent = sesr.unsent;
  if (!draft || !unsent) return;
  const { form, value } = draft;
  /** @type {HTMLElement} */
  const place = document.querySelector("[data-unsent]");
  /** @type {StrikeForm} */
  const same = document.querySelector("[data-same]");
  const state = document.querySelector("[data-send-state]");
  let resting = state.textContent;
  let sending = false;
  let awaited = ""; // the report whose receipt is opened once it is sent
  let again = null; // the refused report that the form holds: it keeps its day and the time of its count

  function hide(selector, isHidden) {
    /** @type {HTMLElement} */
    const part = document.querySelector(selector);
    part.hidden = isHidden;
  }

  function rest() {
    sending = false;
    state.textContent = resting;
  }

  async function once(work) {
    if (sending) return;
    sending = true;
    state.textContent = "Sending…";
    if (!(await work())) rest();
  }

  function bodyOf(counts, flags, more) {
    const held = more.isForm ? again : null;
    return {
      report_id: sesr.send.newId(),
      school_key: value("school_key"),
      incident_id: value("incident_id"),
      day: value("day") || held?.day || null, // none: the day of the count, also for a page that stayed open over night
      counts,
      flags,
      status: value("status"),
      commander: value("commander"),
      landline: value("landline"),
      cell: value("cell"),
      counted_at: held?.counted_at ?? new Date().toISOString(),
      supersedes: value("supersedes") || null,
      reason: value("reason"),
      confirmed_incident: value("confirmed_incident") === "yes",
      ...more.fields,
    };
  }

  // Whether the page is left for the receipt.
  async function queued(counts, flags, more) {
    const typed = JSON.stringify(draft.fields());
    const body = bodyOf(counts, flags, more);
    awaited = body.report_id;
    const isKept = await sesr.store.keep({ body, person: unsent.person, school: form.dataset.school, token: place.dataset.reportKey });
    if (more.isForm && again) await sesr.store.drop(again.report_id);
    if (more.isForm) draft.forget(); // from here on it is in the queue
    await unsent.flush();
    if (!sesr.send.outcomeOf(body.report_id)) await unsent.flush(); // the round that was under way had ended before
    awaited = "";
    const left = (await sesr.store.all()).find((item) => item.body.report_id === body.report_id);
    if (!left) {
      draft.started(body);
      location.assign(`/sesr/receipts/${body.report_id}`);
      return true;
    }
    await (left.problem ? refused(left, more) : waits(body, typed, isKept));
    return false;
  }

  async function waits(body, typed, isKept) {
    if (isKept) later();
    else hide("[data-no-storage]", false);
    if (typed === JSON.stringify(draft.fields())) release(); // else somebody types the next one already
    draft.started(body);
    place.scrollIntoView();
  }

  // Requested only now that something waits: before, it would be a question that nobody understands.
  function later() {
    navigator.storage?.persist?.().catch(() => undefined);
    sesr.send.askForLater().catch(() => undefined);
  }

  // Refused while the page is open: a question stays above, else the form still holds what was typed.
  async function refused(item, more) {
    if (["newer_report", "which_incident", "clock_unset"].includes(item.code)) {
      await unsent.show();
      place.scrollIntoView();
      /** @type {HTMLElement} */
      const first = place.querySelector("button, input");
      first?.focus();
      return;
    }
    if (more.isForm && again) again = { ...again, report_id: item.body.report_id };
    else {
      draft.keep();
      await sesr.store.drop(item.body.report_id);
    }
    await unsent.show();
    summary(item);
  }

  function summary(item) {
    document.querySelector("#refusal")?.remove();
    const box = unsent.element("div", "", { class: "error-summary", id: "refusal", role: "alert", tabindex: "-1" });
    box.append(unsent.element("h2", item.problem));
    const list = unsent.element("ul");
    const order = [...form.elements].map((field) => /** @type {HTMLInputElement} */ (field).name);
    const place = (problem) => (order.includes(problem.field) ? order.indexOf(problem.field) : order.length);
    for (const problem of [...item.problems].sort((one, other) => place(one) - place(other))) {
      const line = unsent.element("li");
      line.append(problem.field ? unsent.element("a", problem.message, { href: `#${problem.field}` }) : problem.message);
      list.append(line);
    }
    box.append(list);
    form.before(box);
    box.focus();
  }

  // A refused report into the form that it was written in: the numbers of one school never go into the form of another.
  const fits = (body) => value("school_key") === body.school_key && value("incident_id") === body.incident_id && value("supersedes") === (body.supersedes ?? "");

  function hold(body) {
    const flags = Object.fromEntries(Object.entries(body.flags).map(([name, on]) => [name, on === null ? "" : on ? "yes" : "no"]));
    draft.fill({ ...body.counts, ...body, ...flags });
    again = { report_id: body.report_id, counted_at: body.counted_at, day: body.day };
    document.querySelector("#again")?.remove();
    const day = new Date(body.counted_at).toLocaleDateString([], { timeZone: form.dataset.zone, month: "short", day: "numeric" });
    const text = `These numbers were counted on ${day}, ${unsent.hour(body.counted_at)}, and are sent as such. To send current numbers, open a new form.`;
    form.before(unsent.element("p", text, { id: "again", class: "alert alert-info", role: "status" }));
    document.querySelector("#again").scrollIntoView();
  }

  function release() {
    again = null;
    document.querySelector("#again")?.remove();
  }

  document.addEventListener("sesr:fill", (event) => {
    if (!fits(event.detail)) return;
    event.preventDefault();
    hold(event.detail);
  });

  document.addEventListener("sesr:sent", (event) => {
    const { body, receipt } = event.detail;
    if (body.report_id === awaited) event.preventDefault(); // its receipt is opened
    if (body.school_key !== value("school_key") || body.incident_id !== value("incident_id")) return;
    if (receipt.number) resting = `Report ${receipt.number} received ${unsent.hour(receipt.received_at)}`;
    if (!sending) rest();
  });

  // A page of yesterday, from the cache or left open: what it says of the day is old, what is sent counts for today
  function tellOldPage() {
    const parts = new Intl.DateTimeFormat("en-US", { timeZone: form.dataset.zone, year: "numeric", month: "2-digit", day: "2-digit" }).formatToParts(new Date());
    const part = (type) => parts.find((each) => each.type === type).value;
    if (value("day") || `${part("year")}-${part("month")}-${part("day")}` <= form.dataset.day) return;
    hide("[data-old-page]", false);
    document.querySelector("[data-last]")?.remove();
  }

  draft.restore();
  const refusedOne = sesr.local.read(unsent.person, "again");
  if (refusedOne && fits(refusedOne)) {
    sesr.local.remove(unsent.person, "again");
    hold(refusedOne);
  }
  form.addEventListener("input", () => {
    draft.checkZero();
    draft.keep();
  });
  // One tap and the digits: what is there is replaced
  form.addEventListener("focusin", (event) => {
    if (event.target instanceof HTMLInputElement && event.target.matches("[inputmode=numeric]")) event.target.select();
  });
  tellOldPage();
  // A hint that does not come is no reason to say so, nor to leave a half filled form for the sign-in
  for (const name of ["htmx:error", "htmx:response:error"]) document.querySelector("#warnings").addEventListener(name, (event) => event.stopPropagation());
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    for (const [name, text] of Object.entries(draft.typed())) form.elements[name].value = text;
    if (!form.reportValidity()) return;
    const fields = { proxy_for: value("proxy_for"), confirmed_zero: form.elements.confirmed_zero.checked, based_on: value("based_on") || null };
    once(() => queued(draft.typed(), draft.flags(), { isForm: true, fields }));
  });
  same?.addEventListener("submit", (event) => {
    event.preventDefault();
    /** @type {HTMLElement} */
    const card = document.querySelector("[data-last]");
    const last = JSON.parse(card.dataset.last);
    const fields = { proxy_for: same.elements.proxy_for?.value ?? "", confirmed_zero: true, same_as: last.report_id };
    once(() => queued(last.counts, last.flags, { isForm: false, fields }));
  });
  addEventListener("pageshow", () => {
    rest();
    tellOldPage();
  });
  document.addEventListener("visibilitychange", tellOldPage);
  sesr.store.works().then((works) => {
    hide("[data-no-storage]", works);
  });
})();
