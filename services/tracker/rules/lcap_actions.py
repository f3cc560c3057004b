"""The LCAP actions table as read: one row per action, with everything that is damaged named and nothing made up."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from services.tracker.rules.lcap_cells import (
    MOST_LINES,
    ActionNumber,
    action_number,
    label,
    money,
    pages,
    title_key,
    whole,
    yes_no,
)
from services.tracker.rules.lcap_lines import Line, is_actions_header, is_raw, of_table, raw_lines, spilled
from shared.names import name_key, tidy

WIDTH = 10
AMOUNTS = ("change", "planned_2024_25", "planned_2023_24", "est_actual_2023_24")
PRINTED = {
    "change": "change",
    "planned_2024_25": "planned 2024-25",
    "planned_2023_24": "planned 2023-24",
    "est_actual_2023_24": "estimated actual",
}
LCFF = "LCFF"
GOALS = {
    1: "Academic Excellence",
    2: "Joy and Wellness",
    3: "Engagement and Collaboration",
    4: "Operational Effectiveness",
    5: "Investing in Staff",
    6: "English Learner Supports",
    7: "Black Student Achievement Plan",
    8: "Mandated School Accountability",
}
# Columns of a clean table by the key of their header: the district's own headings, short ones, those of the workbook.
COLUMNS = {
    "page in 2024 25 lcap": "pages",
    "pages": "pages",
    "page": "pages",
    "goal action": "number",
    "number": "number",
    "2024 25 action title": "title",
    "title": "title",
    "description of action": "description",
    "description": "description",
    "contributing to increased or improved services": "contributing",
    "contributing": "contributing",
    "fund": "fund",
    "change in planned lcff expenditures 2023 24 to 2024 25": "change",
    "change in planned": "change",
    "change": "change",
    "total planned lcff expenditures 2024 25": "planned_2024_25",
    "total planned 2024 25": "planned_2024_25",
    "planned 2024 25": "planned_2024_25",
    "total planned lcff expenditures 2023 24": "planned_2023_24",
    "total planned 2023 24": "planned_2023_24",
    "planned 2023 24": "planned_2023_24",
    "estimated actual lcff expenditures 2023 24": "est_actual_2023_24",
    "est actual 2023 24": "est_actual_2023_24",
    "estimated actual 2023 24": "est_actual_2023_24",
    "material differences between planned expenditures and estimated actual expenditures 2023 24": "explanation",
    "material difference": "explanation",
    "explanation": "explanation",
    "damage": "damage",
    "source line": "source_line",
}
_RAW = (
    "pages", "number", "title", "description", "contributing",
    "change", "planned_2024_25", "planned_2023_24", "est_actual_2023_24", "explanation",
)  # fmt: skip
_TITLE, _DESCRIPTION = 2, 3
_HEADINGS = {_TITLE: "2024-25 Action Title", _DESCRIPTION: "Description of Action"}


@dataclass(frozen=True)
class Action:
    """One action. Amounts are whole dollars, None where the table has none; `damage` names what is wrong with the row."""

    line: int
    goal: int
    action: int
    title: str
    pages: str = ""
    description: str = ""
    contributing: bool | None = None
    fund: str = LCFF
    change: int | None = None
    planned_2024_25: int | None = None
    planned_2023_24: int | None = None
    est_actual_2023_24: int | None = None
    explanation: str = ""
    damage: tuple[str, ...] = ()

    @property
    def number(self) -> str:
        return label(self.goal, self.action)


@dataclass
class _Row:
    """A row on its way: cells by name, and the damage found so far."""

    line: int
    cells: dict[str, str]
    bare: bool
    damage: list[str] = field(default_factory=list)
    number: ActionNumber | None = None


@dataclass(frozen=True)
class Reading:
    """What a table's text gave: its actions, and the lines that could not be read, each with why."""

    actions: tuple[Action, ...]
    unread: tuple[tuple[int, str, str], ...]


def read_actions(rows: Sequence[dict[str, Any]]) -> Reading:
    """Reads clean rows (column -> text) or the lines of the published text."""
    unread: list[tuple[int, str, str]] = []
    found = _raw_rows(of_table(raw_lines(rows), "actions"), unread) if is_raw(rows) else _clean_rows(rows)
    _number(found)
    made = [_action(row) for row in found if row.number is not None]
    unread += [(row.line, _shown(row), "no goal and action number") for row in found if row.number is None]
    return Reading(tuple(_doubted_titles(_once(made, unread))), tuple(unread))


