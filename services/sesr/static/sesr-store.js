// What the strike form keeps in this browser: reports that are not sent yet, drafts, the last report of each school.
// All of it belongs to a person (by an opaque key). The service worker reads the reports too.
globalThis.sesr = globalThis.sesr || /** @type {typeof sesr} */ ({});

sesr.store = (() => {
  const ANSWER_MS = 3000; // a browser that does not answer within this time keeps nothing
  const inMemory = new Map(); // for a browser that keeps nothing: lives as long as the page
  const AGAIN_MS = 30000; // one that did not open is not waited for again at every step
  let connection = null;
  let failedAt = -Infinity;

  const within = (work) =>
    Promise.race([work, new Promise((_, reject) => setTimeout(() => reject(new Error("the storage does not answer")), ANSWER_MS))]);

  // Opened again after a failure, and after the browser closed it: an iPhone does so with pages in the background.
  function opened() {
    if (performance.now() - failedAt < AGAIN_MS) return Promise.reject(new Error("the storage does not open"));
    connection = connection || within(open()).catch((error) => {
      connection = null;
      failedAt = performance.now();
      throw error;
    });
    return connection;
  }

  function open() {
    return new Promise((resolve, reject) => {
      const request = indexedDB.open("ses-sesr", 1);
      request.onupgradeneeded = () => request.result.createObjectStore("reports", { keyPath: "body.report_id" });
      request.onerror = () => reject(request.error);
      request.onsuccess = () => {
        const database = request.result;
        const forget = () => { connection = null; };
        database.onclose = forget;
        database.onversionchange = () => {
          database.close();
          forget();
        };
        resolve(database);
      };
    });
  }

  async function tried(mode, work) {
    const database = await opened();
    return within(new Promise((resolve, reject) => {
      const transaction = database.transaction("reports", mode);
      const request = work(transaction.objectStore("reports"));
      transaction.oncomplete = () => resolve(request.result);
      transaction.onabort = transaction.onerror = () => reject(transaction.error || new Error("the storage refused"));
    }));
  }

  // A connection that the browser closed unseen fails once; the next one is a new one.
  async function run(mode, work) {
    try {
      return await tried(mode, work);
    } catch {
      connection = null;
      return tried(mode, work);
    }
  }

  const byCount = (one, other) => (one.body.counted_at < other.body.counted_at ? -1 : 1);

  // Every report that is not sent yet, the first counted first.
  async function all() {
    const kept = await run("readonly", (store) => store.getAll()).catch(() => []);
    const ids = new Set(kept.map((item) => item.body.report_id));
    return [...kept, ...[...inMemory.values()].filter((item) => !ids.has(item.body.report_id))].sort(byCount);
  }

  // Whether it is kept beyond this page.
  async function keep(item) {
    try {
      await run("readwrite", (store) => store.put(item));
      inMemory.delete(item.body.report_id);
      return true;
    } catch {
      inMemory.set(item.body.report_id, item);
      return false;
    }
  }

  async function drop(id) {
    inMemory.delete(id);
    await run("readwrite", (store) => store.delete(id)).catch(() => undefined);
  }

  // Whether this browser keeps anything: tried, for a private window may refuse only the first write.
  async function works() {
    const probe = { body: { report_id: "probe", counted_at: "" }, person: "" };
    try {
      await tried("readwrite", (store) => store.put(probe));
      await tried("readwrite", (store) => store.delete("probe"));
      return true;
    } catch {
      return false;
    }
  }

  return { all, keep, drop, works };
})();

// Small things of a person, beside the reports: drafts, last reports, contacts.
sesr.local = (() => {
  const PREFIX = "sesr ";
  const KEPT_DAYS = 7;

  function attempt(work) {
    try {
      return work();
    } catch {
      return null; // storage is full or switched off: the form works without it
    }
  }

  const name = (person, key) => `${PREFIX}${person} ${key}`;
  const read = (person, key) => attempt(() => JSON.parse(localStorage.getItem(name(person, key))));
  const write = (person, key, value) =>
    attempt(() => localStorage.setItem(name(person, key), JSON.stringify({ ...value, keptAt: Date.now() })));
  const remove = (person, key) => attempt(() => localStorage.removeItem(name(person, key)));

  function removeWhere(isOld) {
    attempt(() => {
      for (const key of Object.keys(localStorage).filter((each) => each.startsWith(PREFIX))) {
        const value = attempt(() => JSON.parse(localStorage.getItem(key)));
        if (isOld(key.split(" ")[1], value)) localStorage.removeItem(key);
      }
    });
  }

  // Nothing of another person stays on a device that several people use, and nothing older than a week.
  const keepOnlyOf = (person) =>
    removeWhere((owner, value) => owner !== person || !value || value.keptAt < Date.now() - KEPT_DAYS * 86400000);
  const removeAll = () => removeWhere(() => true);

  return { read, write, remove, keepOnlyOf, removeAll };
})();
