// What this person has not sent yet, above everything else on every page of strike reports; sent whenever there is a network.
(() => {
  /** @type {HTMLElement} */
  const place = document.querySelector("[data-unsent]");
  if (!place) return;
  const RETRY_MS = 5000;
  const person = place.dataset.person;
  const zone = place.dataset.zone ? { timeZone: place.dataset.zone } : {};
  let shown = ""; // what the list of the unsent was last made of

  const element = (name, text, attributes = {}) => {
    const made = document.createElement(name);
    if (text) made.textContent = text;
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    return made;
  };
  // The district's time, as on the receipt, wherever the phone believes to be
  const hour = (instant) => new Date(instant).toLocaleTimeString([], { ...zone, hour: "numeric", minute: "2-digit" });

  function button(text, work, kind = "") {
    const made = element("button", text, { type: "button", class: `button button-small ${kind}`.trim() });
    made.addEventListener("click", work);
    return made;
  }

  // A report belongs to who wrote it: nobody else sees it, also not while it is sent in its writer's name.
  const mine = async () => (await sesr.store.all()).filter((item) => person && item.person === person);
  const waitsForPerson = (item) => sesr.send.outcomeOf(item.body.report_id) === "sign-in";

  async function show() {
    const items = await mine();
    // The same is not made again with every try: it would take a button from under the finger and be read aloud again
    const state = JSON.stringify(items.map((item) => [item, waitsForPerson(item)]));
    if (state === shown) return;
    shown = state;
    place.hidden = items.length === 0;
    place.replaceChildren();
    if (items.length) place.append(box(items));
  }

  function box(items) {
    const made = element("div", "", { class: "alert alert-error", role: "alert" });
    const inner = element("div");
    const waits = items.some((item) => !item.problem);
    inner.append(element("h2", `NOT SENT YET: ${items.length === 1 ? "1 report" : `${items.length} reports`}`));
    inner.append(element("p", waits ? "Saved on this device. It is sent automatically when there is a network, from any page of strike reports." : "Saved on this device. It is sent once your answer is there."));
    const list = element("ul");
    for (const item of items) list.append(row(item));
    inner.append(list);
    if (items.some(waitsForPerson)) inner.append(element("a", "Sign in to send", { class: "button", href: `/sign-in?next=${encodeURIComponent("/sesr/report")}` }));
    else if (waits) inner.append(button("Send now", () => flush()));
    made.append(inner);
    return made;
  }

  function row(item) {
    const made = element("li", `${item.school}, counted ${item.code === "clock_unset" ? "at a time that nobody knows" : hour(item.body.counted_at)}: ${item.body.counts.students_present} students present. `);
    if (!item.problem) return made;
    made.append(element("strong", `${item.problem} ${item.problems.map((problem) => problem.message).filter(Boolean).join(". ")} `));
    made.append(...(questions[item.code]?.(item) ?? [button("Fill in again", () => fillAgain(item))]));
    const apart = element("p");
    apart.append(button("Discard…", () => discard(item), "button-quiet"));
    made.append(apart);
    return made;
  }

  // What only its sender can tell: each question has its own answers, and the answered report goes at once.
  const questions = {
    newer_report: (item) => [
      button("Send mine anyway", () => answered(item, { after: item.problems[0].report_id })),
      button("Open the current form", () => fillAgain(item)),
    ],
    which_incident: (item) =>
      item.problems.map((choice) =>
        button(choice.message, () => answered(item, { incident_id: choice.incident_id, confirmed_incident: true, same_as: null, based_on: null })),
      ),
    clock_unset: (item) => {
      const id = `time-${item.body.report_id}`;
      const time = element("input", "", { type: "time", id, required: "", class: "input" });
      const send = button("Send with this time", () => time.reportValidity() && answered(item, { counted_time: time.value }));
      return [element("label", "When was it counted? ", { for: id }), time, send];
    },
  };

  async function answered(item, answer) {
    const { problem, problems, code, ...rest } = item;
    await sesr.store.keep({ ...rest, body: { ...item.body, ...answer } });
    await flush();
  }

  function fillAgain(item) {
    // The form takes it where it is the form of this school; else it is opened first.
    if (document.dispatchEvent(new CustomEvent("sesr:fill", { detail: item.body, cancelable: true }))) {
      sesr.local.write(person, "again", item.body);
      const { supersedes, school_key, incident_id } = item.body;
      location.assign(supersedes ? `/sesr/report?correct=${supersedes}` : `/sesr/report?${new URLSearchParams({ school: school_key, ...(incident_id && { incident: incident_id }) })}`);
    }
  }

  async function discard(item) {
    const lost = `${item.school}, counted ${hour(item.body.counted_at)}: ${item.body.counts.students_present} students present. It was never sent, and nobody else has it.`;
    if (!(await confirmed("Discard this report?", lost, "Discard it", "Keep it"))) return;
    await sesr.store.drop(item.body.report_id);
    await show();
  }

  // Asks in a dialog; `keep` has the focus.
  function confirmed(title, text, go, keep) {
    const asks = element("dialog", "", { "aria-labelledby": "sesr-asks" });
    if (!asks.showModal) return Promise.resolve(confirm(`${title} ${text}`));
    const form = element("form", "", { method: "dialog", class: "stack" });
    form.append(element("h2", title, { id: "sesr-asks" }), element("p", text));
    const answers = element("div", "", { class: "row" });
    answers.append(element("button", keep, { class: "button button-primary", value: "keep", autofocus: "" }), element("button", go, { class: "button", value: "go" }));
    form.append(answers);
    asks.append(form);
    document.body.append(asks);
    asks.showModal();
    return new Promise((resolve) =>
      asks.addEventListener("close", () => {
        asks.remove();
        resolve(asks.returnValue === "go");
      }),
    );
  }

  async function flush() {
    await sesr.send.flush((item, result) => {
      if (item.person === person && ["sent", "held"].includes(result.state)) say(item, result);
    });
    await show();
  }

  // It went by itself: the page is the one of before, so it says what it did not know
  /**
   * @param {StrikeItem} item
   * @param {StrikeResult} result
   */
  function say(item, { state, receipt }) {
    const isOwn = !document.dispatchEvent(new CustomEvent("sesr:sent", { detail: { body: item.body, receipt }, cancelable: true }));
    if (isOwn) return; // the form opens the receipt
    const text = state === "held" ? "Your report is with the duty desk, which decides on it" : `Report ${receipt.number} received`;
    document.dispatchEvent(new CustomEvent("ses:toast", { detail: { text } }));
  }

  // Signing out: what is not sent is named, everything else of this person leaves the device.
  async function signOut(event) {
    const items = await mine();
    const text = `${items.length === 1 ? "1 report is" : `${items.length} reports are`} not sent yet. They stay on this device, nobody else sees them, and they are sent in your name when there is a network.`;
    if (items.length && !(await confirmed("Sign out?", text, "Sign out", "Stay"))) return;
    sesr.local.removeAll();
    await globalThis.caches?.delete("sesr-pages").catch(() => undefined);
    event.target.submit();
  }

  document.querySelector('form[action="/sign-out"]')?.addEventListener("submit", (event) => {
    event.preventDefault();
    signOut(event);
  });

  sesr.unsent = { show, flush, element, hour, person };
  sesr.send.onChange(show);
  addEventListener("online", flush);
  addEventListener("pageshow", flush);
  document.addEventListener("visibilitychange", () => document.hidden || flush());
  setInterval(async () => {
    const waiting = (await sesr.store.all()).some((item) => !item.problem && !(item.person === person && waitsForPerson(item)));
    return waiting ? flush() : show();
  }, RETRY_MS);
  if (person) sesr.local.keepOnlyOf(person);
  flush();
})();
