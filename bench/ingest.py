"""How long taking files in takes, beside one COPY of the same rows and a pandas script in the same run.

`python -m bench.ingest [ROWS]` starts its own PostgreSQL; it prints the figures and keeps them. First the work itself, in
this process, one step after the other: read, checked, reported, stored, told in signed events, heard by rates, tiers
stored. Then the national file once through the real web, workers and relay, with their memory.
"""

import csv
import gc
import io
import logging
import random
import sys
import time
from collections.abc import Iterator
from typing import Any

import pandas  # type: ignore[import-untyped]
import psycopg
import structlog
import xlsxwriter
from sqlalchemy import create_engine, text

from bench.figures import Figure, keep, timed
from bench.installation import database
from bench.national import through_the_stack
from services.ingest.actions import long_files
from services.ingest.actions.uploads import Offered, read_offered, take_upload
from services.ingest.rules.cells import TIERS, tier_fits
from services.ingest.sheets import reading
from shared.db import transaction
from shared.delivery import inbox
from shared.delivery.envelope import Envelope, event_message, open_events
from shared.settings import settings
from tests.files import HEADER
from tests.stack import bus_of, wipe

NATIONAL, DISTRICT = 300_000, 3_900
# A parser that was started says nothing until it has a file; this is five times what it takes to load.
AT_REST_SECONDS = 0.5
# The rows as published, their schools, the events on both sides, and what rates makes of them.
KEPT_IN = (
    "ingest.extraction_count", "ingest.school", "ingest.outbox_event", "rates.inbox", "rates.rate", "rates.school_history",
    "rates.outbox_event",
)  # fmt: skip
GROWTH = {3_900: 5, 39_000: 3, 390_000: 2}
GROUPS = ("Students", "Staff", "Parents")
_COPIED = (
    "create table copied (region text, ploc text, cos text, director text, school text, category text, tier text,"
    " label text, total int, submitted int, rate text, at date{key})"
)
_TO_RATES = text(
    "update outbox_delivery d set state = 'acked' from outbox_event e where e.event_id = d.event_id"
    " and (d.event_id, d.subscriber) in (select event_id, subscriber from outbox_delivery"
    "  where subscriber = 'rates' and state = 'pending' order by next_at, event_id limit 8)"
    " returning e.event_id, e.topic, e.key, e.version, cast(e.payload as text)"
)


def rows(count: int) -> Iterator[tuple[Any, ...]]:
    """Rows of three groups a school, 25 schools a director."""
    chance = random.Random(count)
    for number in range(count // 3):
        director = number // 25
        for group in GROUPS:
            total = chance.randint(30, 900)
            submitted = chance.randint(0, total)
            tier = next(tier for tier in TIERS if tier_fits(tier, submitted, total))
            yield (
                "NSEW"[director % 4], f"{1000 + number % 9000}", f"Community {director % 400} CoS",
                f"LAST{director}, FIRST M", f"School {number} El", group, f"Tier-{tier}", "", total, submitted,
                f"{(200 * submitted + total) // (2 * total)}%", "2026-03-02",
            )  # fmt: skip


def as_csv(listed: list[tuple[Any, ...]]) -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out).writerows([HEADER, *listed])
    return out.getvalue().encode()


def as_xlsx(listed: list[tuple[Any, ...]]) -> bytes:
    out = io.BytesIO()
    made = xlsxwriter.Workbook(out, {"strings_to_numbers": False})
    for group in GROUPS:
        sheet = made.add_worksheet(group)
        for number, row in enumerate([HEADER, *(row for row in listed if row[5] == group)]):
            sheet.write_row(number, 0, row)
    made.close()
    return out.getvalue()


def copy_rows(content: bytes, key: str = "") -> None:
    """One COPY of a text table by the server, into a table with a key or without."""
    with psycopg.connect(settings().database_url, autocommit=True) as connection:
        connection.execute("drop table if exists copied")
        connection.execute(_COPIED.format(key=key).encode())
        with connection.cursor().copy("copy copied from stdin with (format csv, header)") as copy:
            copy.write(content)


def tables_alone() -> None:
    """What an extraction is kept in, written once more from what is there by bare statements: keys, indexes, no checks."""
    with psycopg.connect(settings().database_url, autocommit=True) as connection:
        for name in KEPT_IN:
            connection.execute("drop table if exists public.kept_again")
            connection.execute(f"create table public.kept_again (like {name} including all)".encode())
            connection.execute(f"insert into public.kept_again select * from {name}".encode())
        connection.execute("drop table public.kept_again")


def pandas_script(content: bytes) -> None:
    """What a script of a few lines does: read, cut, store; no check, no report, nobody told."""
    sheets = pandas.read_excel(io.BytesIO(content), sheet_name=None, engine="openpyxl")
    frame = pandas.concat(sheets.values())
    share = frame["Surveys_Submitted_Sp24"] / frame["Total_Surveys_Sp24"]
    frame["tier"] = pandas.cut(share, [-1, 0.25, 0.5, 0.75, 10], labels=TIERS).astype(int)
    url = settings().database_url.replace("postgresql://", "postgresql+psycopg://", 1)
    frame.to_sql("pandas_rows", create_engine(url), if_exists="replace", index=False)


