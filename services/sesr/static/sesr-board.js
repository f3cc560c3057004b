// The board where its stream does not come through: asks for the live part again, and says so in words.
(() => {
  /** @type {HTMLElement} */
  const board = document.querySelector("#live-board[data-poll]");
  /** @type {HTMLElement} */
  const state = document.querySelector("#live-state");
  if (!board) return;
  const QUIET_MS = 30000; // the stream sends something every 20 seconds
  const POLL_MS = 10000;
  let heard = Date.now();

  document.addEventListener("htmx:sse:after:message", () => {
    heard = Date.now();
    tell("");
  });

  function tell(text, stale = false) {
    board.querySelector(".live")?.classList.toggle("stale", stale);
    if (state.textContent !== text) state.textContent = text;
    state.hidden = !text;
  }

  async function poll() {
    if (Date.now() - heard <= QUIET_MS || document.hidden) return;
    try {
      const answer = await fetch(board.dataset.poll, { headers: { Accept: "text/html", "HX-Request": "true" } });
      if (answer.status === 401) location.reload(); // the session has ended: to the sign-in, and back here
      if (!answer.ok) throw new Error(answer.statusText);
      await htmx.swap({ target: board, text: await answer.text(), swap: "innerMorph", sourceElement: board });
      tell("There is no live connection: the board is refreshed every 10 seconds.");
    } catch {
      tell("Not live: no answer from the server. What is shown is as of the time above it; the board tries again every 10 seconds.", true);
    }
  }

  setInterval(poll, POLL_MS);
  document.addEventListener("visibilitychange", poll);
})();
