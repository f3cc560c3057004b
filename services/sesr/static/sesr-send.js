// Sends what is not sent yet: from any page of the service, and from the service worker. Sending one twice is harmless.
globalThis.sesr = globalThis.sesr || /** @type {typeof sesr} */ ({});

sesr.send = (() => {
  const API = "/sesr/api/v1";
  const SEND_MS = 20000; // a network that does not answer within this time counts as none
  const channel = typeof BroadcastChannel === "undefined" ? null : new BroadcastChannel("sesr-unsent");
  const page = globalThis.document;
  /** @type {HTMLMetaElement | undefined} */
  const meta = page?.querySelector('meta[name="csrf"]');
  /** @type {HTMLElement | undefined} */
  const place = page?.querySelector("[data-unsent]");
  let csrf = meta?.content || "";
  let signedIn = place?.dataset.person || "";
  const outcomes = new Map(); // report id -> the last outcome

  function post(path, body, more) {
    return fetch(`${API}${path}`, {
      method: "POST",
      body: JSON.stringify({ ...body, sent_at: new Date().toISOString() }),
      signal: AbortSignal.timeout?.(SEND_MS),
      ...more,
    });
  }

  const JSON_TYPES = { "Content-Type": "application/json", Accept: "application/json" };
  const bySession = (item) => post("/reports", item.body, { headers: { ...JSON_TYPES, "X-CSRF-Token": csrf } });
  // In the name of whoever wrote it, whoever is signed in here now: the token says who, no cookie goes along.
  const byToken = (item) => post("/reports/queued", { ...item.body, report_token: item.token }, { headers: JSON_TYPES, credentials: "omit" });

  // A gate of some network may answer in our place: only our own refusals are refusals.
  const isOurs = (answer) => (answer.headers.get("Content-Type") || "").startsWith("application/problem+json");
  const isNoSession = (answer) => isOurs(answer) && (answer.status === 401 || answer.status === 403);

  // A page from the cache carries the form token of an older session: ask for today's, and whose it is.
  async function refreshed(item) {
    const answer = await fetch(`${API}/me`, { headers: { Accept: "application/json" }, signal: AbortSignal.timeout?.(SEND_MS) });
    if (!answer.ok) return answer;
    const me = await answer.json().catch(() => ({}));
    csrf = me.csrf || "";
    signedIn = me.person_key || "";
    return signedIn === item.person ? bySession(item) : null;
  }

  // The answer to the report; null where it waits for its person to sign in.
  async function answered(item) {
    let answer = null;
    if (signedIn && item.person === signedIn) answer = await bySession(item);
    if (answer && !isNoSession(answer)) return answer;
    if (page) {
      const again = await refreshed(item);
      if (again && !isNoSession(again)) return again;
      answer = again || answer;
    }
    if (!item.token) return answer;
    const last = await byToken(item);
    return isNoSession(last) ? answer || last : last;
  }

  // Outcome: {state: "sent", receipt}, "held" (for the desk to decide), "silent" (no network), "waiting",
  // "sign-in", or "refused" with the problem.
  async function send(item) {
    let answer;
    try {
      answer = await answered(item);
    } catch {
      return { state: "silent" };
    }
    if (answer === null || isNoSession(answer)) return { state: "sign-in" };
    if (!answer.ok && (!isOurs(answer) || answer.status === 429 || answer.status >= 500)) return { state: "waiting" };
    const said = await answer.json().catch(() => ({}));
    if (!answer.ok) {
      await sesr.store.keep({ ...item, problem: said.detail || "The server did not accept it.", problems: said.problems || [], code: said.code || "" });
      return { state: "refused", problem: said };
    }
    // Of what is not a refusal, only the receipt of this report is one.
    if (said.report_id !== item.body.report_id) return { state: "waiting" };
    await sesr.store.drop(item.body.report_id);
    return { state: said.held ? "held" : "sent", receipt: said };
  }

  // One round at a time, over all tabs of a browser; what is kept while it lasts goes with it. A network that is silent
  // for one report is silent for all: the rest waits for the next round.
  async function round(tell) {
    const tried = new Set();
    const next = async () => (await sesr.store.all()).find((item) => !item.problem && !tried.has(item.body.report_id));
    const work = async () => {
      for (let item = await next(); item; item = await next()) {
        tried.add(item.body.report_id);
        const result = await send(item);
        outcomes.set(item.body.report_id, result.state);
        tell(item, result);
        if (result.state === "silent") return;
      }
    };
    await (navigator.locks ? navigator.locks.request("sesr-send", work) : work());
    if (tried.size) channel?.postMessage("changed");
  }

  let running = null;
  /** @param {(item: StrikeItem, result: StrikeResult) => void} tell */
  function flush(tell = () => undefined) {
    running = running || round(tell).finally(() => { running = null; });
    return running;
  }

  // The browser is requested to do so as well, where it can send after the page is closed.
  async function askForLater() {
    const worker = await navigator.serviceWorker?.getRegistration?.("/sesr/");
    await worker?.sync?.register("sesr-send");
  }

  function newId() {
    if (crypto.randomUUID) return crypto.randomUUID();
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
  }

  const outcomeOf = (id) => outcomes.get(id);
  const onChange = (work) => channel?.addEventListener("message", work);
  return { flush, askForLater, newId, outcomeOf, onChange };
})();
