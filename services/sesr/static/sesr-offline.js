// The form without network: has the service worker keep it, with the files of its look and the forms of the person's other schools.
(() => {
  const form = document.querySelector("[data-report]");
  if (!("serviceWorker" in navigator) || !form) return;
  const value = (name) => form.elements[name].value;

  navigator.serviceWorker.addEventListener("message", (event) => {
    if (event.data?.kept) document.documentElement.dataset.offline = "ready";
  });

  async function keep() {
    await navigator.serviceWorker.register("/sesr/sw.js");
    const worker = (await navigator.serviceWorker.ready).active;
    const look = [...document.querySelectorAll("script[src], link[rel=stylesheet], link[rel=icon]")].map((node) => node.src || node.href);
    const others = [...document.querySelectorAll("#school option:not([selected])")].slice(0, 9).map((site) => site.value);
    const isPlain = !value("supersedes") && !value("day") && !new URLSearchParams(location.search).has("incident");
    const pages = [{ url: location.href, school: isPlain ? value("school_key") : "" }, ...others.map((school) => ({ url: `/sesr/report?school=${encodeURIComponent(school)}`, school }))];
    worker.postMessage({ keep: { pages, look } });
  }

  keep().catch(() => undefined);
})();
