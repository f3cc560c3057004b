"""An LCAP actions table as read: one row per action, with everything that is damaged named and nothing made up."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from services.tracker.rules.lcap.cells import (
    MOST_LINES,
    ActionNumber,
    action_numbers,
    joined_number,
    label,
    money,
    pages,
    percentage,
    title_key,
    whole,
    yes_no,
)
from services.tracker.rules.lcap.lines import PublishedYears, is_raw, of_table, published_years, raw_lines
from services.tracker.rules.lcap.published import RawRow, read_lines
from shared.names import tidy

DISTRICT, CARRYOVER = "district", "carryover"
# The forms about the year that is ending; their plan year is that year.
UPDATES = ("annual_update", "contributing_annual_update", CARRYOVER)
AMOUNTS = ("change", "planned_next", "planned", "estimated_actual")
FUNDS = ("personnel", "non_personnel", "lcff", "other_state", "local", "federal", "total")
DETAILS = ("student_groups", "scope", "unduplicated_groups", "location", "time_span")
PRINTED = {
    "change": "change",
    "planned_next": "planned for the plan year",
    "planned": "planned for the year before",
    "estimated_actual": "estimated actual",
    "personnel": "total personnel",
    "non_personnel": "total non-personnel",
    "lcff": "LCFF funds",
    "other_state": "other state funds",
    "local": "local funds",
    "federal": "federal funds",
    "total": "total funds",
    "improved_percent": "planned percentage of improved services",
    "actual_improved_percent": "estimated actual percentage of improved services",
}
LCFF, ALL_FUNDS = "LCFF", "All funds"
Unread = tuple[int, str, str]


@dataclass(frozen=True)
class Action:
    """One action. Amounts are whole dollars, None where the table has none; `damage` names what is wrong with the row.

    `planned_next` is of the plan year, `planned` and `estimated_actual` of the year before (in an annual update of the
    plan year itself).
    """

    line: int
    goal: int
    action: int
    title: str
    pages: str = ""
    description: str = ""
    contributing: bool | None = None
    fund: str = LCFF
    change: int | None = None
    planned_next: int | None = None
    planned: int | None = None
    estimated_actual: int | None = None
    explanation: str = ""
    damage: tuple[str, ...] = ()
    funds: Mapping[str, int] = field(default_factory=dict)
    details: Mapping[str, str] = field(default_factory=dict)
    improved_percent: Decimal | None = None
    actual_improved_percent: Decimal | None = None

    @property
    def number(self) -> str:
        return label(self.goal, self.action)


@dataclass
class _Row:
    """A row while it is read: cells by name, and the damage found so far."""

    line: int
    cells: dict[str, str]
    bare: bool
    damage: list[str] = field(default_factory=list)
    number: ActionNumber | None = None


@dataclass(frozen=True)
class Reading:
    """What one table gave: its form and plan year ("" where none is named), its actions, the lines that could not be
    read, each with why, and what contradicts itself."""

    form: str
    year: str
    actions: tuple[Action, ...]
    unread: tuple[Unread, ...]
    warnings: tuple[str, ...] = ()
    carryover: Mapping[str, str] | None = None
    damage: tuple[str, ...] = ()

    @property
    def kept(self) -> int:
        return len(self.actions) if self.carryover is None else 1


def read_actions(rows: Sequence[dict[str, Any]]) -> list[Reading]:
    """Reads the rows of clean tables, or the lines of the published text: one reading for each form and plan year."""
    if is_raw(rows):
        lines = of_table(raw_lines(rows), "actions")
        return [_published(lines, published_years(lines))]
    found: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in rows:
        found.setdefault((str(row.get("form") or DISTRICT), str(row.get("year") or "")), []).append(row)
    return [_read(form, year, tables) for (form, year), tables in found.items()]


def _published(lines: Sequence[Any], years: PublishedYears) -> Reading:
    unread: list[Unread] = []
    rows = [_Row(row.line, row.cells, bare=False, damage=row.damage) for row in read_lines(lines, unread)]
    actions = _taken(rows, unread, DISTRICT)
    return Reading(DISTRICT, years.year, actions, tuple(unread), years.contradictions)


def _read(form: str, year: str, rows: Sequence[dict[str, Any]]) -> Reading:
    unread: list[Unread] = []
    found = list(_clean_rows(rows))
    if form == CARRYOVER:
        amounts, damage = _carryover(found)
        return Reading(form, year, (), (), (), amounts, tuple(damage))
    return Reading(form, year, _taken(found, unread, form), tuple(unread))


def _taken(rows: list[_Row], unread: list[Unread], form: str) -> tuple[Action, ...]:
    _number(rows, plain=form != DISTRICT)
    made = [_action(row, form) for row in rows if row.number is not None]
    unread += [(row.line, _shown(row), "no goal and action number") for row in rows if row.number is None]
    return tuple(_doubted_titles(_once(made, unread)))


def _shown(row: _Row | RawRow) -> str:
    return " | ".join(cell for cell in row.cells.values() if cell)


def _clean_rows(rows: Iterable[dict[str, Any]]) -> Iterable[_Row]:
    for row in rows:
        cells = {name: tidy(str(value)) for name, value in row.items() if name not in ("form", "year", "sheet", "line")}
        if not any(cells.values()):
            continue
        source = cells.pop("source_line", "")
        line = whole(source, MOST_LINES) or int(row.get("line") or 0)
        damage = [part.strip() for part in cells.pop("damage", "").split(";") if part.strip()]
        yield _Row(line, cells, bare=True, damage=damage)


def _number(rows: list[_Row], *, plain: bool) -> None:
    """Takes each row's number; a blank one is inferred where its place leaves only one."""
    texts = [
        row.cells.get("number") or joined_number(row.cells.get("goal", ""), row.cells.get("action", "")) for row in rows
    ]
    for row, text, number in zip(rows, texts, action_numbers(texts, plain=plain), strict=True):
        row.number = number
        if number is not None and number.doubtful:
            row.damage.append(f"number reads {text}; taken as {label(*number[:2])}")
        goal = whole(row.cells.get("goal", ""), 99)
        if number is not None and goal is not None and goal != number.goal:
            row.damage.append(f"goal reads {goal}, the action's number {text}; taken as goal {number.goal}")
    for at, row in enumerate(rows):
        before = rows[at - 1].number if at else None
        if row.number is not None or before is None or not row.cells.get("contributing"):
            continue
        after = next((other.number for other in rows[at + 1 :] if other.number), None)
        gap = next((place for place, other in enumerate(rows[at:]) if other.number), 0)
        fits = after is None or after.goal > before.goal or after[:2] == (before.goal, before.action + gap + 1)
        if fits:
            row.number = ActionNumber(before.goal, before.action + 1)
            row.damage.append("goal_action blank in source; inferred by position")


