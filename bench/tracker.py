"""How long the tracker takes: all targets against the plain COPY of their rows, and workbooks.

`python -m bench.tracker` starts its own PostgreSQL.
"""

import io
import random
import resource
import time
from datetime import UTC, datetime

import psycopg

from bench.figures import Figure, keep, timed
from bench.installation import database
from services.tracker.actions.exports import ExportOrder, order_export
from services.tracker.actions.files import WRITERS
from services.tracker.actions.plan import begin_plan
from services.tracker.actions.targets import recompute
from services.tracker.queries.books import one_school
from services.tracker.queries.schools import SchoolFilter, school_named
from services.tracker.rules.known import FINAL_LABEL, ITEMS, LEVELS, PERIODS, PLAN_ID
from services.tracker.tables.schools import School
from services.tracker.workbook.layout import BookLayout
from services.tracker.workbook.writing import BookStamp, BookTab, write_book
from shared.access import Who
from shared.db import raw, transaction
from shared.jobs.writer import write_waiting
from shared.settings import settings

SCHOOLS = 1150
CENTRAL = Who("bench", "Bench", "bench@lausd.example", "central", (), ("central",), "session")


def fill() -> None:
    """A baseline and three results for every school and item."""
    rng = random.Random(1)
    with transaction("tracker") as session:
        begin_plan(session)
        session.flush()
        cursor = raw(session).cursor()
        with cursor.copy(
            "copy entry(school_key, level, item_id, period, percent, source, entered_by) from stdin"
        ) as copy:
            for number in range(SCHOOLS):
                for item in ITEMS:
                    for period in range(4):
                        percent = f"{rng.uniform(40, 90):.1f}"
                        key = f"1{number:04d}01"
                        copy.write_row((key, "Elementary", item.item_id, period, percent, "file", "bench"))


def add_schools() -> None:
    with transaction("tracker") as session:
        for number in range(SCHOOLS):
            key = f"1{number:04d}01"
            session.add(
                School(
                    school_key=key,
                    revision=1,
                    ploc=key[1:5],
                    cost_center=key,
                    name=f"School {number} El",
                    level="Elementary",
                    region="E",
                    cos="North CoS",
                    director="VEGA, MARTA",
                    tracker_levels=["Elementary"],
                )
            )


def write_one() -> None:
    with transaction("tracker") as session:
        school = school_named(session, CENTRAL, "1000001")
        tabs = [BookTab(level, [one_school(session, school, PLAN_ID, level)]) for level in LEVELS]
        stamp = BookStamp(datetime.now(UTC), "bench", "bench", PLAN_ID)
        write_book(io.BytesIO(), BookLayout(PERIODS, FINAL_LABEL), tabs, stamp)


def write_all(kind: str) -> None:
    with transaction("tracker") as session:
        order_export(session, CENTRAL, ExportOrder(kind, SchoolFilter(), None))
    write_waiting("tracker", WRITERS)


def memory() -> int:
    """The most memory that this process ever held, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def empty() -> None:
    with psycopg.connect(settings().database_url, autocommit=True) as owner:
        owner.execute("truncate tracker.item_progress")


def compute_all() -> None:
    empty()
    with transaction("tracker") as session:
        recompute(session)


def compute_changed() -> None:
    """Every value moves, so that every stored row is written again."""
    with transaction("tracker") as session:
        session.connection().exec_driver_sql("update goal set increase = increase + 0.1")
        recompute(session)


def copy_rows() -> float:
    """Seconds of the COPY alone."""
    with transaction("tracker") as session:
        cursor = raw(session).cursor()
        rows = cursor.execute("select * from item_progress").fetchall()
    empty()
    with transaction("tracker") as session:
        cursor = raw(session).cursor()
        began = time.perf_counter()
        with cursor.copy("copy item_progress from stdin") as copy:
            for row in rows:
                copy.write_row(row)
        return time.perf_counter() - began


def targets() -> list[Figure]:
    first, changed = timed(compute_all, 3), timed(compute_changed, 3)
    copied = [copy_rows() for _ in range(3)]
    rows = f"{SCHOOLS} schools x {len(ITEMS)} items"
    beside = {"COPY of those rows": copied}
    return [
        Figure(f"targets of {rows} computed and stored, first time", "s", first, "<= 5x COPY", beside),
        Figure(f"targets of {rows} computed and stored, all changed", "s", changed, "<= 5x COPY", beside),
    ]


def workbooks() -> list[Figure]:
    one = [1000 * taken for taken in timed(write_one, 5)]
    before = memory()
    book = timed(lambda: write_all("book"), 1)
    after = memory()
    zipped = timed(lambda: write_all("zip"), 1)
    return [
        Figure("workbook of one school", "ms", one, "< 150"),
        Figure(f"one workbook of {SCHOOLS} schools", "s", book, "< 60"),
        Figure("memory that it adds", "MB", [float(after - before)], "flat"),
        Figure(f"zip of {SCHOOLS} workbooks", "s", zipped, "< 60"),
    ]


def main() -> None:
    with database():
        fill()
        add_schools()
        found = [*targets(), *workbooks()]
    keep("tracker", found)
    for figure in found:
        print(figure.line())


if __name__ == "__main__":
    main()
