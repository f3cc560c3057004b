"""The catalogue of dirty data: every case with its outcome, kept by its test; `docs/files.md` is written from it.

`python -m tests.ingest.write_catalogue` writes the table anew.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

DOCS = Path(__file__).parent.parent.parent / "docs" / "files.md"
BEGIN, END = "<!-- cases: from the tests -->", "<!-- end of cases -->"
Door = Any


class Case(NamedTuple):
    """One case: its number in the catalogue, what is in the file, what becomes of it, and the test that keeps it."""

    number: int
    what: str
    outcome: str
    check: Callable[[Door], None]


CASES: list[Case] = []


def case(number: int, what: str, outcome: str) -> Callable[[Callable[[Door], None]], Callable[[Door], None]]:
    """Registers the test of a case."""

    def register(check: Callable[[Door], None]) -> Callable[[Door], None]:
        CASES.append(Case(number, what, outcome, check))
        return check

    return register


def table() -> str:
    """The cases as the table of docs/files.md."""
    lines = [f"| {c.number} | {c.what} | {c.outcome} |" for c in sorted(CASES, key=lambda c: c.number)]
    return "\n".join(["| # | What is in the file | What becomes of it |", "|---|---|---|", *lines])


def written() -> str:
    """docs/files.md with the table as it is now."""
    before, _, rest = DOCS.read_text(encoding="utf-8").partition(BEGIN)
    return f"{before}{BEGIN}\n{table()}\n{END}{rest.partition(END)[2]}"
