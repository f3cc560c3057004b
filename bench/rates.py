"""How long rates takes: tiers of an extraction stored, the table's pages, with a long history.

`python -m bench.rates [ROWS OF HISTORY]` starts its own PostgreSQL; it prints the figures and keeps them.
"""

import gc
import io
import itertools
import logging
import random
import sys
import time
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from uuid import uuid4

import psycopg
import structlog
import xlsxwriter
from sqlalchemy import Date, text

from bench.figures import Figure, keep, timed
from bench.installation import database
from services.rates.actions.extractions import compute_tiers
from services.rates.exports import row_values, xlsx
from services.rates.queries import table as tables
from services.rates.queries.extractions import extraction_at
from services.rates.queries.filters import RateFilter
from services.rates.tables import metadata
from shared.db import raw, transaction
from shared.events import GROUPS, ExtractionLoaded, ExtractionRow
from shared.settings import settings
from tests.people import browser_of

SCHOOLS = 1300
HISTORY = 10_000_000
DAYS = [date(2025, 2, 3) + timedelta(days=7 * week) for week in range(6)]
CLOSES = date(2025, 3, 28)
PAGES = 40
A_TERM = SCHOOLS * len(GROUPS) * len(DAYS)
VIEWS = (
    "group=parents",
    "group=parents&tier=1&sort=needed",
    "group=parents&region=E&region=N&sort=-rate&sort=school",
    "group=staff&q=alder&sort=-change",
    "group=students&movement=stalled&rate.max=40&sort=cos&sort=school",
    "group=parents&director=Director 7, Ann&sort=school",
)


def extraction(group: str, day: date, seed: int) -> ExtractionLoaded:
    """An extraction of one group with SCHOOLS rows in one part."""
    rng = random.Random(f"{group}{seed}")
    rows = []
    for number in range(SCHOOLS):
        total = rng.randrange(30, 900)
        names = (f"{'Alder' if number % 9 == 0 else 'School'} {number} El", "Elementary")
        places = ("NSEWX"[number % 5], f"Community {number % 40} CoS", f"Director {number % 48}, Ann")
        counts = (total, rng.randrange(0, total))
        rows.append(ExtractionRow(f"1{number:04d}01", f"{number:04d}", None, *places, *names, *counts, "Tier-1", "9%"))
    return ExtractionLoaded.model_validate(
        {
            "upload_id": uuid4(), "term": "Sp25", "extraction_date": day, "revision": 1,
            "follows_revision": 0, "groups": [group], "group": group, "part": 1,
            "parts": 1, "window_opens": DAYS[0], "window_closes": CLOSES, "rows": rows,
        }
    )  # fmt: skip


def store(seed: int, day: date, parts: int = 1) -> float:
    """Seconds to compute and store the tiers of an extraction of all groups; with more parts to come, nothing is published."""
    events = [extraction(group, day, seed).model_copy(update={"parts": parts}) for group in GROUPS]
    began = time.perf_counter()
    for event in events:
        with transaction("rates") as session:
            compute_tiers(session, event)
    return time.perf_counter() - began


def copy(seed: int, day: date) -> float:
    """Seconds of a plain COPY of those rows into a table of their own."""
    rows = [(*row, group) for group in GROUPS for row in extraction(group, day, seed).rows]
    with transaction("rates") as session:
        session.execute(text("create temp table plain (like rate including all) on commit drop"))
        session.execute(text("alter table plain alter revision drop not null, alter upload_id drop not null"))
        columns = "school_key, ploc, region, cos, director, school, level, total, submitted, file_tier, file_rate, respondent_group"
        names = "term, extraction_date, removed, school_sort, cos_sort, director_key, " + columns
        cursor = raw(session).cursor()
        began = time.perf_counter()
        with cursor.copy(f"copy plain ({names}) from stdin".encode()) as out:
            for key, ploc, _, *rest in rows:
                out.write_row(("Sp25", day, False, *(str(rest[at]).casefold() for at in (3, 1, 2)), key, ploc, *rest))
    return time.perf_counter() - began


def stored() -> list[Figure]:
    """The weeks of a window, one after the other, each against the COPY of the same rows; first without publishing."""
    only, published, copied = [], [], []
    for seed, day in enumerate(DAYS):
        copied.append(copy(seed, day))
        only.append(store(seed, day - timedelta(days=1), parts=2))
        published.append(store(seed, day))
    beside = {"COPY of those rows": copied}
    return [
        Figure("tiers of 3,900 rows computed and stored", "s", only, "<= 3x", beside),
        Figure("the same with histories computed and tiers published", "s", published, "-", beside),
    ]


