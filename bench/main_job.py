"""The main job's latency: a district's upload answered to the last mail accepted, and one event's way at idle."""

import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2
from sqlalchemy import TextClause, text

from bench.figures import Figure, keep, percentile
from bench.installation import whole
from deploy.demo.files import write
from shared.access import issue_token
from shared.db import transaction
from shared.events import DigestsPlanned
from shared.outbox import say
from tests.deploy.waiting import until
from tests.sink import Sink

EVENTS = 300


def figures() -> list[Figure]:
    sink = Sink()
    with whole() as stack:
        sink.start()
        try:
            token = issue_token("central")
            headers = {"authorization": f"Bearer {token}"}
            with httpx2.Client(base_url=stack.url, headers=headers, timeout=60) as client:
                return [event_latency(), *uploads(client, sink)]
        finally:
            sink.stop()


def event_latency() -> Figure:
    """Commit in notify to the handler's commit in ingest, one event at a time at idle."""
    taken: list[float] = []
    done = text("select done_at from inbox where key = :key and state = 'done'")
    said_at = text("select created_at from outbox_event where key = :key")
    for _ in range(EVENTS):
        event = DigestsPlanned(upload_id=uuid4(), revision=1, planned=0, held=0, unroutable=0)
        with transaction("notify") as session:
            say(session, event)
        until(known("ingest", done, event.key))
        taken.append(
            (_scalar("ingest", done, event.key) - _scalar("notify", said_at, event.key)).total_seconds() * 1000
        )
    print(f"event latency p50 {statistics.median(taken):.1f} ms, p99 {percentile(taken, 0.99):.1f} ms")
    return Figure("event commit to effect committed elsewhere", "ms", taken, "p50 <= 15, p99 <= 100")


def _scalar(service: str, query: TextClause, key: str) -> Any:
    with transaction(service) as session:
        return session.execute(query, {"key": key}).scalar()


def known(service: str, query: TextClause, key: str) -> Callable[[], bool]:
    return lambda: _scalar(service, query, key) is not None


def uploads(client: httpx2.Client, sink: Sink) -> list[Figure]:
    """The extractions of the full district, one after the other, each waited for."""
    folder = Path(tempfile.mkdtemp(prefix="ses-bench-demo-"))
    write(folder, "full", date.today())
    post(client, (folder / "directory.xlsx").read_bytes(), "directory")
    answered, mailed = [], []
    for path in sorted(folder.rglob("participation_*.xlsx"), key=lambda path: path.name):
        before = len(sink.mails)
        began = time.perf_counter()
        upload_id = post(client, path.read_bytes(), "participation")
        answer_at = time.perf_counter()
        planned = wait_for_plan(client, upload_id)
        until(accepted(sink, before + planned))
        mailed.append(time.perf_counter() - answer_at)
        answered.append(answer_at - began)
        print(f"{path.stem}: answered {answered[-1]:.2f} s, last of {planned} mails after {mailed[-1]:.2f} s")
    return [
        Figure("district upload, 3,300 rows: answered", "s", answered, "-"),
        Figure("district upload answered -> last mail accepted", "s", mailed, "<= 1 s, then <= 0.5 s"),
    ]


def accepted(sink: Sink, wanted: int) -> Callable[[], bool]:
    return lambda: len(sink.mails) >= wanted


def post(client: httpx2.Client, content: bytes, kind: str) -> str:
    answer = client.post("/ingest/api/v1/uploads", params={"kind": kind}, files={"file": ("f.xlsx", BytesIO(content))})
    answer.raise_for_status()
    return str(answer.json()["upload_id"])


def wait_for_plan(client: httpx2.Client, upload_id: str) -> int:
    planned = text("select detail->>'planned' from travel where upload_id = cast(:key as uuid) and station = 'digests'")
    until(known("ingest", planned, upload_id))
    return int(_scalar("ingest", planned, upload_id))


if __name__ == "__main__":
    measured = figures()
    keep("main_job", measured)
    print("\n".join(figure.line() for figure in measured))