def _action(row: _Row, form: str) -> Action:
    assert row.number is not None
    cells, damage = row.cells, row.damage
    amounts, fund = _amounts(row, ALL_FUNDS if form == "annual_update" else LCFF)
    funds = {name: value for name in FUNDS if (value := _dollars(row, name)) is not None}
    if form == "total_planned":
        amounts["planned_next"] = funds.get("lcff")
        _check_funds(row, funds)
    improved, actual_improved = _percent(row, "improved_percent"), _percent(row, "actual_improved_percent")
    if not cells.get("title"):
        damage.append("title blank in source")
    contributing = yes_no(cells.get("contributing", ""))
    if contributing is None and cells.get("contributing", form == DISTRICT or None) is not None:
        damage.append(f"contributing reads '{cells.get('contributing', '')}'")
    printed = cells.get("pages", "")
    if printed and pages(printed) is None:
        damage.append(f"pages read '{printed}'")
    return Action(
        row.line,
        row.number.goal,
        row.number.action,
        cells.get("title", ""),
        printed,
        cells.get("description", ""),
        contributing,
        cells.get("fund") or fund,
        **amounts,
        explanation=cells.get("explanation", ""),
        damage=tuple(dict.fromkeys(damage)),
        funds=funds,
        details={name: cells[name] for name in DETAILS if cells.get(name)},
        improved_percent=improved,
        actual_improved_percent=actual_improved,
    )


