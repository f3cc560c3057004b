// Reports that are not sent yet, kept in this browser until the server has them. Sending one twice is harmless.
window.sesrQueue = (() => {
  const API = "/sesr/api/v1";
  const SEND_MS = 20000; // a network that does not answer within this time counts as none
  let csrf = document.querySelector('meta[name="csrf"]')?.content || "";
  let signedIn = document.querySelector("[data-unsent]")?.dataset.person || "";

  const database = new Promise((resolve, reject) => {
    const asked = indexedDB.open("ses-sesr", 1);
    asked.onupgradeneeded = () => asked.result.createObjectStore("reports", { keyPath: "body.report_id" });
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
  });

  async function run(mode, work) {
    const store = (await database).transaction("reports", mode).objectStore("reports");
    return new Promise((resolve, reject) => {
      const asked = work(store);
      store.transaction.oncomplete = () => resolve(asked.result);
      store.transaction.onabort = () => reject(store.transaction.error);
    });
  }

  const all = () => run("readonly", (store) => store.getAll());
  const keep = (item) => run("readwrite", (store) => store.put(item));
  const drop = (id) => run("readwrite", (store) => store.delete(id));

  async function post(item) {
    return fetch(`${API}/reports`, {
      method: "POST",
      headers: { "Content-Type": "application/json", Accept: "application/json", "X-CSRF-Token": csrf },
      body: JSON.stringify({ ...item.body, sent_at: new Date().toISOString() }),
      signal: AbortSignal.timeout?.(SEND_MS),
    });
  }

  // A gate of some network may answer in our place: only our own refusals are refusals.
  const isOurs = (answer) => (answer.headers.get("Content-Type") || "").startsWith("application/problem+json");

  // A page from the cache carries the form token of an older session: ask for today's, and whose it is.
  async function refreshed(item) {
    const answer = await fetch(`${API}/me`, { headers: { Accept: "application/json" }, signal: AbortSignal.timeout?.(SEND_MS) });
    if (!answer.ok) return answer;
    const me = await answer.json();
    csrf = me.csrf;
    signedIn = me.person;
    if (item.person && me.person !== item.person) return null;
    return post(item);
  }

  // What became of it: {state: "sent", receipt}, "silent" (no network), "waiting", "sign-in", "other-person", or "refused"
  // with the problem.
  async function send(item) {
    let answer;
    try {
      answer = item.person && item.person !== signedIn ? await refreshed(item) : await post(item);
      if (answer && (answer.status === 403 || answer.status === 401) && isOurs(answer)) answer = await refreshed(item);
    } catch {
      return { state: "silent" };
    }
    if (answer === null) return { state: "other-person" };
    if (!answer.ok && (!isOurs(answer) || answer.status === 429 || answer.status >= 500)) return { state: "waiting" };
    if (answer.status === 401) return { state: "sign-in" };
    const told = await answer.json().catch(() => ({}));
    if (answer.ok) {
      // Of what is no refusal, only the receipt of this report is one.
      if (told.report_id !== item.body.report_id) return { state: "waiting" };
      await drop(item.body.report_id);
      return { state: "sent", receipt: told };
    }
    await keep({ ...item, problem: told.detail || "The server did not take it.", problems: told.problems || [] });
    return { state: "refused", problem: told };
  }

  // One round at a time, over all tabs of a browser; what is kept while it lasts goes with it. A network that is silent for
  // one report is silent for all: the rest waits for the next round.
  async function round(tell) {
    const tried = new Set();
    const next = async () => (await all()).find((item) => !item.problem && !tried.has(item.body.report_id));
    const work = async () => {
      for (let item = await next(); item; item = await next()) {
        tried.add(item.body.report_id);
        const result = await send(item);
        tell(item, result);
        if (result.state === "silent") return;
      }
    };
    await (navigator.locks ? navigator.locks.request("sesr-send", work) : work());
  }

  let running = null;
  function flush(tell) {
    running = running || round(tell).finally(() => { running = null; });
    return running;
  }

  function newId() {
    if (crypto.randomUUID) return crypto.randomUUID();
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
  }

  return { all, keep, drop, flush, newId };
})();
