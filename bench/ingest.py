"""How long taking files in takes, beside one COPY of the same rows and a pandas script in the same run.

`python -m bench.ingest [ROWS]` starts its own PostgreSQL; it prints the figures and keeps them. The worker's part is
done in this process, one step after the other, so that a figure is the whole work and not what runs beside it.
"""

import csv
import io
import logging
import os
import random
import resource
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas  # type: ignore[import-untyped]
import psycopg
import structlog
import xlsxwriter
from sqlalchemy import create_engine

from bench.figures import Figure, keep, timed
from deploy.embedded import running
from services.ingest.actions import long_files
from services.ingest.actions.uploads import Offered, take_upload
from services.ingest.rules.cells import TIERS, tier_fits
from shared.db import transaction
from shared.migrations import migrate
from shared.settings import settings
from tests.files import HEADER
from tests.people import add_people
from tests.stack import deliver, wipe

NATIONAL, DISTRICT = 300_000, 3_900
GROUPS = ("Students", "Staff", "Parents")
_COPIED = (
    "create table copied (region text, ploc text, cos text, director text, school text, category text, tier text,"
    " label text, total int, submitted int, rate text, at date)"
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


def copy_rows(content: bytes) -> None:
    """One COPY of a text table by the server."""
    with psycopg.connect(settings().database_url, autocommit=True) as connection:
        connection.execute("drop table if exists copied")
        connection.execute(_COPIED)
        with connection.cursor().copy("copy copied from stdin with (format csv, header)") as copy:
            copy.write(content)


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
    with transaction("ingest") as session:
        take_upload(session, Offered("participation", name, content, "bench"))
    long_files.read_waiting()


def whole(content: bytes, name: str) -> None:
    """The file taken in, and its tiers stored in rates."""
    wipe()
    take(content, name)
    deliver()


def again(content: bytes, name: str) -> None:
    """The same rows in other bytes: read and compared, none rewritten, nobody told."""
    with transaction("ingest") as session:
        session.connection().exec_driver_sql("update upload set sha256 = ''")
    take(content, name)


def measure(count: int, runs: int) -> list[Figure]:
    """The figures of one size."""
    listed = list(rows(count))
    text, book = as_csv(listed), as_xlsx(listed)
    copies = timed(lambda: copy_rows(text), 5)
    found = []
    for name, content, goal in (("CSV", text, "<= 5x COPY"), ("XLSX", book, "<= 8x COPY")):
        taken = timed(lambda content=content, name=name: whole(content, f"a.{name}"), runs)  # type: ignore[misc]
        more = timed(lambda content=content, name=name: again(content, f"b.{name}"), runs)  # type: ignore[misc]
        found.append(Figure(f"{count} rows {name}, stored in rates", "s", taken, goal, {"COPY": copies}))
        found.append(Figure(f"{count} rows {name} again, nothing changed", "s", more, "<= 2.5x COPY", {"COPY": copies}))
    if count == DISTRICT:
        found[-2].beside["pandas"] = timed(lambda: pandas_script(book), runs)
        found[-2].goal = "<= 0.5x pandas"
    return found


def main(count: int = NATIONAL) -> None:
    for name in [name for name in os.environ if name.startswith("SES_")]:
        del os.environ[name]
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    with running(Path(tempfile.mkdtemp(prefix="ses-bench-")), "test", {}) as servers:
        os.environ.update(servers.env)
        settings.cache_clear()
        migrate()
        add_people()
        measured = [*measure(DISTRICT, 5), *measure(count, 1)]
    child = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    measured.append(Figure("largest child process", "MB", [child], "<= 400 MB"))
    keep("ingest", measured)
    print("\n".join(figure.line() for figure in measured))


if __name__ == "__main__":
    main(*(int(given) for given in sys.argv[1:2]))
