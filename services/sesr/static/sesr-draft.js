// The strike form's values: what was typed outlives a closed page, a later report starts from the last one.
globalThis.sesr = globalThis.sesr || /** @type {typeof sesr} */ ({});

sesr.draft = (() => {
  /** @type {StrikeForm} */
  const form = document.querySelector("[data-report]");
  if (!form) return null;
  /** @type {HTMLElement} */
  const place = document.querySelector("[data-unsent]");
  const person = place.dataset.person;
  const HIDDEN = ["csrf", "report_id", "school_key", "incident_id", "day", "supersedes", "confirmed_incident"];
  const CONTACTS = ["commander", "landline", "cell"];
  /** @param {string} name */
  const value = (name) => form.elements[name]?.value?.trim() ?? "";
  const counts = form.dataset.counts.split(" ");

  const key = (kind) => `${kind} ${value("day") || form.dataset.day} ${value("school_key")} ${value("incident_id")} ${value("supersedes")}`;
  const fields = () => Object.fromEntries([...new FormData(form).entries()].filter(([name]) => !HIDDEN.includes(name)));

  const keep = () => sesr.local.write(person, key("draft"), { fields: fields() });
  const forget = () => sesr.local.remove(person, key("draft"));

  function fill(values) {
    for (const [name, text] of Object.entries(values)) {
      const field = form.elements[name];
      if (field === undefined || HIDDEN.includes(name)) continue;
      if (field.type === "checkbox") field.checked = text === "yes" || text === true;
      else field.value = text ?? "";
    }
    checkZero();
  }

  function checkZero() {
    /** @type {HTMLElement} */
    const zero = form.querySelector("[data-zero]");
    const isZero = /^0+$/.test(value("students_present"));
    zero.hidden = !isZero;
    form.elements.confirmed_zero.required = isZero;
    if (!isZero) form.elements.confirmed_zero.checked = false;
  }

  const answer = (flag) => (flag === true ? "yes" : flag === false ? "no" : "");
  /** @param {string} name */
  const flag = (name) => ({ yes: true, no: false })[form.elements[name]?.value] ?? null;
  const flags = () => ({ media: flag("media"), outside_group: flag("outside_group") });
  const typed = () => Object.fromEntries(counts.map((name) => [name, value(name)]));

  // The last report: as the page knows it, or as this device sent or queued it after the page was made.
  function last() {
    /** @type {HTMLElement} */
    const card = document.querySelector("[data-last]");
    const known = card ? JSON.parse(card.dataset.last) : null;
    const own = sesr.local.read(person, key("last"));
    return own && (!known || own.counted_at > known.counted_at) ? own : known;
  }

  // A report of this form was sent or queued: the next one starts from it, also on this page.
  function started(body) {
    const raised = { ...(last()?.flags ?? {}), ...Object.fromEntries(Object.entries(body.flags).filter(([, on]) => on !== null)) };
    sesr.local.write(person, key("last"), { report_id: body.report_id, counted_at: body.counted_at, counts: body.counts, flags: raised });
    contacts(Object.fromEntries(CONTACTS.map((name) => [name, body[name]])));
    start();
  }

  function start() {
    const from = last();
    if (!from || value("supersedes")) return;
    const zero = String(from.counts.students_present) === "0";
    fill({ ...from.counts, media: answer(from.flags.media), outside_group: answer(from.flags.outside_group), based_on: from.report_id, confirmed_zero: zero });
    form.elements.based_on.value = from.report_id;
  }

  // Names and phones are no part of the page that is kept for times without network: the device adds its own person's,
  // until its right to send has ended.
  function contacts(fresh) {
    const name = `contacts ${value("school_key")}`;
    if (fresh) return sesr.local.write(person, name, { ...fresh, until: place.dataset.until });
    const kept = sesr.local.read(person, name);
    if (!kept) return undefined;
    if (!(Date.parse(kept.until) > Date.now())) return sesr.local.remove(person, name);
    return fill(Object.fromEntries(CONTACTS.filter((each) => !value(each)).map((each) => [each, kept[each]])));
  }

  function restore() {
    const own = sesr.local.read(person, key("last"));
    if (!document.querySelector(".error-summary") && own && last().report_id === own.report_id) start();
    if (CONTACTS.some(value)) contacts(Object.fromEntries(CONTACTS.map((name) => [name, value(name)])));
    else contacts();
    const draft = sesr.local.read(person, key("draft"));
    if (draft && !document.querySelector(".error-summary")) fill(draft.fields);
    if (draft?.fields.based_on) form.elements.based_on.value = draft.fields.based_on;
    checkZero();
  }

  return { form, value, fields, fill, keep, forget, checkZero, flags, typed, last, started, restore };
})();
