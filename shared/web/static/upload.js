// Forms with data-upload: drag and drop, progress by bytes, cancel. Without script they are plain file forms.
(() => {
  const megabytes = (bytes) => `${(bytes / 1048576).toFixed(1)} MB`;

  function show(form, text, percent) {
    form.querySelector("[data-status]").textContent = text;
    const bar = form.querySelector("progress");
    if (percent === null) bar.removeAttribute("value");
    else bar.value = percent;
  }

  function stop(form) {
    form.querySelector("[data-progress]").hidden = true;
    for (const button of form.querySelectorAll("[type=submit], button:not([type])")) button.disabled = false;
  }

  function lineOf(problem) {
    const where = [problem.sheet, problem.row && `row ${problem.row}`, problem.column].filter(Boolean).join(", ");
    return where ? `${where}: ${problem.message}` : problem.message;
  }

  function reasonsOf(request) {
    try {
      const body = JSON.parse(request.responseText);
      return [body.detail || body.title, ...(body.problems || []).slice(0, 20).map(lineOf)];
    } catch {
      const page = new DOMParser().parseFromString(request.responseText, "text/html");
      const found = page.querySelectorAll(".error-summary li, .lead");
      return [...found].map((item) => item.textContent.trim());
    }
  }

  function complain(form, reasons) {
    const box = document.createElement("div");
    box.className = "error-summary";
    box.setAttribute("role", "alert");
    box.tabIndex = -1;
    const title = document.createElement("h2");
    title.textContent = "The file was not accepted";
    const list = document.createElement("ul");
    for (const reason of reasons.filter(Boolean)) {
      const item = document.createElement("li");
      item.textContent = reason;
      list.append(item);
    }
    box.append(title, list);
    form.querySelector("[data-upload-problem]").replaceChildren(box);
    box.focus();
  }

  function finish(form, request) {
    const place = request.getResponseHeader("Location");
    if (request.status < 400) {
      location.assign(place || request.responseURL);
      return;
    }
    stop(form);
    const reasons = reasonsOf(request);
    complain(form, reasons.some(Boolean) ? reasons : ["The server did not accept it. Try again, or ask for help below."]);
  }

  function send(form, submitter) {
    const request = new XMLHttpRequest();
    request.upload.addEventListener("progress", (event) => {
      const percent = event.lengthComputable ? (100 * event.loaded) / event.total : null;
      const checking = percent === 100;
      const text = checking ? "Sent. Checking the file." : `${megabytes(event.loaded)} of ${megabytes(event.total)} sent`;
      show(form, text, checking ? null : percent);
    });
    request.addEventListener("load", () => finish(form, request));
    request.addEventListener("error", () => {
      stop(form);
      complain(form, ["The connection broke. Nothing was stored; send the file again."]);
    });
    request.addEventListener("abort", () => stop(form));
    request.open("POST", submitter?.getAttribute("formaction") || form.getAttribute("action"));
    request.setRequestHeader("Accept", "application/json");
    const token = document.querySelector("meta[name=csrf]")?.getAttribute("content");
    if (token) request.setRequestHeader("X-CSRF-Token", token);
    form.querySelector("[data-upload-problem]").replaceChildren();
    form.querySelector("[data-progress]").hidden = false;
    form.querySelector("[data-cancel]").onclick = () => request.abort();
    show(form, "Sending", 0);
    request.send(new FormData(form, submitter));
    for (const button of form.querySelectorAll("[type=submit], button:not([type])")) button.disabled = true;
  }

  document.addEventListener("submit", (event) => {
    const form = /** @type {HTMLFormElement} */ (event.target);
    if (!form.matches("form[data-upload]")) return;
    event.preventDefault();
    send(form, event.submitter);
  });

  // Firefox keeps a switched-off button over Back and a reload, whatever the page says
  addEventListener("pageshow", () => {
    /** @type {NodeListOf<HTMLFormElement>} */
    const forms = document.querySelectorAll("form[data-upload]");
    forms.forEach(stop);
  });

  const zoneOf = (event) => (/** @type {HTMLElement} */ (event.target)).closest?.("[data-drop]");

  for (const name of ["dragenter", "dragover"]) {
    document.addEventListener(name, (event) => {
      const zone = zoneOf(event);
      if (!zone) return;
      event.preventDefault();
      zone.classList.add("over");
    });
  }
  for (const name of ["dragleave", "drop"]) {
    document.addEventListener(name, (event) => zoneOf(event)?.classList.remove("over"));
  }
  document.addEventListener("drop", (event) => {
    const zone = zoneOf(event);
    if (!zone || !event.dataTransfer.files.length) return;
    event.preventDefault();
    const input = zone.querySelector("input"); // the file field is the only one there
    input.files = event.dataTransfer.files;
    input.dispatchEvent(new Event("change", { bubbles: true }));
  });
})();
