"""Strike reports: a POST beside its peers, the storm of all schools with live boards, and the board's query."""

import asyncio
import os
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any
from uuid import uuid4

import httpx2
import orjson
from sqlalchemy import text

from bench.figures import Figure, keep, percentile
from bench.installation import database, whole
from deploy.embedded.servers import free_port
from services.sesr.actions.incidents import open_incident
from services.sesr.actions.plans import MOST_DAYS, NewIncident
from services.sesr.queries.board import BoardFilter
from services.sesr.queries.boards import read_board
from services.sesr.queries.incidents import known_incident
from services.sesr.rules.counts import ALL_COUNTS
from shared.access import Scope, Who, csrf_of
from shared.db import engine, transaction
from shared.web.clock import district_zone, today
from tests.deploy.waiting import until
from tests.stack import owner

SCHOOLS = 1200
CONNECTIONS = 32
REQUESTS = 2400
RUNS = 5
DAYS = (1, 30, 100)
REPORTS_A_DAY = 6000
STORM_SECONDS = 60
VIEWERS = 200
CENTRAL = Who("bench", "Bench", "bench@lausd.example", "central", (), ("central",), "session")


def keys() -> list[str]:
    return [f"15{number:05}" for number in range(SCHOOLS)]


def add_schools() -> None:
    rows = [
        {
            "key": key,
            "ploc": key[1:5],
            "name": f"School {key}",
            "region": "ENSWX"[place % 5],
            "cos": f"CoS {place % 40}",
        }
        for place, key in enumerate(keys())
    ]
    insert = text(
        "insert into school(school_key, revision, ploc, cost_center, name, level, region, cos, director, enrolled,"
        " classified_classroom, classified_other, certificated_admin, certificated_other, principal, landline)"
        " values (:key, 1, :ploc, :key, :name, 'Elementary', :region, :cos, :cos, 500, 5, 20, 2, 30, 'P', '')"
    )
    with transaction("sesr") as session:
        session.execute(insert, rows)


def add_sessions() -> list[tuple[str, str]]:
    """(school, session token) of a principal for every school."""
    tokens = [(key, f"bench-{key}") for key in keys()]
    with owner() as connection:
        connection.execute(
            "insert into access.person(person_id, name, email) select k, k, k from unnest(%s::text[]) k", (keys(),)
        )
        connection.execute(
            "insert into access.role_grant(person_id, role, scope)"
            " select k, 'principal', array[k] from unnest(%s::text[]) k",
            (keys(),),
        )
        connection.execute(
            "insert into access.session(token_hash, person_id, role, expires_at)"
            " select sha256(('session bench-' || k)::bytea), k, 'principal', now() + interval '1 day' from unnest(%s::text[]) k",
            (keys(),),
        )
    return tokens


def open_one(first: date, last: date) -> Any:
    with transaction("sesr") as session:
        return open_incident(session, CENTRAL, NewIncident("Bench", first, last, "8:30, 11:00, 13:30")).incident_id


