"""What the school page shows of an item: its fields, its chart, its colours, and how typed fields are read back."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from fastapi import Request

from services.tracker.actions.entries import Cell
from services.tracker.queries.progress import Line
from services.tracker.rules.progress import (
    ABOVE_PATH,
    AWAITING,
    MET,
    NOT_MET,
    OFF_TRACK,
    ON_TRACK,
    UNREACHABLE,
)
from services.tracker.rules.values import BadPercent, read_percent, shown_percent
from shared.web.charts import Lines, lines

BADGES = {
    MET: "success",
    ON_TRACK: "success",
    ABOVE_PATH: "info",
    OFF_TRACK: "warning",
    NOT_MET: "error",
    UNREACHABLE: "error",
    AWAITING: "",
}
GROUP_BADGES = {"STUDENTS": "info", "PARENTS": "warning", "STAFF": "success"}
WIDTH, HEIGHT = 320, 120


class Field(NamedTuple):
    """One input: its name, label, what stands in it, what stood there when the page was made, and what is wrong."""

    name: str
    label: str
    value: str
    was: str
    error: str
    origin: Any


class Chart(NamedTuple):
    """The way of the results against the way of the targets, in SVG units; `low` and `high` are the axis' percents."""

    results: Lines
    targets: Lines
    low: int
    high: int


class Card(NamedTuple):
    """An item as the page shows it."""

    line: Line
    fields: list[Field]
    chart: Chart | None


class Read(NamedTuple):
    """What was typed: the cells that can be taken, and the problems by field name.

    `is_conflict`: the problems are values that somebody else changed, which saving again would replace.
    """

    cells: list[Cell]
    problems: dict[str, str]
    is_fraction: bool = False
    is_conflict: bool = False


NOTHING_TYPED = Read([], {})


async def sent_form(request: Request) -> dict[str, str]:
    """The fields of a form whose names depend on the plan's data."""
    return {name: str(value) for name, value in (await request.form()).items()}


def field_name(item_id: str, period: int) -> str:
    return f"v-{item_id}-{period}"


def _was_name(name: str) -> str:
    return f"w{name[1:]}"


def card(line: Line, periods: Sequence[str], typed: Mapping[str, str], read: Read) -> Card:
    """An item with what was typed, where something was changed, else with what is saved."""
    fields = []
    for period, label in enumerate(periods):
        name = field_name(line.item.item_id, period)
        saved = shown_percent(line.values[period])
        value, was = typed.get(name, saved), typed.get(_was_name(name), saved)
        if value == was:
            value = was = saved
        elif read.is_conflict and name in read.problems:
            was = saved
        words = f"{label} {'baseline' if period == 0 else 'result'} %"
        fields.append(Field(name, words, value, was, read.problems.get(name, ""), line.origins.get(period)))
    return Card(line, fields, chart(line))


def chart(line: Line) -> Chart | None:
    """None as long as there is no baseline to start from."""
    facts = line.facts
    planned = [line.values[0], *facts.targets]
    known = [value for value in (*line.values, *planned, facts.goal) if value is not None]
    if line.values[0] is None or len(known) < 2:
        return None
    low, high = max(0, int(min(known)) - 2), int(max(known)) + 3
    size = {"width": WIDTH, "height": HEIGHT, "low": low, "high": high}
    return Chart(lines(line.values, **size), lines(planned, **size), low, high)


def read_fields(lines_: Sequence[Line], periods: Sequence[str], form: Mapping[str, Any]) -> Read:
    """The typed fields as cells, each with what the person saw there before."""
    cells: list[Cell] = []
    problems: dict[str, str] = {}
    small_is_meant = "small_is_meant" in form
    is_fraction = False
    for line in lines_:
        for period in range(len(periods)):
            name = field_name(line.item.item_id, period)
            if name not in form:
                continue
            try:
                now = read_percent(form[name], small_is_meant=small_is_meant)
                cells.append(Cell(line.item.item_id, period, now, _was(form.get(_was_name(name), ""))))
            except BadPercent as error:
                problems[name] = str(error)
                is_fraction |= error.code == "percent_as_fraction"
    return Read([cell for cell in cells if cell.now != cell.was], problems, is_fraction)


def _was(sent: object) -> Decimal | None:
    """What the page showed, which came from us: one that cannot be read matches nothing."""
    try:
        return read_percent(sent, small_is_meant=True)
    except BadPercent:
        return Decimal(-2)