def _shown(row: _Row) -> str:
    return " | ".join(cell for cell in row.cells.values() if cell)


def _clean_rows(rows: Iterable[dict[str, Any]]) -> list[_Row]:
    made = []
    for row in rows:
        cells = {COLUMNS[key]: tidy(str(value)) for name, value in row.items() if (key := name_key(name)) in COLUMNS}
        if not any(cells.values()):
            continue
        source = cells.pop("source_line", "")
        line = whole(source, MOST_LINES) or int(row.get("line") or 0)
        damage = [part.strip() for part in cells.pop("damage", "").split(";") if part.strip()]
        made.append(_Row(line, cells, bare=True, damage=damage))
    return made


def _raw_rows(lines: Sequence[Line], unread: list[tuple[int, str, str]]) -> list[_Row]:
    rows: list[_Row] = []
    spills: dict[int, str] = {}
    for line in lines:
        if line.blank:
            continue
        if _is_row(line):
            rows.append(_raw_row(line, spills))
            spills = {}
        elif rows and _is_continuation(line):
            _continue(rows[-1], line)
        elif is_actions_header(line):
            found = {at: spilled(cell, _HEADINGS[at]) for at, cell in enumerate(line.cells) if at in _HEADINGS}
            spills |= {at: text for at, text in found.items() if text}
        else:
            unread.append((line.number, " | ".join(cell for cell in line.cells if cell), "neither a row nor a header"))
    return rows


def _is_row(line: Line) -> bool:
    if len(line.cells) < WIDTH - 1:
        return False
    amounts = sum("$" in cell for cell in line.cells[5:9])
    return yes_no(line.cells[4]) is not None or (amounts >= 2 and pages(line.cells[0]) is not None)


def _is_continuation(line: Line) -> bool:
    """Only the texts of a row go on in this line: it is no header, and every other cell is empty."""
    told = {at for at, cell in enumerate(line.cells) if cell}
    return len(line.cells) >= WIDTH - 1 and told <= {_DESCRIPTION, 9} and not is_actions_header(line)


def _raw_row(line: Line, spills: dict[int, str]) -> _Row:
    row = _Row(line.number, dict(zip(_RAW, line.cells, strict=False)), bare=False)
    for at, text in spills.items():
        name = _RAW[at]
        row.cells[name] = f"{text} {row.cells[name]}".strip()
        row.damage.append(f"start of {name} stood in the page header line; put back, please check")
    return row


def _continue(row: _Row, line: Line) -> None:
    for at in (_DESCRIPTION, 9):
        if at < len(line.cells) and line.cells[at]:
            row.cells[_RAW[at]] = f"{row.cells.get(_RAW[at], '')} {line.cells[at]}".strip()
    row.damage.append(f"continuation line {line.number} merged")


def _number(rows: list[_Row]) -> None:
    """Takes each row's number; a blank one is inferred where its place leaves only one."""
    for row in rows:
        row.number = action_number(row.cells.get("number", ""))
        if row.number is not None and row.number.doubtful:
            row.damage.append(f"number reads {row.cells['number']}; taken as {label(*row.number[:2])}")
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


def _action(row: _Row) -> Action:
    assert row.number is not None
    cells, damage = row.cells, row.damage
    amounts, fund = _amounts(row)
    if not cells.get("title"):
        damage.append("title blank in source")
    contributing = yes_no(cells.get("contributing", ""))
    if contributing is None:
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
    )


def _amounts(row: _Row) -> tuple[dict[str, int | None], str]:
    """The four amounts, and the fund: a name of a fund may stand where the planned amount would."""
    made: dict[str, int | None] = {}
    fund = LCFF
    for name in AMOUNTS:
        cell = row.cells.get(name, "")
        read = money(cell, bare=row.bare)
        made[name] = read.dollars
        if read.odd and name == "planned_2024_25" and "fund" in cell.casefold():
            fund = cell
        elif read.odd:
            row.damage.append(f"{PRINTED[name]} cell reads '{cell}'")
    return made, fund


def _once(actions: list[Action], unread: list[tuple[int, str, str]]) -> list[Action]:
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
