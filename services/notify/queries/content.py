"""The lines of a digest as they are kept: compact lists, dates as text."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from services.notify.rules.news import Line

_ON = Line._fields.index("on")


def kept_lines(lines: Iterable[Line]) -> list[list[Any]]:
    """Lines as plain lists for the column `content`."""
    return [[*line._replace(on=line.on.isoformat())] for line in lines]  # type: ignore[arg-type]


def lines_of(content: Mapping[str, Any]) -> list[Line]:
    """The lines of a digest's content."""
    kept: Sequence[Sequence[Any]] = content.get("lines", [])
    return [Line._make([*row[:_ON], date.fromisoformat(row[_ON]), *row[_ON + 1 :]]) for row in kept]


def days_of(content: Mapping[str, Any]) -> dict[str, date]:
    """The day of each group's numbers in a digest."""
    return {group: date.fromisoformat(day) for group, day in content.get("as_of", {}).items()}
