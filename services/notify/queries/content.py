"""The content of a digest as it is stored: named fields with a version; what a newer program wrote is never guessed."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from services.notify.rules.alerts import AlertLine
from services.notify.rules.plans import PlanOutcome
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
    fields = {name: row[name] for name in AlertLine._fields if name in row or name not in AlertLine._field_defaults}
    return AlertLine(**{**fields, "extraction_date": date.fromisoformat(row["extraction_date"])})


def stored_plans(outcomes: Iterable[PlanOutcome]) -> list[dict[str, Any]]:
    """Plans with what came since, as objects for the column `content`."""
    return [{**each._asdict(), "extraction_date": _day_text(each.extraction_date)} for each in outcomes]


def _day_text(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def plans_of(content: Mapping[str, Any]) -> list[PlanOutcome]:
    """The plans of a digest's content."""
    found = []
    for row in content.get("plans", []):
        day = row["extraction_date"]
        found.append(PlanOutcome(**{**row, "extraction_date": date.fromisoformat(day) if day else None}))
    return found


def days_of(content: Mapping[str, Any]) -> dict[str, date]:
    """The day of each group's numbers in a digest."""
    return {group: date.fromisoformat(day) for group, day in content.get("as_of", {}).items()}