def take(content: bytes, name: str) -> None:
    """The file taken in and published, also where a worker has to read it."""
    offered = Offered("participation", name, content, "bench")
    read = read_offered(offered)
    with transaction("ingest") as session:
        take_upload(session, offered, read)
    long_files.read_waiting()


def hear_in_rates() -> None:
    """What was told to rates as relay and worker do it: signed, its signature checked, kept, its tiers stored."""
    handlers = bus_of("rates").handlers
    while True:
        with transaction("ingest") as session:
            told = session.execute(_TO_RATES).all()
        if not told:
            return
        for event_id, *fields in told:
            [envelope] = open_events(event_message(Envelope(event_id, "ingest", *fields)))
            inbox.arrive("rates", envelope)
            inbox.run("rates", event_id, handlers)


def whole(content: bytes, name: str) -> None:
    """The file taken in, and its tiers stored in rates."""
    take(content, name)
    hear_in_rates()


def first(content: bytes, name: str, runs: int) -> list[float]:
    """Seconds of the whole work, each time into empty tables."""
    taken = []
    for _ in range(runs):
        wipe()
        at_rest()
        taken += timed(lambda: whole(content, name), 1)
    return taken


def at_rest() -> None:
    """As web and workers are between two files: the parser for the next one is loaded."""
    reading.start_ahead()
    time.sleep(AT_REST_SECONDS)


def known(content: bytes, name: str, runs: int) -> list[float]:
    """Seconds for the very same bytes: recognized, nothing written, nobody told."""
    before = _written()
    taken = timed(lambda: whole(content, name), runs)
    assert _written() == before, "a known file rewrote a row or told an event"
    return taken


def again(content: bytes, name: str, runs: int) -> list[float]:
    """Seconds for the same rows in other bytes: read and compared, none rewritten, nobody told."""
    before = _written()
    taken = []
    for _ in range(runs):
        with transaction("ingest") as session:
            session.execute(text("update upload set sha256 = ''"))
        at_rest()
        taken += timed(lambda: whole(content, name), 1)
    assert _written() == before, "an unchanged file rewrote a row or told an event"
    return taken


def _written() -> tuple[str, int]:
    with transaction("ingest") as session:
        rows = session.execute(text("select max(cast(cast(xmin as text) as bigint)), count(*) from extraction_count"))
        events = session.execute(text("select count(*) from outbox_event")).scalar_one()
        return str(rows.one()), events


def measure(count: int, runs: int) -> list[Figure]:
    """The figures of one size, in both formats."""
    listed = list(rows(count))
    table, book = as_csv(listed), as_xlsx(listed)
    beside = {
        "COPY": timed(lambda: copy_rows(table), 5),
        "COPY into a table with a key": timed(
            lambda: copy_rows(table, ", primary key (at, category, ploc, school)"), 5
        ),
    }
    found = []
    for name, content, goal in (("CSV", table, "<= 5x COPY"), ("XLSX", book, "<= 8x COPY")):
        work = f"{count:,} rows {name}"
        taken = first(content, f"a.{name}", runs)
        tables = {"its tables alone, written by bare statements": timed(tables_alone, 3)}
        found.append(Figure(f"{work}, stored in rates", "s", taken, goal, {**beside, **tables}))
        same, other = known(content, f"a.{name}", runs), again(content, f"b.{name}", runs)
        found.append(Figure(f"{work}, the same file again", "s", same, "<= 2.5x COPY", dict(beside)))
        found.append(Figure(f"{work}, the same rows in another file", "s", other, "<= 2.5x COPY", dict(beside)))
    if count == DISTRICT:
        for figure in found:
            figure.goal = "-"  # those beside COPY are set for the national file
        found[-3].beside = {"pandas": timed(lambda: pandas_script(book), runs)}
        found[-3].goal = "<= 0.5x pandas"
    return found


def growth() -> Figure:
    """Seconds of the largest size beside those of the smaller ones."""
    taken = {count: first(as_csv(list(rows(count))), "grown.csv", runs) for count, runs in GROWTH.items()}
    *smaller, largest = GROWTH
    beside = {f"{count:,} rows": taken[count] for count in smaller}
    return Figure(f"{largest:,} rows CSV, stored in rates", "s", taken[largest], "<= 105x 3,900 rows", beside)


def main(count: int = NATIONAL) -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 50, 50)  # as web and workers do at their start
    with database():
        measured = [*measure(DISTRICT, 7), *measure(count, 3), growth()]
    listed = list(rows(count))
    measured += through_the_stack({"csv": as_csv(listed), "xlsx": as_xlsx(listed)}, count)
    keep("ingest", measured)
    print("\n".join(figure.line() for figure in measured))


if __name__ == "__main__":
    main(*(int(given) for given in sys.argv[1:2]))