def _amounts(row: _Row, fund: str) -> tuple[dict[str, int | None], str]:
    """The four amounts, and the fund: a name of a fund may stand where the planned amount would."""
    made: dict[str, int | None] = {}
    for name in AMOUNTS:
        cell = row.cells.get(name, "")
        if name == "planned_next" and "fund" in cell.casefold() and money(cell, bare=row.bare).odd:
            made[name], fund = None, cell
        else:
            made[name] = _dollars(row, name)
    return made, fund


def _dollars(row: _Row, name: str) -> int | None:
    cell = row.cells.get(name, "")
    read = money(cell, bare=row.bare)
    if read.odd:
        row.damage.append(f"{PRINTED[name]} cell reads '{cell}'")
    elif read.cents:
        row.damage.append(f"{PRINTED[name]} reads '{cell}'; rounded to whole dollars")
    return read.dollars


def _percent(row: _Row, name: str) -> Decimal | None:
    read = percentage(row.cells.get(name, ""))
    if read.problem:
        row.damage.append(f"{PRINTED[name]} {read.problem}")
    return read.value


def _check_funds(row: _Row, funds: Mapping[str, int]) -> None:
    """The four funds of the State's form against the total that it prints."""
    parts = [funds.get(name) for name in ("lcff", "other_state", "local", "federal")]
    total = funds.get("total")
    if total is not None and None not in parts and sum(part or 0 for part in parts) != total:
        summed = sum(part or 0 for part in parts)
        row.damage.append(f"the four funds add up to ${summed:,}, the total says ${total:,}")


def _carryover(rows: Sequence[_Row]) -> tuple[dict[str, str], list[str]]:
    """The one row of the carryover table; amounts and percentages as plain numbers."""
    amounts: dict[str, str] = {}
    damage: list[str] = []
    for row in rows[:1]:
        for name, cell in row.cells.items():
            if name.endswith("percent"):
                share = percentage(cell)
                value: object = share.value
                damage += [f"{name.replace('_', ' ')} {share.problem}"] if share.problem else []
            else:
                read = money(cell, bare=True)
                value = read.dollars
                damage += [f"{name.replace('_', ' ')} cell reads '{cell}'"] if read.odd else []
            if value is not None:
                amounts[name] = str(value)
    if len(rows) > 1:
        damage.append(f"the table has {len(rows)} rows; the first was taken")
    return amounts, damage


def _once(actions: list[Action], unread: list[Unread]) -> list[Action]:
    """Each number once: of two rows with one number the first stays, the other is listed as unread."""
    kept: dict[tuple[int, int], Action] = {}
    for action in actions:
        first = kept.setdefault((action.goal, action.action), action)
        if first is not action:
            unread.append((action.line, action.title, f"number {action.number} is also in line {first.line}"))
    return list(kept.values())


def _doubted_titles(actions: list[Action]) -> list[Action]:
    """Marks a title that ends unlike the shared ending of its goal's titles although it begins that ending alike."""
    endings: dict[int, list[str]] = {}
    for action in actions:
        if ": " in action.title:
            endings.setdefault(action.goal, []).append(title_key(action.title.rpartition(": ")[2]))
    return [_doubted(action, endings.get(action.goal, [])) for action in actions]


def _doubted(action: Action, endings: list[str]) -> Action:
    own = title_key(action.title.rpartition(": ")[2])
    shared = max(endings, key=endings.count, default="")
    alike = own and own[:5] == shared[:5] and own != shared and endings.count(shared) > 1 and ": " in action.title
    if not alike:
        return action
    return replace(
        action, damage=(*action.damage, "title seems cut or misread: others of this goal end alike, this one not")
    )
