"""The content of a digest as it is stored: named fields with a version; what a newer program wrote is never guessed."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from services.notify.rules.alerts import AlertLine
from shared.errors import Conflict

VERSION = 1


class UnknownContent(Conflict):
    """A stored digest that this version of the program cannot read; it is kept as it is."""

    code = "digest_unreadable"


def stored_lines(lines: Iterable[AlertLine]) -> list[dict[str, Any]]:
    """Lines as objects for the column `content`."""
    return [{**line._asdict(), "extraction_date": line.extraction_date.isoformat()} for line in lines]


def lines_of(content: Mapping[str, Any]) -> list[AlertLine]:
    """The lines of a digest's content. UnknownContent for a version that is not known here."""
    version = content.get("version")
    if version != VERSION:
        raise UnknownContent(
            f"This alert was stored in a form that this program does not know (version {version}). It is kept as it is:"
            " update the program, or read the mail itself in the mail log."
        )
    return [_line(row) for row in content["lines"]]


def _line(row: Mapping[str, Any]) -> AlertLine:
    fields = {name: row[name] for name in AlertLine._fields}
    return AlertLine(**{**fields, "extraction_date": date.fromisoformat(row["extraction_date"])})


def days_of(content: Mapping[str, Any]) -> dict[str, date]:
    """The day of each group's numbers in a digest."""
    return {group: date.fromisoformat(day) for group, day in content.get("as_of", {}).items()}
