"""The board as a workbook and as a text table."""

import io
from collections.abc import Sequence
from datetime import datetime, tzinfo
from typing import Any, NamedTuple

from services.sesr.rules.board import SchoolLine, Sums, by_status
from services.sesr.rules.counts import EXTRAS, FLAGS, INPUTS, STATUSES, TOTALS, Counts, status_of
from services.sesr.rules.day import WINDOW_STATES, CallLine, CallMade, DayTimes, SchoolTimes
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
    *("School status", *(count.label for count in EXTRAS)),
]
GROUP_HEADER = ["Group", "Expected", "Reported", "Not yet reported", "Overdue", *HEADER[10:19], "Enrolled (reported)"]

REPORTS_HEADER = [
    *("School", "Code", "Region", "Level", "Director", "Report", "Counted at", "Received at", "By", "Given by"),
    *("Corrected by report", "Reason", "Note", *HEADER[10:24], *FLAGS.values()),
    *("School status", *(count.label for count in EXTRAS)),
]
CALLS_HEADER = [
    *("Code", "School", "Region", "State", "Overdue since", "Last report", "Incident commander", "Phone", "Office"),
    *("Caller", "Called at", "Outcome"),
]


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
        *_extra_cells(counts, flags),
    ]


def _extra_cells(counts: Counts, flags: dict[str, bool]) -> list[Cell]:
    """The optional fields; blank where nothing was given."""
    return [STATUSES.get(status_of(flags)), *(counts.get(count.name) for count in EXTRAS)]


def board_csv(view: BoardView, zone: tzinfo) -> str:
    """A row per school; instants as Excel reads them, in the district's time."""
    rows = ([_local(cell, zone) for cell in row_of(line)] for line in view.lines)
    return csv_text(HEADER, rows)


def _local(cell: Cell, zone: tzinfo) -> Cell:
    return f"{cell.astimezone(zone):%Y-%m-%d %H:%M}" if isinstance(cell, datetime) else cell


class StrikeSheet(NamedTuple):
    """A sheet of a workbook: its name, its headings, its rows."""

    name: str
    header: Sequence[str]
    rows: Sequence[Sequence[Cell]]


def board_workbook(view: BoardView, title: str, as_of: str, zone: tzinfo) -> bytes:
    """Sheets Summary, Groups and Schools; instants in the district's time."""
    sheets = [
        StrikeSheet("Summary", ["What", "Value"], _summary(view, title, as_of)),
        StrikeSheet("Groups", GROUP_HEADER, [_group(group) for group in [*view.groups, view.total]]),
        StrikeSheet("Schools", HEADER, [row_of(line) for line in view.lines]),
    ]
    return workbook_of(sheets, title, zone)


def calls_workbook(rows: Sequence[CallLine], title: str, zone: tzinfo) -> bytes:
    """The list to call with phones and callers, one page wide when it is printed."""
    return workbook_of([StrikeSheet("To call", CALLS_HEADER, rows)], title, zone)


def day_workbook(day: DayTimes, reports: Sequence[Any], calls: Sequence[CallMade], title: str, zone: tzinfo) -> bytes:
    """Sheets Reports (all of the day, corrected ones marked), Report times (who missed which) and Calls."""
    times = ["School", "Code", "Region", "Level", "Director", *(f"Report of {each.label}" for each in day.windows)]
    sheets = [
        StrikeSheet("Reports", REPORTS_HEADER, [_report_row(row) for row in reports]),
        StrikeSheet("Report times", times, [*map(_times_row, day.schools), *_times_sums(day)]),
        StrikeSheet("Calls", ["School", "Code", "Called at", "By", "Outcome", "Note"], calls),
    ]
    return workbook_of(sheets, title, zone)


def entry_workbook(header: Sequence[str], schools: Sequence[tuple[str, str]], title: str, zone: tzinfo) -> bytes:
    """The table to fill: code and name of each school below the headings."""
    return workbook_of([StrikeSheet("Reports", header, [list(school) for school in schools])], title, zone)


def _report_row(row: Any) -> list[Cell]:
    return [
        *(row.school, row.school_key, row.region, row.level, row.director),
        *(row.number, row.counted_at, row.received_at, row.author_name, row.proxy_for),
        *(row.superseded_by, row.reason, row.note),
        *(row.counts.get(name) for name in (*_COUNTS, *TOTALS)),
        *({True: "Yes", False: "No"}.get(row.flags.get(name)) for name in FLAGS),
        *_extra_cells(row.counts, row.flags),
    ]


def _times_row(school: SchoolTimes) -> list[Cell]:
    states = [WINDOW_STATES[state] for state in school.states]
    return [school.name, school.school_key, school.region, school.level, school.director, *states]


def _times_sums(day: DayTimes) -> list[list[Cell]]:
    """A row per state below the schools: how many schools at each report time."""
    return [
        [f"Schools: {label}", None, None, None, None, *(each.states[state] for each in day.sums)]
        for state, label in WINDOW_STATES.items()
    ]


def workbook_of(sheets: Sequence[StrikeSheet], title: str, zone: tzinfo) -> bytes:
    """A workbook that prints one page wide with its headings; instants in the district's time."""
    out = io.BytesIO()
    made = new_workbook(out, title)
    bold = made.add_format({"bold": True})
    stamp = made.add_format({"num_format": "hh:mm"})
    for name, header, rows in sheets:
        sheet = made.add_worksheet(name)
        sheet.set_landscape()
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(0)
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
        *_extra_sums(view),
        ["Counts are unofficial and may be estimated", None],
    ]


def _extra_sums(view: BoardView) -> list[list[Cell]]:
    """The optional fields that any school gave: their sums, and how many schools have each status."""
    rows: list[list[Cell]] = []
    rows += [[count.label, _given(view.total, count.name)] for count in EXTRAS if view.total.given[count.name]]
    rows += [
        [f"Schools: {STATUSES[name]}", len(lines)] for name, lines in by_status(view.lines).items() if name and lines
    ]
    return rows


def _group(group: Sums) -> list[Cell]:
    counts = [_given(group, name) for name in (*_COUNTS, "enrolled")]
    return [group.name, group.expected, group.reported, group.not_yet, group.states.get("overdue", 0), *counts]


def _given(group: Sums, name: str) -> int | None:
    """The sum of a count; None where no school gave it, which is not zero."""
    return group.totals[name] if group.given[name] else None