def page_queries(times: int = 15) -> list[float]:
    """Milliseconds of the queries of a page of 100 rows, over several filters, sorts and searches."""
    taken = []
    for _, query in itertools.product(range(times), VIEWS):
        rates = RateFilter.read([tuple(pair.split("=", 1)) for pair in query.split("&")])  # type: ignore[misc]
        with transaction("rates") as session:
            began = time.perf_counter()
            found = extraction_at(session, rates.group or "parents")
            assert found is not None
            tables.rows(session, found, rates, None, 100)
            tables.summary(session, found, rates, None)
            taken.append((time.perf_counter() - began) * 1000)
    return taken


def fill(history: int, there: int = A_TERM) -> int:
    """Adds terms of history by SQL until there are about so many rows; answers how many rows there are."""
    filled, terms = there // A_TERM - 1, history // A_TERM
    with psycopg.connect(settings().database_url, autocommit=True) as owner:
        for first in range(filled, terms, 20):
            span = (first, min(first + 19, terms - 1))
            for table in ("extraction", "rate", "school_history"):
                owner.execute(_earlier_terms(table).encode(), span)
        owner.execute("vacuum analyze rates.rate, rates.school_history, rates.extraction")
    return (terms + 1) * A_TERM


def _earlier_terms(table: str) -> str:
    """The statement that copies a table's rows of the term into terms H%s to H%s, each a year before the next."""
    columns = [column for column in metadata.tables[f"rates.{table}"].columns if not column.computed]
    moved = [f"{column.name} - (h + 1) * 365" if isinstance(column.type, Date) else column.name for column in columns]
    values = ["'H' || h" if value == "term" else value for value in moved]
    names = ", ".join(column.name for column in columns)
    terms = f"generate_series(%s::int, %s::int) h, rates.{table} where term = 'Sp25'"
    return f"insert into rates.{table} ({names}) select {', '.join(values)} from {terms}"


def pages() -> list[Figure]:
    """The whole table on one page, by HTTP in this process; its size; and the same page asked for again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 50, 50)  # as the web does at its start
    client = browser_of("central")
    whole = "/rates/?group=parents&show=all"
    headers = {"accept-encoding": "br"}
    tag = client.get(whole, headers=headers).headers["etag"]

    def whole_page() -> None:
        with client.stream("GET", whole, headers=headers) as answer:
            assert sum(len(part) for part in answer.iter_raw())

    full = [each * 1000 for each in timed(whole_page, PAGES)]
    known = [each * 1000 for each in timed(lambda: client.get(whole, headers={"if-none-match": tag}), PAGES)]
    bare = [each * 1000 for each in timed(lambda: client.get("/rates/readyz"), PAGES)]
    with client.stream("GET", whole, headers=headers) as answer:
        size = sum(len(part) for part in answer.iter_raw()) / 1024
    return [
        Figure("table page of 1,300 rows", "ms", full, "p50 < 40 ms", {"a bare GET with one query": bare}),
        Figure("its size with brotli", "KB", [size], "< 70 KB"),
        Figure("the same page, unchanged (304)", "ms", known, "<= 2x a bare GET", {"a bare GET with one query": bare}),
    ]


def exported() -> Figure:
    """The whole newest extraction as XLSX with its fills, beside XlsxWriter that writes the same values and no more."""
    with transaction("rates") as session:
        places = {group: extraction_at(session, group) for group in GROUPS}
        tabs = {
            group.capitalize(): tables.rows(session, found, RateFilter(), None, SCHOOLS)
            for group, found in places.items()
            if found is not None
        }
    values = {name: [row_values(row) for row in rows] for name, rows in tabs.items()}
    beside = {"bare XlsxWriter": timed(lambda: bare_xlsx(values))}
    ours = timed(lambda: xlsx("Response rates", tabs))
    return Figure("XLSX export of 3,900 rows", "s", ours, "<= 1.3x bare XlsxWriter", beside)


def bare_xlsx(tabs: Mapping[str, Sequence[Sequence[object]]]) -> None:
    book = xlsxwriter.Workbook(io.BytesIO(), {"in_memory": True, "default_date_format": "yyyy-mm-dd"})
    for name, rows in tabs.items():
        sheet = book.add_worksheet(name)
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)
    book.close()


def measure(history: int) -> list[Figure]:
    figures = [*stored(), exported(), *pages()]
    small, rows = page_queries(), A_TERM
    for goal in (10 * A_TERM, 100 * A_TERM, history):
        if goal <= history:
            rows = fill(goal, rows)
            name = f"queries of a page of 100 rows, {rows:,} rows of history"
            beside = {f"the same with {A_TERM:,} rows": small}
            figures.append(Figure(name, "ms", page_queries(), "<= 2x", beside))
    return figures


def main(history: int = HISTORY) -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    with database():
        measured = measure(history)
    keep("rates", measured)
    print("\n".join(figure.line() for figure in measured))


if __name__ == "__main__":
    main(*(int(given) for given in sys.argv[1:2]))
