// Keeps the strike form openable without network: pages from the network first, the look's files from the cache.
const PAGES = "sesr-pages";
const LOOK = "sesr-look";
const FORM = "/sesr/report";
const SPECIAL = ["correct", "day", "incident"];
const PATIENCE_MS = 8000;
const NOT_KEPT =
  "There is no network, and this form was not opened on this device before. Go back to the form you had, or open this one again once there is a network.";
const formOf = (school) => `${FORM}?school=${encodeURIComponent(school)}`;

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

// The form tells which page and files it needs, for at its first visit this worker was not there yet.
self.addEventListener("message", (event) => {
  if (event.data?.keep) event.waitUntil(keep(event.data.keep));
});

async function keep({ pages, look }) {
  const kept = await caches.open(LOOK);
  for (const request of await kept.keys()) {
    if (!look.includes(request.url)) await kept.delete(request);
  }
  const [opened, ...others] = pages;
  await Promise.all([kept.addAll(look.filter(Boolean)), ...others.map(keepPage)]).catch(() => undefined);
  await keepPage(opened).catch(() => undefined); // last, so that it is the newest
  tellKept();
}

async function keepPage({ url, school }) {
  const answer = await fetch(url, { credentials: "same-origin" });
  if (school) await store(formOf(school), answer.clone());
  await store(url, answer);
}

async function tellKept() {
  for (const client of await self.clients.matchAll()) client.postMessage({ kept: true });
}

async function store(url, answer) {
  if (answer.ok && !answer.redirected) await (await caches.open(PAGES)).put(url, answer);
}

async function fresh(request) {
  const answer = await fetch(request);
  if (new URL(request.url).pathname === FORM) await store(request.url, answer.clone());
  return answer;
}

// A network that is there and does not answer is as none.
async function page(request) {
  const asked = fresh(request).catch(() => undefined);
  const late = new Promise((resolve) => setTimeout(resolve, PATIENCE_MS));
  const answer = (await Promise.race([asked, late])) || (await known(new URL(request.url))) || (await asked);
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

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const path = new URL(request.url).pathname;
  if (request.method !== "GET") return;
  if (request.mode === "navigate" && (path === FORM || path === "/sesr/")) event.respondWith(page(request));
  else if (path.startsWith("/static/")) event.respondWith(look(request));
});
