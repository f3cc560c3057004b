"""The LCAP measures table as read: one row per progress measure, with its values, its doubts and its damage."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Literal

from services.tracker.rules.lcap.cells import MOST_LINES, action_number, whole
from services.tracker.rules.lcap.growth import Growth, Value, read_growth
from services.tracker.rules.lcap.lines import Line, is_measures_header, is_raw, measures_years, of_table, raw_lines
from services.tracker.rules.lcap.polarity import Polarity, polarity_of
from services.tracker.rules.lcap.survey import Survey, survey_of
from services.tracker.rules.lcap.words import YEAR
from shared.names import tidy

Status = Literal["pairs", "partial", "single", "text", "levels"]
WIDTH = 4
MOST_NUMBER = 99
_GOAL = re.compile(r"Goal (\d{1,2})(?:: (.*))?")
_ACTION = re.compile(r"(\bA\w+) (\d{1,2})(?:: (.*))?")
_CUT_MEASURE = re.compile(r"[-–,:]$")
_GRADE = re.compile(r"Grade (\d{1,2}):[^:]*$")
_FIRST_GRADE = re.compile(r"-? ?Grade (\d{1,2}): \S+ (?!- |Grade)\S")
_FULL_YEAR = re.compile(YEAR)


@dataclass(frozen=True)
class Measure:
    """One progress measure of an action of the reporting year `year`."""

    line: int
    year: str
    goal: int
    goal_name: str
    action: int
    action_title: str
    measure: str
    text: str
    growth: Growth
    polarity: Polarity
    survey: Survey
    damage: tuple[str, ...]

    @property
    def status(self) -> Status:
        values = self.growth.values
        if not values:
            return "text"
        if values[0].level:
            return "levels"
        paired = sum(value.before is not None for value in values)
        return "pairs" if paired == len(values) else "partial" if paired else "single"

    @property
    def fingerprint(self) -> str:
        """What a person's check is tied to: it holds while year, action, measure and text stay as they were."""
        words = "\x1f".join((self.year, str(self.goal), self.action_title, self.measure, self.text))
        return hashlib.sha256(words.encode()).hexdigest()[:24]


@dataclass(frozen=True)
class MeasuresReading:
    """What a table gave: its reporting year ("" where none is named), its measures, the lines that could not be read,
    each with why, and what contradicts itself."""

    year: str
    measures: tuple[Measure, ...]
    unread: tuple[tuple[int, str, str], ...]
    warnings: tuple[str, ...] = ()

    @property
    def kept(self) -> int:
        return len(self.measures)


@dataclass
class _Row:
    line: int
    cells: dict[str, str]
    damage: list[str] = field(default_factory=list)


def is_part_year(value: Value) -> bool:
    """A figure as of some month beside one of a full year: never to be judged as gain or loss."""
    return bool(value.as_of) and _FULL_YEAR.fullmatch(value.period_before) is not None


def read_measures(rows: Sequence[dict[str, Any]], year: str = "") -> list[MeasuresReading]:
    """Reads the rows of clean tables, or the lines of the published text: one reading for each reporting year.

    `year` is what a person said of a table whose headings name none.
    """
    if is_raw(rows):
        lines = of_table(raw_lines(rows), "measures")
        named = measures_years(lines)
        unread: list[tuple[int, str, str]] = []
        return [_read(_raw_rows(lines, unread), unread, named.year or year, named.contradictions)]
    found: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        found.setdefault(str(row.get("year") or year), []).append(row)
    return [_read(_clean_rows(of_year), [], name, ()) for name, of_year in found.items()]


def _read(
    rows: list[_Row], unread: list[tuple[int, str, str]], year: str, warnings: tuple[str, ...]
) -> MeasuresReading:
    _mark_breaks(rows)
    made = [_measure(row, year, unread) for row in rows]
    return MeasuresReading(year, tuple(measure for measure in made if measure is not None), tuple(unread), warnings)


