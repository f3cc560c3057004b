// The form without network: has the service worker keep it, with the files of its look and the forms of the person's other schools.
(() => {
  /** @type {StrikeForm} */
  const form = document.querySelector("[data-report]");
  if (!("serviceWorker" in navigator) || !form) return;
  /** @param {string} name */
  const value = (name) => form.elements[name].value;

  navigator.serviceWorker.addEventListener("message", (event) => {
    if (event.data?.kept) document.documentElement.dataset.offline = "ready";
  });

  async function keep() {
    await navigator.serviceWorker.register("/sesr/sw.js");
    const worker = (await navigator.serviceWorker.ready).active;
    /** @type {NodeListOf<HTMLScriptElement>} */
    const scripts = document.querySelectorAll("script[src]");
    /** @type {NodeListOf<HTMLLinkElement>} */
    const links = document.querySelectorAll("link[rel=stylesheet], link[rel=icon]");
    const look = [...[...scripts].map((node) => node.src), ...[...links].map((node) => node.href)];
    /** @type {NodeListOf<HTMLOptionElement>} */
    const sites = document.querySelectorAll("#school option:not([selected])");
    const others = [...sites].slice(0, 9).map((site) => site.value);
    const isPlain = !value("supersedes") && !value("day") && !new URLSearchParams(location.search).has("incident");
    const pages = [{ url: location.href, school: isPlain ? value("school_key") : "" }, ...others.map((school) => ({ url: `/sesr/report?school=${encodeURIComponent(school)}`, school }))];
    worker.postMessage({ keep: { pages, look } });
  }

  keep().catch(() => undefined);
})();
