"""Files out of the district's view: counts per item, and every school's progress."""

import io
from collections.abc import Iterable, Sequence
from typing import Any

from services.tracker.rules.progress import STATUSES
from shared.files.workbooks import Cell, csv_text, new_workbook, write_cell

COUNTS_HEADER = (
    "Group",
    "Item",
    "Goal Increase",
    "Schools",
    "With data",
    *(status.capitalize() for status in STATUSES),
    "Goal over 100%",
)


def progress_header(final_label: str) -> Sequence[str]:
    return (
        *("Region", "PLOC", "CoS", "Regional Director", "School", "Item"),
        *("Latest %", "Year", "Difference from Target", f"{final_label} Target %", "Status"),
    )


def counts_rows(counts: Iterable[Any]) -> list[Sequence[Cell]]:
    """One row an item."""
    return [
        (
            row.item.respondents,
            row.item.item,
            row.goal.increase,
            row.expected,
            row.known,
            *(row.counts[status] for status in STATUSES),
            row.over_hundred,
        )
        for row in counts
    ]


def progress_rows(heat: Iterable[Any], items: Sequence[Any], periods: Sequence[str]) -> Iterable[Sequence[Cell]]:
    """One row a school and item that has values; the difference is that of the latest result, blank without a target."""
    for school, held in heat:
        for item in items:
            row = held.get(item.item_id)
            if row is not None:
                year = "" if row.latest_period is None else periods[row.latest_period]
                who = (school.region, school.ploc, school.cos, school.director, school.name)
                yield (*who, item.item, row.latest, year, row.difference, row.goal, row.status)


def counts_csv(counts: Iterable[Any]) -> str:
    return csv_text(COUNTS_HEADER, counts_rows(counts))


def district_book(title: str, counts: Iterable[Any], progress: Iterable[Sequence[Cell]], final_label: str) -> bytes:
    """A workbook with the counts and every school's progress."""
    out = io.BytesIO()
    book = new_workbook(out, title, constant_memory=True)
    bold = book.add_format({"bold": True, "text_wrap": True})
    tabs = (("Items", COUNTS_HEADER, counts_rows(counts)), ("Schools", progress_header(final_label), progress))
    for name, header, rows in tabs:
        sheet = book.add_worksheet(name)
        sheet.freeze_panes(1, 0)
        sheet.set_column(0, len(header) - 1, 16)
        last = 0
        for number, row in enumerate([header, *rows]):
            for column, value in enumerate(row):
                write_cell(sheet, number, column, value, bold if number == 0 else None)
            last = number
        sheet.autofilter(0, 0, last, len(header) - 1)
    book.close()
    return out.getvalue()
