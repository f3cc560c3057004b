"""The sheet of a school's page: its rows and fields, the chart of an item, and how typed fields are read back."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from fastapi import Request

from services.tracker.actions.entries import EntryChange
from services.tracker.pages.charts import path_chart
from services.tracker.queries.progress import ItemLine
from services.tracker.rules.progress import ABOVE_PATH, AWAITING, MET, NOT_MET, OFF_TRACK, ON_TRACK
from services.tracker.rules.values import BadPercent, read_percent, shown_difference, shown_percent
from services.tracker.tables.progress import Entry
from shared.web.charts import Chart

BADGES = {
    MET: "success",
    ON_TRACK: "success",
    ABOVE_PATH: "info",
    OFF_TRACK: "warning",
    NOT_MET: "error",
    AWAITING: "",
}
GROUP_BADGES = {"STUDENTS": "info", "PARENTS": "warning", "STAFF": "success"}
SHOWN: dict[str, Any] = {
    "shown_percent": shown_percent,
    "shown_difference": shown_difference,
    "badges": BADGES,
    "group_badges": GROUP_BADGES,
}
# No percent that the page could have shown: a field that was tampered with matches nothing.
_UNREADABLE = Decimal(-2)


class SheetField(NamedTuple):
    """One input: its name, what is in it, what was there when the page was made, what is wrong, where it is from.

    `period` is the year's position; `target` and `difference` are None where they are not known.
    """

    name: str
    period: int
    value: str
    was: str
    error: str
    origin: Entry | None
    target: Decimal | None
    projected: Decimal | None
    difference: Decimal | None


class SheetRow(NamedTuple):
    """An item as the page shows it."""

    line: ItemLine
    fields: list[SheetField]
    chart: Chart | None


class TypedSheet(NamedTuple):
    """What was typed: the changes that can be taken, and the problems by field name.

    `is_conflict`: the problems are values that somebody else changed, which saving again would replace.
    """

    changes: list[EntryChange]
    problems: dict[str, str]
    is_fraction: bool = False
    is_conflict: bool = False


NOTHING_TYPED = TypedSheet([], {})


async def sent_form(request: Request) -> dict[str, str]:
    """The fields of a form whose names depend on the plan's data."""
    return {name: str(value) for name, value in (await request.form()).items()}


def field_name(item_id: str, period: int) -> str:
    return f"v-{item_id}-{period}"


def _was_name(name: str) -> str:
    return f"w{name[1:]}"


def former_fields(changed: Sequence[EntryChange]) -> list[tuple[str, str]]:
    """The fields of a sheet that put the values of saved changes back, each with what stands there now."""
    names = [field_name(change.item_id, change.period) for change in changed]
    pairs = [
        ((name, shown_percent(change.was)), (_was_name(name), shown_percent(change.now)))
        for name, change in zip(names, changed, strict=True)
    ]
    return [("small_is_meant", "on"), *(pair for both in pairs for pair in both)]


def sheet_row(line: ItemLine, labels: Sequence[str], typed: Mapping[str, str], read: TypedSheet) -> SheetRow:
    """An item, its years named by `labels`, with what was typed, where something was changed, else with what is saved."""
    fields = []
    for period, percent in enumerate(line.values):
        name, saved = field_name(line.item.item_id, period), shown_percent(percent)
        value, was = typed.get(name, saved), typed.get(_was_name(name), saved)
        if value == was:
            value = was = saved
        elif read.is_conflict and name in read.problems:
            was = saved
        year = period - 1
        facts = (
            (line.facts.targets[year], line.projected[year], line.facts.differences[year])
            if period
            else (None, None, None)
        )
        fields.append(
            SheetField(name, period, value, was, read.problems.get(name, ""), line.origins.get(period), *facts)
        )
    return SheetRow(line, fields, path_chart(line, labels))


def read_fields(lines_: Sequence[ItemLine], form: Mapping[str, Any]) -> TypedSheet:
    """The typed fields as changes, each with what the person saw there before."""
    changes: list[EntryChange] = []
    problems: dict[str, str] = {}
    small_is_meant = "small_is_meant" in form
    is_fraction = False
    for line in lines_:
        for period in range(len(line.values)):
            name = field_name(line.item.item_id, period)
            if name not in form:
                continue
            try:
                now = read_percent(form[name], small_is_meant=small_is_meant)
                changes.append(EntryChange(line.item.item_id, period, now, _was(form.get(_was_name(name), ""))))
            except BadPercent as error:
                problems[name] = str(error)
                is_fraction |= error.code == "percent_as_fraction"
    return TypedSheet([change for change in changes if change.now != change.was], problems, is_fraction)


def _was(sent: object) -> Decimal | None:
    """What the page showed, which came from us."""
    try:
        return read_percent(sent, small_is_meant=True)
    except BadPercent:
        return _UNREADABLE
