"""Refusals of a file whose columns cannot be told apart, or lack one that is needed: each with sheet, row and names."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from services.ingest.rules.headers import ColumnsConflict, ColumnsMissing
from shared.errors import Invalid

TEMPLATE = "Add it, or download the template."


@contextmanager
def refusing_columns() -> Iterator[None]:
    """Refuses by Invalid where two columns claim one field, or names repeated in a table lack a required one."""
    try:
        yield
    except ColumnsConflict as error:
        raise _conflict(error) from error
    except ColumnsMissing as error:
        raise columns_missing(error.sheet, error.row, error.missing) from error


def _conflict(error: ColumnsConflict) -> Invalid:
    first, second = error.columns
    where = f"{_place(error.sheet)}row {error.row}"
    sentence = f"Two columns have the same content but differ: {first} and {second} ({where}). Remove or rename one."
    problem = {
        "code": "columns_conflict",
        "sheet": error.sheet,
        "row": error.row,
        "column": first,
        "message": f"This column and {second} differ. Remove or rename one.",
    }
    return Invalid(sentence, code="columns_conflict", problems=[problem])


def columns_missing(sheet: str, row: int, missing: Sequence[str]) -> Invalid:
    """A row of column names that lacks some."""
    place = f"{_place(sheet)}row {row}"
    sentence = f"{place[0].upper()}{place[1:]} should hold the column names; missing: {', '.join(missing)}."
    return Invalid(sentence, code="columns_missing", problems=missing_problems(sheet, row, missing))


def missing_problems(sheet: str, row: int, missing: Sequence[str]) -> list[dict[str, object]]:
    """One problem for each column that is missing."""
    return [
        {
            "code": "column_missing",
            "sheet": sheet,
            "row": row,
            "column": name,
            "message": f"The column {name} is missing. {TEMPLATE}",
        }
        for name in missing
    ]


def _place(sheet: str) -> str:
    return f"sheet {sheet}, " if sheet else ""
