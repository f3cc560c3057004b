"""The board as a workbook and as a text table."""

import io
from collections.abc import Sequence
from datetime import datetime, tzinfo

from services.sesr.rules.board import SchoolLine, Sums
from services.sesr.rules.counts import INPUTS, TOTALS
from services.sesr.rules.view import BoardView
from shared.files.workbooks import Cell, csv_text, new_workbook, write_cell

STATES = {
    "reported": "Reported",
    "on_time": "On time",
    "late": "Late",
    "overdue": "Overdue",
    "not_yet": "Not yet reported",
}
NO_ADULT = "no adult"
_COUNTS = [count.name for count in INPUTS]
HEADER = [
    *("School", "Code", "PLOC", "Region", "Community of Schools", "Director", "Level", "State", "Counted at", "Report"),
    *(count.label for count in INPUTS),
    *("Enrolled", "Classified total (classroom support)", "Classified total (non-classroom support)"),
    *("Certificated total (administrators)", "Certificated total (non-administrators)"),
    *("Students per adult", "Media on site", "Group outside fence"),
]
GROUP_HEADER = ["Group", "Expected", "Reported", "Not yet reported", "Overdue", *HEADER[10:19], "Enrolled (reported)"]


def row_of(line: SchoolLine) -> list[Cell]:
    """A school's cells; blank where nothing was given, which is not zero."""
    current = line.current
    counts = current.counts if current else {}
    flags = current.flags if current else {}
    ratio = line.ratio
    return [
        *(line.name, line.school_key, line.ploc, line.region, line.cos, line.director, line.level, STATES[line.state]),
        *((current.counted_at, current.number) if current else (None, None)),
        *(counts.get(name) for name in _COUNTS),
        *(counts.get(name) for name in TOTALS),
        NO_ADULT if ratio == float("inf") else None if ratio is None else round(ratio, 1),
        *({True: "Yes", False: "No"}.get(flags.get(name, None)) for name in ("media", "outside_group")),  # type: ignore[arg-type]
    ]


def board_csv(view: BoardView, zone: tzinfo) -> str:
    """A row per school; instants as Excel reads them, in the district's time."""
    rows = ([_local(cell, zone) for cell in row_of(line)] for line in view.lines)
    return csv_text(HEADER, rows)


def _local(cell: Cell, zone: tzinfo) -> Cell:
    return f"{cell.astimezone(zone):%Y-%m-%d %H:%M}" if isinstance(cell, datetime) else cell


def board_workbook(view: BoardView, title: str, as_of: str, zone: tzinfo) -> bytes:
    """Sheets Summary, Groups and Schools; instants in the district's time."""
    out = io.BytesIO()
    made = new_workbook(out, title)
    bold = made.add_format({"bold": True})
    stamp = made.add_format({"num_format": "hh:mm"})
    tables: list[tuple[str, Sequence[str], list[list[Cell]]]] = [
        ("Summary", ["What", "Value"], _summary(view, title, as_of)),
        ("Groups", GROUP_HEADER, [_group(group) for group in [*view.groups, view.total]]),
        ("Schools", HEADER, [row_of(line) for line in view.lines]),
    ]
    for name, header, rows in tables:
        sheet = made.add_worksheet(name)
        sheet.freeze_panes(1, 1)
        sheet.set_column(0, 0, 28)
        for column, label in enumerate(header):
            write_cell(sheet, 0, column, label, bold)
        for number, row in enumerate(rows, start=1):
            for column, value in enumerate(row):
                if isinstance(value, datetime):
                    write_cell(sheet, number, column, value.astimezone(zone), stamp)
                else:
                    write_cell(sheet, number, column, value)
        if rows:
            sheet.autofilter(0, 0, len(rows), len(header) - 1)
    made.close()
    return out.getvalue()


def _summary(view: BoardView, title: str, as_of: str) -> list[list[Cell]]:
    total = view.total
    return [
        ["Incident", title],
        ["As of", as_of],
        ["Schools expected", total.expected],
        ["Schools reported", total.reported],
        ["Schools not yet reported", total.not_yet],
        ["Schools overdue", total.states.get("overdue", 0)],
        ["Last report was due at", view.window.label if view.window else None],
        ["Students present at reporting schools", _given(total, "students_present")],
        ["Students enrolled at reporting schools", _given(total, "enrolled")],
        ["Adults on site", total.adults if total.with_adults else None],
        ["Schools that gave adults", total.with_adults],
        ["Students per adult at those schools", None if total.ratio is None else round(total.ratio, 1)],
        ["Estimate for the missing schools (not in the sums)", view.estimate.students],
        ["Missing schools without an estimate", view.estimate.unknown],
        ["Counts are unofficial and may be estimated", None],
    ]


def _group(group: Sums) -> list[Cell]:
    counts = [_given(group, name) for name in (*_COUNTS, "enrolled")]
    return [group.name, group.expected, group.reported, group.not_yet, group.states.get("overdue", 0), *counts]


def _given(group: Sums, name: str) -> int | None:
    """The sum of a count; None where no school gave it, which is not zero."""
    return group.totals[name] if group.given[name] else None
