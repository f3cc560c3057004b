// The board where its stream does not come through: asks for the live part again, and says how old it is.
(() => {
  const board = document.querySelector("#live-board[data-poll]");
  if (!board) return;
  const QUIET_MS = 30000; // the stream tells something every 20 seconds
  const POLL_MS = 10000;
  let heard = Date.now();

  document.addEventListener("htmx:sse:after:message", () => {
    heard = Date.now();
  });

  async function poll() {
    const stale = Date.now() - heard > QUIET_MS;
    board.querySelector(".live")?.classList.toggle("stale", stale);
    if (!stale || document.hidden) return;
    try {
      const answer = await fetch(board.dataset.poll, { headers: { Accept: "text/html" } });
      if (!answer.ok) return;
      await htmx.swap({ target: board, text: await answer.text(), swap: "innerMorph", sourceElement: board });
    } catch {
      // Still no network: the stale mark stays, the next turn tries again.
    }
  }

  setInterval(poll, POLL_MS);
})();