def _clean_rows(rows: Sequence[dict[str, Any]]) -> list[_Row]:
    made = []
    for row in rows:
        cells = {name: tidy(str(value)) for name, value in row.items() if name not in ("form", "year", "sheet", "line")}
        if any(cells.values()):
            source = cells.pop("source_line", "")
            line = whole(source, MOST_LINES) or int(row.get("line") or 0)
            damage = [part.strip() for part in cells.pop("damage", "").split(";") if part.strip()]
            made.append(_Row(line, cells, damage))
    return made


def _raw_rows(lines: Sequence[Line], unread: list[tuple[int, str, str]]) -> list[_Row]:
    rows: list[_Row] = []
    for line in lines:
        cells = line.cells
        filled = [cell for cell in cells if cell]
        if not filled or is_measures_header(line):
            continue
        if len(cells) >= WIDTH and _GOAL.match(cells[0]) and cells[2]:
            rows.append(_Row(line.number, dict(zip(("goal", "action", "measure", "text"), cells, strict=False))))
        elif rows and len(cells) >= WIDTH and not cells[0] and not cells[1]:
            _continue(rows[-1], line)
        else:
            unread.append((line.number, " | ".join(filled), "no row of four cells; misread page"))
    return rows


def _continue(row: _Row, line: Line) -> None:
    for at, name in ((2, "measure"), (3, "text")):
        if line.cells[at]:
            row.cells[name] = f"{row.cells[name]} {line.cells[at]}".strip()
    row.damage.append(f"continuation line {line.number} merged")


def _mark_breaks(rows: list[_Row]) -> None:
    """Marks both rows of a pair that a page break has mixed; which words belong where is for a person to say."""
    for before, after in pairwise(rows):
        first, second = _GRADE.search(before.cells.get("text", "")), _FIRST_GRADE.match(after.cells.get("text", ""))
        spilled = (
            first and second and int(second[1]) > int(first[1]) and before.cells["action"] != after.cells["action"]
        )
        if _CUT_MEASURE.search(before.cells.get("measure", "")):
            before.damage.append("measure is cut off; its end and a part of the text may be in the next row")
            after.damage.append("row above is cut off; the start of this measure and text may belong to it")
        elif spilled:
            before.damage.append("the list of grades goes on in the next row")
            after.damage.append("the text begins with the end of the list of the row above")


def _measure(row: _Row, year: str, unread: list[tuple[int, str, str]]) -> Measure | None:
    placed = _place(row)
    measure, text = row.cells.get("measure", ""), row.cells.get("text", "")
    if placed is None or not measure:
        shown = " | ".join(cell for cell in row.cells.values() if cell)
        unread.append((row.line, shown, "no goal, action and measure"))
        return None
    goal, goal_name, action, title = placed
    return Measure(
        row.line, year, goal, goal_name, action, title, measure, text, read_growth(text, year),
        polarity_of(measure, row.cells.get("polarity", "")), survey_of(measure), tuple(dict.fromkeys(row.damage)),
    )  # fmt: skip


def _place(row: _Row) -> tuple[int, str, int, str] | None:
    """Goal, its name, action and its title, from `Goal 1: ...` and `Action 2: ...` or from plain numbers."""
    cells = row.cells
    goal, action = _GOAL.fullmatch(cells.get("goal", "")), _ACTION.fullmatch(cells.get("action", ""))
    if action and action[1] != "Action":
        row.damage.append(f"'{action[1]}' typo in source")
    name = cells.get("goal_name") or (goal[2] if goal else "") or ""
    title = cells.get("title") or (action[3] if action else "") or ""
    both = action_number(cells.get("number", ""))
    if both is not None:
        return both.goal, name, both.action, title
    first = whole(goal[1] if goal else cells.get("goal", ""), MOST_NUMBER)
    second = whole(action[2] if action else cells.get("action", ""), MOST_NUMBER)
    return None if first is None or second is None else (first, name, second, title)
