// Keeps the strike form openable without network: pages from the network first, the look's files from the cache.
const PAGES = "sesr-pages";
const LOOK = "sesr-look";
const FORM = "/sesr/report";

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

// The form tells which page and files it needs, for at its first visit this worker was not there yet.
self.addEventListener("message", (event) => {
  if (event.data?.forget) event.waitUntil(caches.delete(PAGES));
  if (event.data?.keep) event.waitUntil(keep(event.data.keep));
});

async function keep({ pages, look }) {
  const kept = await caches.open(LOOK);
  for (const request of await kept.keys()) {
    if (!look.includes(request.url)) await kept.delete(request);
  }
  await Promise.all([
    kept.addAll(look.filter(Boolean)),
    ...pages.map(async (page) => store(page, await fetch(page, { credentials: "same-origin" }))),
  ]).catch(() => undefined);
  tellKept();
}

async function tellKept() {
  for (const client of await self.clients.matchAll()) client.postMessage({ kept: true });
}

async function store(url, answer) {
  if (answer.ok && !answer.redirected) await (await caches.open(PAGES)).put(url, answer);
}

async function page(request) {
  try {
    const answer = await fetch(request);
    if (new URL(request.url).pathname === FORM) await store(request.url, answer.clone());
    return answer;
  } catch (error) {
    const cache = await caches.open(PAGES);
    const found = (await cache.match(request.url)) || (await cache.match(FORM, { ignoreSearch: true }));
    if (found) return found;
    throw error;
  }
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
