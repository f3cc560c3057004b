"""A template to fill in for each kind of file: the columns, one example row, and notes."""

from collections.abc import Sequence

from services.ingest.exports import template
from services.ingest.rules.cells import Cell
from services.ingest.rules.headers import SHOWN

KINDS = {
    "participation": "Participation extraction",
    "directory": "Directory of schools and people",
    "survey-results": "Survey results",
    "lcap-actions": "LCAP actions",
    "lcap-measures": "LCAP measures",
}
_COUNTS: tuple[Cell, ...] = ("E", "4001", "North CoS", "LAST, FIRST M", "Example El")
_PARTICIPATION = {
    group: (
        tuple(SHOWN.values()),
        (*_COUNTS, group, "Tier-1", "Less Than 25%", 120, 12, 0.1, "2026-03-02"),
    )
    for group in ("Students", "Staff", "Parents")
}
_DIRECTORY: dict[str, Sequence[Sequence[Cell]]] = {
    "Schools": (
        (
            "Cost Center Code", "PLOC", "School", "Level", "Region", "CoS", "Regional Director", "Enrolled",
            "Classified Classroom", "Classified Non-classroom", "Certificated Administrators",
            "Certificated Non-Administrators", "Principal", "Landline",
        ),
        (
            "1400101", "4001", "Example El", "Elementary", "E", "North CoS", "LAST, FIRST M", 400,
            6, 29, 4, 52, "Last, First", "213-555-0101",
        ),
    ),
    "People": (
        ("Name", "Role", "Email", "Scope", "Aliases"),
        ("Last, First M", "director", "first.last@lausd.example", "1400101", "LAST, FIRST M; Last, First"),
    ),
}  # fmt: skip
_RESULTS = (
    ("Period", "Level", "Item", "Cost Center Code", "PLOC", "School", "Percent"),
    ("Fall 2025", "Elementary", "I am happy to be at this school.", "1400101", "4001", "Example El", 76.5),
)
_ACTIONS = (
    (
        "Goal Action", "2024-25 Action Title", "Description", "Contributing", "Change", "Planned 2024-25",
        "Planned 2023-24", "Estimated Actual 2023-24", "Material Difference", "Page",
    ),
    ("1.01", "Example action", "What is done", "No", -100, 900, 1000, 950, "Why the amounts differ", "50-51"),
)  # fmt: skip
_MEASURES = (
    ("Goal", "Action", "Action Title", "Measure", "Text"),
    ("1", "12", "Example action", "Percent of students who agree", "80.0% in 2023-24, compared to 78.0% in 2022-23"),
)
_SHEETS: dict[str, dict[str, Sequence[Sequence[Cell]]]] = {
    "participation": dict(_PARTICIPATION),
    "directory": _DIRECTORY,
    "survey-results": {"Results": _RESULTS},
    "lcap-actions": {"Actions": _ACTIONS},
    "lcap-measures": {"Measures": _MEASURES},
}
_NOTES: dict[str, Sequence[str]] = {
    "participation": (
        "Replace the example row. One sheet for each respondent group, or one sheet with the column Category.",
        "PLOC: four digits as text. Counts: whole numbers. Date_of_Extraction: as 2026-03-02, one date a file.",
        "Tier and rate may be left out: they are computed from the counts.",
    ),
    "directory": (
        "Replace the example rows. The file replaces the whole directory; a file with one sheet leaves the other.",
        "Role: central, director, principal, designee, desk or ops. Scope: cost center codes or a region, separated by ;",
        "Aliases: other spellings of a director's name, separated by ;",
    ),
    "survey-results": (
        "Replace the example row. Percent: 0 to 100 with at most one decimal; leave it blank while it is awaited.",
        "Level: Elementary, Middle or High. The school is found by its code; without one, by PLOC and name.",
    ),
    "lcap-actions": ("Replace the example row. Goal Action is text: 1.10 is not 1.1. Amounts in whole dollars.",),
    "lcap-measures": ("Replace the example row. Goal and Action as numbered in 2023-24.",),
}


def made_template(kind: str) -> bytes:
    """The template of a kind as a workbook."""
    return template(KINDS[kind], _SHEETS[kind], _NOTES[kind])
