"""The main job's latency: a district's upload answered to the last mail accepted, beside the chain as usually written."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

import httpx2
from sqlalchemy import create_engine, text

from bench.events import known, scalar
from bench.figures import Figure, keep
from bench.installation import child, database, demo_files, whole
from deploy.embedded.servers import free_port
from shared.access import issue_token
from shared.settings import settings
from tests.deploy.waiting import until
from tests.sink import Sink

_PLANNED = text(
    "select detail->>'planned' from delivery_step where upload_id = cast(:key as uuid) and step = 'digests'"
)
_NAIVE = text("select mails from naive_done where upload = :name")


def figures() -> list[Figure]:
    with demo_files() as (directory, extractions):
        with database(), child("bench.naive", "worker"), sinking() as sink:
            peer = as_usually_written(extractions, sink)
        with whole() as stack, sinking() as sink:
            answered, mailed = uploads(stack.url, directory, extractions, sink)
    whole_way = [answer + mail for answer, mail in zip(answered, mailed, strict=True)]
    return [
        Figure("district upload, 3,300 rows, answered", "s", answered, "-"),
        Figure("district upload answered to last of 48 mails accepted", "s", mailed, "<= 1 s, then <= 0.5 s"),
        Figure(
            "district upload sent to last mail accepted",
            "s",
            whole_way,
            "-",
            {"FastAPI, pandas, SQLModel and Celery as usually written (no checks, no history, no workbooks)": peer},
        ),
    ]


@contextmanager
def sinking() -> Iterator[Sink]:
    sink = Sink()
    sink.start()
    try:
        yield sink
    finally:
        sink.stop()


def uploads(url: str, directory: Path, extractions: list[Path], sink: Sink) -> tuple[list[float], list[float]]:
    """Seconds to the answer and from there to the last mail, of one extraction after the other."""
    answered, mailed = [], []
    headers = {"authorization": f"Bearer {issue_token('central')}"}
    with httpx2.Client(base_url=url, headers=headers, timeout=60) as client:
        post(client, directory.read_bytes(), "directory")
        for path in extractions:
            before = len(sink.mails)
            began = time.perf_counter()
            upload_id = post(client, path.read_bytes(), "participation")
            answer_at = time.perf_counter()
            until(known("ingest", _PLANNED, upload_id))
            planned = int(scalar("ingest", _PLANNED, upload_id))
            until(accepted(sink, before + planned))
            mailed.append(time.perf_counter() - answer_at)
            answered.append(answer_at - began)
            print(f"{path.stem}: answered {answered[-1]:.2f} s, {planned} mails after {mailed[-1]:.2f} s", flush=True)
    return answered, mailed


def accepted(sink: Sink, wanted: int) -> Callable[[], bool]:
    return lambda: len(sink.mails) >= wanted


def post(client: httpx2.Client, content: bytes, kind: str) -> str:
    answer = client.post("/ingest/api/v1/uploads", params={"kind": kind}, files={"file": ("f.xlsx", BytesIO(content))})
    answer.raise_for_status()
    return str(answer.json()["upload_id"])


def as_usually_written(extractions: list[Path], sink: Sink) -> list[float]:
    """Seconds from sending an extraction to its last mail, through the peer."""
    engine = create_engine(settings().database_url.replace("postgresql://", "postgresql+psycopg://", 1))
    port = free_port()
    taken = []
    with child("bench.naive", "web", SES_PORT=str(port)):
        until(lambda: httpx2.get(f"http://127.0.0.1:{port}/docs"), httpx2.TransportError, seconds=60)
        for path in extractions:
            before = len(sink.mails)
            began = time.perf_counter()
            answer = httpx2.post(
                f"http://127.0.0.1:{port}/uploads", files={"file": ("f.xlsx", path.read_bytes())}, timeout=60
            )
            answer.raise_for_status()
            name = answer.json()["upload"]

            def mails(name: str = name) -> int | None:
                with engine.connect() as connection:
                    return connection.execute(_NAIVE, {"name": name}).scalar()

            until(lambda: mails() is not None, seconds=60)
            until(accepted(sink, before + (mails() or 0)))
            taken.append(time.perf_counter() - began)
            print(f"{path.stem}: as usually written {taken[-1]:.2f} s, {mails()} mails", flush=True)
    return taken


if __name__ == "__main__":
    measured = figures()
    keep("main_job", measured)
    print("\n".join(figure.line() for figure in measured))
