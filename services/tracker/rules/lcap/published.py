"""The rows of the actions table in the published text: page headers out, spilled and continued texts put back."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from services.tracker.rules.lcap.cells import pages, yes_no
from services.tracker.rules.lcap.lines import ACTION_TITLE, Line, is_actions_header, spilled

WIDTH = 10
_COLUMNS = (
    "pages", "number", "title", "description", "contributing",
    "change", "planned_next", "planned", "estimated_actual", "explanation",
)  # fmt: skip
_TITLE, _DESCRIPTION, _EXPLANATION = 2, 3, 9


@dataclass
class RawRow:
    """A row of the text: its cells by name, and the damage found so far."""

    line: int
    cells: dict[str, str]
    damage: list[str] = field(default_factory=list)


def read_lines(lines: Sequence[Line], unread: list[tuple[int, str, str]]) -> list[RawRow]:
    """The rows in their order; lines that are neither a row nor a header are added to `unread`."""
    rows: list[RawRow] = []
    spills: dict[int, str] = {}
    for line in lines:
        if line.blank:
            continue
        if _is_row(line):
            rows.append(_row(line, spills))
            spills = {}
        elif rows and _is_continuation(line):
            _continue(rows[-1], line)
        elif is_actions_header(line):
            spills |= _spills(line)
        else:
            unread.append((line.number, " | ".join(cell for cell in line.cells if cell), "neither a row nor a header"))
    return rows


def _spills(line: Line) -> dict[int, str]:
    """The starts of the next row's texts that a page break has moved into the header."""
    found = {}
    for at, cell in enumerate(line.cells):
        if at == _TITLE and (title := ACTION_TITLE.match(cell)):
            found[at] = cell[title.end() :].strip()
        elif at == _DESCRIPTION:
            found[at] = spilled(cell, "Description of Action")
    return {at: text for at, text in found.items() if text}


def _is_row(line: Line) -> bool:
    if len(line.cells) < WIDTH - 1:
        return False
    amounts = sum("$" in cell for cell in line.cells[5:9])
    return yes_no(line.cells[4]) is not None or (amounts >= 2 and pages(line.cells[0]) is not None)


def _is_continuation(line: Line) -> bool:
    """Only the texts of a row go on in this line: it is not a header, and every other cell is empty."""
    filled = {at for at, cell in enumerate(line.cells) if cell}
    return len(line.cells) >= WIDTH - 1 and filled <= {_DESCRIPTION, _EXPLANATION} and not is_actions_header(line)


def _row(line: Line, spills: dict[int, str]) -> RawRow:
    row = RawRow(line.number, dict(zip(_COLUMNS, line.cells, strict=False)))
    for at, text in spills.items():
        name = _COLUMNS[at]
        row.cells[name] = f"{text} {row.cells[name]}".strip()
        row.damage.append(f"start of {name} stood in the page header line; put back, please check")
    return row


def _continue(row: RawRow, line: Line) -> None:
    for at in (_DESCRIPTION, _EXPLANATION):
        if at < len(line.cells) and line.cells[at]:
            row.cells[_COLUMNS[at]] = f"{row.cells.get(_COLUMNS[at], '')} {line.cells[at]}".strip()
    row.damage.append(f"continuation line {line.number} merged")
