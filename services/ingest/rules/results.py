"""Survey results: a school's percent for an item in a period."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, NamedTuple

from services.ingest.rules.cells import Cell, read_ploc, shown
from services.ingest.rules.findings import BadCell, Place, Report
from services.ingest.rules.listing import Table
from services.ingest.rules.rows import clean
from shared.events import ResultRow
from shared.names import name_key

LEVELS = {
    **{name: "Elementary" for name in ("elementary", "el", "elem")},
    **{name: "Middle" for name in ("middle", "ms", "middle school")},
    **{name: "High" for name in ("high", "hs", "sh", "high school", "senior high")},
}
COLUMNS = {
    "period": "period",
    "year": "period",
    "level": "level",
    "item": "item",
    "survey item": "item",
    "cost center code": "cost_center",
    "cost centre code": "cost_center",
    "ploc": "ploc",
    "school": "school",
    "school name": "school",
    "percent": "percent",
    "result": "percent",
}
REQUIRED = {
    "period": "Period",
    "level": "Level",
    "item": "Item",
    "ploc": "PLOC",
    "school": "School",
    "percent": "Percent",
}
# A percent that a formula computed misses its tenth by this much at most.
NOISE = Decimal("0.000001")
_UNKNOWN: dict[str, Callable[["ReadResult"], tuple[str, str]]] = {
    "result_item_unknown": lambda row: ("Item", row.item),
    "result_level_unknown": lambda row: ("Level", row.level),
    "result_period_unknown": lambda row: ("Period", row.period),
    "result_nowhere": lambda row: ("Item", f"{row.item}, {row.level}, {row.period}"),
}
_CODE = re.compile(r"^1\d{6}$", re.ASCII)
_PERCENT = re.compile(r"^(\d{1,3}(?:[.,]\d+)?)\s*%?$", re.ASCII)
# How districts write that too few people answered for a percent to be shown.
_SUPPRESSED = re.compile(r"^(?:\*{1,3}|suppressed|n ?< ?\d{1,3})$", re.IGNORECASE | re.ASCII)


class ReadResult(NamedTuple):
    """One result with the place it stands in; the school is not identified yet. `written`: the percent as it stands there."""

    period: str
    level: str
    item: str
    cost_center: str
    ploc: str
    school: str
    percent: Decimal | None
    sheet: str
    number: int
    written: str


class KnownWords:
    """The words of the tracker's plans: `{items, levels, years}` each; none where it has not published them."""

    def __init__(self, plans: Iterable[Mapping[str, Any]]) -> None:
        self.plans = [
            [{name_key(word) for word in plan[field]} for field in ("items", "levels", "years")] for plan in plans
        ]

    def unknown(self, item: str, level: str, period: str) -> list[str]:
        """The codes for what no plan knows of a result; empty where one knows it all."""
        words = name_key(item), name_key(level), name_key(period)
        if not self.plans or any(all(w in known for w, known in zip(words, plan, strict=True)) for plan in self.plans):
            return []
        codes = ("result_item_unknown", "result_level_unknown", "result_period_unknown")
        lacking = [code for at, code in enumerate(codes) if not any(words[at] in plan[at] for plan in self.plans)]
        return lacking or ["result_nowhere"]


def note_unknown(rows: Iterable[ReadResult], words: KnownWords, report: Report) -> None:
    """Reports the results whose item, level or year no plan of the tracker knows."""
    found: dict[tuple[str, str, str], list[str]] = {}
    for row in rows:
        named = row.item, row.level, row.period
        if named not in found:
            found[named] = words.unknown(*named)
        for code in found[named]:
            column, value = _UNKNOWN[code](row)
            report.add(code, Place(row.sheet, row.number, column, value[:200]))


def read_result(cells: Mapping[str, Cell]) -> ReadResult:
    """A row by field; what is not a cost center code, such as `n/a`, counts as none given. Raises BadCell."""
    period, item, school = (clean(cells.get(name)) for name in ("period", "item", "school"))
    level = LEVELS.get(name_key(shown(cells.get("level"))))
    ploc = read_ploc(cells.get("ploc"))
    if not period:
        raise BadCell("period", "period_missing")
    if not item:
        raise BadCell("item", "item_missing")
    if level is None:
        raise BadCell("level", "level_unknown")
    given = clean(cells.get("cost_center"))
    code = given if _CODE.match(given) else ploc.cost_center or ""
    percent = read_percent(cells.get("percent"))
    return ReadResult(
        period=period,
        level=level,
        item=item,
        cost_center=code,
        ploc=ploc.ploc,
        school=school,
        percent=percent,
        sheet=str(cells.get("sheet", "")),
        number=int(str(cells["row"])),
        written=clean(cells.get("percent")),
    )


def read_percent(cell: Cell) -> Decimal | None:
    """A percent from 0 to 100 with at most one decimal, None for a blank or a suppressed one; BadCell otherwise.

    Nothing is rounded. A comma begins decimals in every file: no percent reaches a thousand.
    """
    text = clean(cell)
    if not text or _SUPPRESSED.match(text):
        return None
    found = _PERCENT.match(text)
    percent = Decimal(found.group(1).replace(",", ".")) if found else Decimal(101)
    if percent > 100:
        raise BadCell("percent", "percent_unreadable")
    nearest = percent.quantize(Decimal("0.1"), ROUND_HALF_UP)
    if percent <= 1 and percent != nearest and "%" not in text:
        raise BadCell("percent", "fraction_given")
    if abs(percent - nearest) > NOISE:
        raise BadCell("percent", "percent_decimals")
    return nearest


def settled_results(rows: Sequence[tuple[ResultRow, ReadResult]], report: Report) -> list[ResultRow]:
    """The results without repetitions; those of one school, item and period that contradict each other are rejected.

    A percent of 1 or less is warned: a cell that shows 76.5% may hold 0.765. One with the sign is not a fraction.
    """
    places: dict[tuple[str, ...], dict[ResultRow, list[ReadResult]]] = defaultdict(dict)
    for row, read in rows:
        key = (row.school_key, row.level, name_key(row.item), name_key(row.period))
        places[key].setdefault(row._replace(item=key[2], period=key[3]), []).append(read)
    kept = []
    for _, read in rows:
        _note_written(read, report)
    for found in places.values():
        (row, first), *others = [(row, read) for row, reads in found.items() for read in reads]
        if len(found) > 1:
            for _, read in [(row, first), *others]:
                report.reject("results_contradict", _place(read))
            continue
        for _, read in others:
            report.add("row_repeated", _place(read)._replace(column="", became=f"as row {first.number}"))
        if row.percent is not None and 0 < row.percent <= 1 and "%" not in first.written:
            report.add("percent_fraction", _place(first))
        kept.append(row._replace(item=first.item, period=first.period))
    return kept


def _note_written(read: ReadResult, report: Report) -> None:
    """Reports a percent that is suppressed, and one whose decimals a comma begins."""
    code = (
        "percent_suppressed"
        if read.percent is None and read.written
        else "percent_comma"
        if "," in read.written
        else ""
    )
    if code:
        became = "" if read.percent is None else str(read.percent)
        report.add(code, Place(read.sheet, read.number, REQUIRED["percent"], read.written[:200], became))


def _place(read: ReadResult) -> Place:
    value = f"{read.school}, {read.item}: {'blank' if read.percent is None else read.percent}"
    return Place(read.sheet, read.number, REQUIRED["percent"], value[:200])


RESULT_TABLES = (Table("results", COLUMNS, REQUIRED, read_result),)
