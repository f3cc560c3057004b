"""What an upload and a strike report cost: processor seconds of each program, and what stays in the database.

`python -m bench.scale` computes docs/scale.md from these.
"""

from typing import NamedTuple

import psutil
import redis
from sqlalchemy import text

from bench.events import scalar
from bench.figures import Figure, keep
from bench.installation import demo_files, whole
from bench.main_job import sinking, uploads
from bench.scale import REPORT, UPLOAD
from bench.sesr import add_schools, add_sessions, load, open_one, request_of
from shared.settings import SERVICES, settings
from shared.web.clock import today
from tests.deploy.waiting import until
from tests.stack import Programs, owner

REPORTS = 1200
_RECORDED = text("select count(*) from recorded")
_SENT = text("select coalesce(sum(attempts), 0) from outbox_delivery")
_UNDER_WAY = text("select count(*) from outbox_delivery where state <> 'acked'")


def figures() -> list[Figure]:
    with demo_files() as (directory, extractions), whole() as stack, sinking() as sink:
        uploads(stack.url, directory, extractions[:1], sink)
        until(nothing_under_way, seconds=60)
        before = SoFar.read(stack)
        uploads(stack.url, directory, extractions[1:], sink)
        until(nothing_under_way, seconds=60)
        an_upload = costs(UPLOAD, len(extractions) - 1, stack, before)
    with whole() as stack:
        add_schools()
        open_one(today(), today())
        tokens = add_sessions()
        host = f"127.0.0.1:{stack.port}"
        before = SoFar.read(stack)
        load(stack.port, [request_of("/sesr/api/v1/reports", host, key, token) for key, token in tokens[:REPORTS]])
        until(lambda: scalar("sesr", _RECORDED, "") == REPORTS and nothing_under_way(), seconds=120)
        a_report = costs(REPORT, REPORTS, stack, before)
    return [*an_upload, *a_report]


def nothing_under_way() -> bool:
    return not any(scalar(service, _UNDER_WAY, "") for service in SERVICES)


class SoFar(NamedTuple):
    """What was spent so far: processor seconds by program, bytes in the database, events sent to subscribers."""

    seconds: dict[str, float]
    stored: float
    messages: int

    @classmethod
    def read(cls, stack: Programs) -> "SoFar":
        sent = sum(int(scalar(service, _SENT, "")) for service in SERVICES)
        return cls(seconds_of(stack), stored_bytes(), sent)


def costs(what: str, count: int, stack: Programs, before: SoFar) -> list[Figure]:
    """A figure a program, in milliseconds of processor time each, what one leaves behind, and its messages."""
    now = SoFar.read(stack)
    spent = {name: (seconds - before.seconds[name]) / count for name, seconds in now.seconds.items()}
    return [
        *(Figure(f"{what}: {name}", "ms of processor", [each * 1000], "-") for name, each in sorted(spent.items())),
        Figure(f"{what}: stored", "KB", [(now.stored - before.stored) / count / 1000], "-"),
        Figure(f"{what}: events sent", "messages", [(now.messages - before.messages) / count], "never one per row"),
    ]


def seconds_of(stack: Programs) -> dict[str, float]:
    """Processor seconds so far of each program of the stack, of PostgreSQL and of the broker."""
    roots = {name: psutil.Process(child.pid) for name, child in stack.running.items()}
    with owner() as connection:
        row = connection.execute("select pg_backend_pid()").fetchone()
        assert row is not None
        backend = psutil.Process(row[0]).parent()
        assert backend is not None
        roots["postgresql"] = backend
        info = redis.Redis.from_url(settings().redis_url_of("ingest")).info("server")
        roots["broker"] = psutil.Process(info["process_id"])
        return {name: _seconds(root) for name, root in roots.items()}


def _seconds(root: psutil.Process) -> float:
    times = root.cpu_times()
    ended = times.children_user + times.children_system
    return float(times.user + times.system + ended + sum(_seconds(child) for child in root.children()))


def stored_bytes() -> float:
    """Bytes of all tables and indexes of all services."""
    size = "select sum(pg_total_relation_size(c.oid)) from pg_class c where relkind = 'r' and relnamespace::regnamespace::text = any(%s)"
    with owner() as connection:
        row = connection.execute(size, (list(SERVICES),)).fetchone()
        assert row is not None
        return float(row[0])


if __name__ == "__main__":
    measured = figures()
    keep("costs", measured)
    print("\n".join(figure.line() for figure in measured))