def request_of(path: str, host: str, key: str, token: str) -> bytes:
    """A whole POST as bytes; its report id is new."""
    counts = {"students_present": 310, "walkout": 3, "classified_other": 12, "volunteers": 4}
    body = orjson.dumps({"report_id": str(uuid4()), "school_key": key, "day": str(today()), "counts": counts})
    head = (
        f"POST {path} HTTP/1.1\r\nhost: {host}\r\ncookie: sid={token}\r\nx-csrf-token: {csrf_of(token)}\r\n"
        f"content-type: application/json\r\naccept: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def one_connection(port: int, requests: Iterator[bytes], taken: list[float], refused: list[bytes]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for request in requests:
        began = time.perf_counter()
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        body = await reader.readexactly(length)
        taken.append(time.perf_counter() - began)
        if not head.startswith((b"HTTP/1.1 201", b"HTTP/1.1 200")):
            refused.append(head[:20] + body[:200])
    writer.close()


def load(port: int, requests: Sequence[bytes]) -> tuple[float, list[float]]:
    """(requests a second, seconds of each) at CONNECTIONS connections. AssertionError when one is refused."""
    taken: list[float] = []
    refused: list[bytes] = []
    coming = iter(requests)

    async def all_connections() -> None:
        await asyncio.gather(*(one_connection(port, coming, taken, refused) for _ in range(CONNECTIONS)))

    began = time.perf_counter()
    asyncio.run(all_connections())
    assert not refused, refused[:2]
    return len(requests) / (time.perf_counter() - began), taken


@contextmanager
def program(*command: str) -> Iterator[int]:
    """The port of a running web program."""
    port = free_port()
    env = {**os.environ, "SES_PORT": str(port)}
    child = subprocess.Popen([sys.executable, "-m", *command], env=env, stderr=subprocess.DEVNULL)
    try:
        until(lambda: httpx2.get(f"http://127.0.0.1:{port}/healthz"), httpx2.TransportError, seconds=90)
        yield port
    finally:
        child.terminate()
        child.wait()


def posts() -> list[Figure]:
    """The product's route, the plain one and the one by hand, in turn."""
    with database():
        add_schools()
        open_one(today(), today())
        tokens = add_sessions()
        with owner() as connection:
            connection.execute(
                "create table sesr.plain_report(report_id uuid primary key, school_key text not null,"
                " received_at timestamptz not null, counts json not null)"
            )
            connection.execute("grant all on sesr.plain_report to ses_sesr")
        rates: dict[str, list[float]] = {"product": [], "plain": [], "usual": [], "hand": []}
        slow: list[float] = []
        peers = "bench.sesr_peers"
        with program("deploy.web") as web, program(peers, "asyncio") as threads, program(peers, "uvloop") as by_hand:
            peers_of = {"plain": (threads, "/plain"), "usual": (threads, "/usual"), "hand": (by_hand, "/hand")}
            ways = {"product": (web, "/sesr/api/v1/reports"), **peers_of}
            for run in range(RUNS + 1):
                for name, (port, path) in ways.items():
                    chosen = [
                        tokens[place % SCHOOLS] for place in range(REQUESTS // 4 if name == "usual" else REQUESTS)
                    ]
                    host = f"127.0.0.1:{port}"
                    rate, taken = load(port, [request_of(path, host, key, token) for key, token in chosen])
                    if run:
                        rates[name].append(rate)
                        slow += [percentile(taken, 0.99) * 1000] if name == "product" else []
                    print(f"run {run} {name}: {rate:.0f}/s, p99 {percentile(taken, 0.99) * 1000:.0f} ms", flush=True)
                until(allowed_again(time.monotonic()), seconds=90)
    forget_servers()
    beside = {
        "plain synchronous SQLModel, one insert": rates["plain"],
        "synchronous SQLModel, the same work": rates["usual"],
        "psycopg by hand, same statements": rates["hand"],
    }
    return [
        Figure("strike report POST, 32 connections", "requests/s", rates["product"], ">= 4x, >= 0.6x", beside),
        Figure("strike report POST p99", "ms", slow, "<= 100 ms"),
    ]


def forget_servers() -> None:
    """The next part has servers of its own."""
    engine.cache_clear()


def allowed_again(since: float) -> Any:
    """True a minute after: nobody may send more than ten reports a minute."""
    return lambda: time.monotonic() - since > 16


def boards() -> list[Figure]:
    """The board of one day among more and more days of REPORTS_A_DAY reports, as a page reads it."""
    with database():
        add_schools()
        incident_id = open_one(days_ago(MOST_DAYS - 1), today())
        before = open_one(days_ago(2 * MOST_DAYS - 1), days_ago(MOST_DAYS))
        taken, filled = {}, 0
        for days in DAYS:
            fill_days(incident_id, [days_ago(back) for back in range(filled, min(days, MOST_DAYS))])
            fill_days(before, [days_ago(back) for back in range(max(filled, MOST_DAYS), days)])
            filled = days
            taken[days] = [board_time(incident_id) for _ in range(30)]
    forget_servers()
    beside = {"the same with one day": taken.pop(1)}
    name, goal = "board of 1,200 schools, {} days x 6,000 reports", "p50 < 30 ms"
    return [Figure(name.format(days), "ms", each, goal, dict(beside)) for days, each in taken.items()]


def days_ago(count: int) -> date:
    return today() - timedelta(days=count)


def board_time(incident_id: Any) -> float:
    """Milliseconds of reading and folding today's board."""
    with transaction("sesr") as session:
        incident = known_incident(session, incident_id)
        began = time.perf_counter()
        zone, now = district_zone(), datetime.now(UTC)
        board = read_board(session, Scope(everywhere=True), BoardFilter(incident_id, today()), incident, now, zone)
        taken = (time.perf_counter() - began) * 1000
        assert board.view.total.reported == SCHOOLS
    return taken


def fill_days(incident_id: Any, days: list[date]) -> None:
    """Recorded reports and current ones of these days, written at once."""
    rng = Random(7)
    counts = orjson.dumps(dict.fromkeys(ALL_COUNTS, 7) | {"students_present": rng.randrange(300)}).decode()
    with owner() as connection:
        connection.execute(
            "insert into sesr.recorded(report_id, incident_id, school_key, day, sequence, counted_at, received_at,"
            " counts, flags) select uuidv7(), %s, s.school_key, d,"
            " (select coalesce(max(sequence), 0) from sesr.recorded) + row_number() over (), d, d, %s::jsonb, '{}'"
            " from unnest(%s::date[]) d, sesr.school s, generate_series(1, %s) turn order by d, turn, s.school_key",
            (incident_id, counts, days, REPORTS_A_DAY // SCHOOLS),
        )
        connection.execute(
            "insert into sesr.current_report(incident_id, day, school_key, report_id, number, counted_at, received_at, times,"
            " counts, flags) select distinct on (incident_id, day, school_key) incident_id, day, school_key, report_id,"
            " sequence, counted_at, received_at, array[counted_at], counts, flags from sesr.recorded where day = any(%s)",
            (days,),
        )
        connection.execute("analyze sesr.recorded, sesr.current_report, sesr.school")


_REPORT = re.compile(rb'"report_id":"([0-9a-f-]{36})"')
_PLACE = re.compile(rb"\nid: (\d+)\n")


class Viewer:
    """An open board: when it saw each report. It comes back after a broken stream as a browser does."""

    def __init__(self) -> None:
        self.seen: dict[bytes, float] = {}
        self.last = b""
        self.opened = 0

    async def follow(self, port: int, token: str) -> None:
        while True:
            self.opened += 1
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            after = b"last-event-id: %s\r\n" % self.last if self.last else b""
            head = f"GET /sesr/board/stream HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\ncookie: sid={token}\r\n"
            writer.write(head.encode() + after + b"\r\n")
            await self._read(reader)
            writer.close()
            await asyncio.sleep(1)

    async def _read(self, reader: asyncio.StreamReader) -> None:
        """Until the stream ends. Looks for what a change begins with, which is quicker than to part every line."""
        rest = b""
        while got := await reader.read(1 << 18):
            now, rest = time.time(), rest[-200:] + got
            for report_id in _REPORT.findall(rest):
                self.seen.setdefault(report_id, now)
            if places := _PLACE.findall(rest):
                self.last = places[-1]


async def storm(port: int, tokens: Sequence[tuple[str, str]], central: str) -> tuple[list[float], list[float], int]:
    """(seconds of each POST, seconds from answer to the board of a viewer, reports that a viewer never saw)."""
    viewers = [Viewer() for _ in range(VIEWERS)]
    following = [asyncio.create_task(viewer.follow(port, central)) for viewer in viewers]
    await asyncio.sleep(5)
    posted: list[float] = []
    answered: dict[bytes, float] = {}

    async def school(place: int, key: str, token: str) -> None:
        await asyncio.sleep(place * STORM_SECONDS / len(tokens))
        request = request_of("/sesr/api/v1/reports", f"127.0.0.1:{port}", key, token)
        refused: list[bytes] = []
        await one_connection(port, iter([request]), posted, refused)
        assert not refused, refused
        answered[_REPORT.findall(request)[0]] = time.time()

    await asyncio.gather(*(school(place, *pair) for place, pair in enumerate(tokens)))
    end = time.monotonic() + 20
    while time.monotonic() < end and any(len(viewer.seen) < len(answered) for viewer in viewers):
        await asyncio.sleep(0.2)
    for task in following:
        task.cancel()
    late = [viewer.seen[key] - at for viewer in viewers for key, at in answered.items() if key in viewer.seen]
    print(f"storm: {sum(viewer.opened for viewer in viewers)} streams for {VIEWERS} viewers", flush=True)
    lost = sum(key not in viewer.seen for viewer in viewers for key in answered)
    return posted, late, lost


def storms() -> list[Figure]:
    with whole() as stack:
        add_schools()
        open_one(today(), today())
        tokens = add_sessions()
        with owner() as connection:
            connection.execute(
                "insert into access.session(token_hash, person_id, role, expires_at) values"
                " (sha256('session bench-central'), 'central@lausd.example', 'central', now() + interval '1 day')"
            )
        posted, late, lost = asyncio.run(storm(stack.port, tokens, "bench-central"))
    print(
        f"storm: {len(posted)} reports, {lost} not seen by a viewer, on the board p50 {statistics.median(late):.2f} s"
    )
    return [
        Figure("storm: POST p99", "ms", [percentile(posted, 0.99) * 1000], "<= 300 ms"),
        Figure("storm: on 200 boards p99", "s", [percentile(late, 0.99)], "<= 1 s"),
        Figure("storm: reports that a board missed", "reports", [float(lost)], "0"),
    ]


def figures() -> list[Figure]:
    return [*posts(), *boards(), *storms()]


if __name__ == "__main__":
    measured = figures()
    keep("sesr", measured)
    print("\n".join(figure.line() for figure in measured))
