// Keeps the strike form openable without network: pages from the network first, the look's files from the cache.
// Before it stand sesr-store.js and sesr-send.js, so that it sends what waits after the page is closed.
const PAGES = "sesr-pages";
const LOOK = "sesr-look";
const FORM = "/sesr/report";
const MARK = "x-ses-form"; // with the version of the look; what another program answers in our place has none
const SPECIAL = ["correct", "day", "incident"];
const PATIENCE_MS = 8000;
const NOT_KEPT =
  "There is no network, and this form was not opened on this device before. Go back to the form you had, or open this one again once there is a network.";
// The scope of a service worker, which the check of the types takes for a window.
const worker = /** @type {ServiceWorkerScope} */ (/** @type {unknown} */ (self));
const formOf = (school) => `${FORM}?school=${encodeURIComponent(school)}`;

worker.addEventListener("install", () => worker.skipWaiting());
worker.addEventListener("activate", (event) => event.waitUntil(worker.clients.claim()));
worker.addEventListener("sync", (event) => {
  if (event.tag === "sesr-send") event.waitUntil(sendAll());
});

// Fails while there is no network, so that the browser tries again later.
async function sendAll() {
  let isSilent = false;
  await sesr.send.flush((_, result) => { isSilent = isSilent || result.state === "silent"; });
  if (isSilent) throw new Error("no network");
}

// The form says which page and files it needs, for at its first visit this worker was not there yet.
worker.addEventListener("message", (event) => {
  if (event.data?.keep) event.waitUntil(keep(event.data.keep));
});

async function keep({ pages, look }) {
  const [opened, ...others] = pages;
  const isThere = await Promise.all(look.filter(Boolean).map((url) => keepLook(url).catch(() => false)));
  if (!isThere.every(Boolean)) return;
  await forgetOther(look);
  await Promise.all(others.map((page) => keepPage(page).catch(() => undefined)));
  await keepPage(opened).catch(() => undefined); // last, so that it is the newest
  for (const client of await worker.clients.matchAll()) client.postMessage({ kept: true });
}

async function keepLook(url) {
  const kept = await caches.open(LOOK);
  if (await kept.match(url)) return true;
  const answer = await fetch(url);
  const isPage = (answer.headers.get("Content-Type") || "").startsWith("text/html");
  if (!answer.ok || answer.redirected || isPage) return false;
  await kept.put(url, answer);
  return true;
}

// Files of an older look go, and with them the pages that need them.
async function forgetOther(look) {
  const kept = await caches.open(LOOK);
  const old = (await kept.keys()).filter((request) => !look.includes(request.url));
  await Promise.all(old.map((request) => kept.delete(request)));
  if (old.length) await caches.delete(PAGES);
}

// A copy that names nobody: the next person who holds this device without network sees no name and no phone.
async function keepPage({ url, school }) {
  const answer = await fetch(url, { credentials: "same-origin", headers: { "X-SES-Shell": "1" } });
  if (!answer.ok || answer.redirected || !answer.headers.get(MARK)) return;
  const cache = await caches.open(PAGES);
  if (school) await cache.put(formOf(school), answer.clone());
  await cache.put(url, answer);
}

// A network that is there and does not answer is as none.
async function page(request) {
  const fresh = fetch(request).catch(() => undefined);
  const late = new Promise((resolve) => setTimeout(resolve, PATIENCE_MS));
  const answer = (await Promise.race([fresh, late])) || (await known(new URL(request.url))) || (await fresh);
  return answer || new Response(NOT_KEPT, { status: 503, headers: { "Content-Type": "text/plain; charset=utf-8" } });
}

// Never the form of another school, nor a new report where a correction was asked for. Without a school the newest form
// that is nothing special: no correction, no day that is over, no incident that was chosen.
async function known({ href, searchParams }) {
  const cache = await caches.open(PAGES);
  const school = searchParams.get("school");
  const exact = await cache.match(href);
  if (exact || searchParams.has("correct")) return exact;
  if (school) return cache.match(formOf(school));
  const plain = (await cache.keys()).filter(({ url }) => !SPECIAL.some((name) => new URL(url).searchParams.has(name)));
  return plain.length ? cache.match(plain[plain.length - 1]) : undefined;
}

async function look(request) {
  return (await caches.match(request.url)) || fetch(request);
}

worker.addEventListener("fetch", (event) => {
  const { request } = event;
  const path = new URL(request.url).pathname;
  if (request.method !== "GET") return;
  if (request.mode === "navigate" && (path === FORM || path === "/sesr/")) event.respondWith(page(request));
  else if (path.startsWith("/static/")) event.respondWith(look(request));
});
