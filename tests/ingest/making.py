"""Extraction files as they really come, for the tests of ingest: by openpyxl, by XlsxWriter, as text of any kind."""

import csv
import io
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import openpyxl

from tests.files import HEADER

Rows = Iterable[Sequence[Any]]


def row(
    ploc: object = "4001", school: object = "Alder El", submitted: object = 10, total: object = 100, **others: object
) -> tuple[Any, ...]:
    """A row of an extraction; others by name: region, cos, director, group, tier, label, rate, on."""
    given: dict[str, object] = {"region": "E", "cos": "North CoS", "director": "VEGA, MARTA", "group": "Parents"}
    given |= {"tier": "", "label": "", "rate": "", "extraction_date": "2026-03-02"} | others
    return (
        given["region"], ploc, given["cos"], given["director"], school, given["group"], given["tier"], given["label"],
        total, submitted, given["rate"], given["extraction_date"],
    )  # fmt: skip


def many(count: int = 20, **others: object) -> list[tuple[Any, ...]]:
    """Good rows of as many schools."""
    return [row(f"{4100 + n}", f"School {n} El", **others) for n in range(count)]


def book(rows: Rows, change: Callable[[Any], None] = lambda made: None, sheet: str = "Parents") -> bytes:
    """A workbook as openpyxl writes it, changed before it is saved."""
    made = openpyxl.Workbook()
    page: Any = made.active
    page.title = sheet
    for cells in rows:
        page.append(list(cells))
    change(made)
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def text_table(rows: Rows, encoding: str = "utf-8", delimiter: str = ",", ends: str = "\r\n", first: str = "") -> bytes:
    """A text table of that encoding; `first` is put before it."""
    out = io.StringIO(newline="")
    out.write(first)
    csv.writer(out, delimiter=delimiter, lineterminator=ends).writerows(rows)
    return out.getvalue().encode(encoding)


def with_header(rows: Rows) -> list[Sequence[Any]]:
    """The rows below the district's header."""
    return [HEADER, *rows]
