"""The demo district as tables of cells: directory, participation tabs, survey results."""

from collections.abc import Iterator, Sequence

from deploy.demo.extractions import DemoExtraction, Row
from deploy.demo.results import results
from deploy.demo.shapes import District, School
from deploy.demo.spellings import upper
from services.rates.rules.tiers import TIER_LABELS
from shared.tiers import tier

Cell = str | int | float | None
SCHOOL_COLUMNS = (
    "Cost Center Code",
    "PLOC",
    "School",
    "Level",
    "Region",
    "CoS",
    "Regional Director",
    "Enrolled",
    "Classified Classroom",
    "Classified Non-classroom",
    "Certificated Administrators",
    "Certificated Non-Administrators",
    "Principal",
    "Landline",
)
PEOPLE_COLUMNS = ("Name", "Role", "Email", "Scope", "Aliases")
RESULT_COLUMNS = ("Period", "Level", "Item", "Cost Center Code", "PLOC", "School", "Percent")
TOTAL_COLUMN, SUBMITTED_COLUMN, RATE_COLUMN = 8, 9, 10


def participation_columns(term: str) -> tuple[str, ...]:
    """The district's twelve headers with the term label, such as `Sp26`."""
    return (
        "Region",
        "PLOC",
        "CoS",
        "Regional_Director",
        "School",
        "Category",
        "Response_Tier_Nr",
        "Response_Tier",
        f"Total_Surveys_{term}",
        f"Surveys_Submitted_{term}",
        f"Response_Rate_{term}",
        "Date_of_Extraction",
    )


def participation_cells(extraction: DemoExtraction, group: str) -> list[tuple[Cell, ...]]:
    """One tab in the district's order: region, tier from high to low, PLOC; the rate is a fraction or None."""
    rows = [(row, tier(row.submitted, row.total)) for row in extraction.rows if row.group == group]
    rows.sort(key=lambda found: (found[0].region, -(found[1] or 0), found[0].ploc, found[0].school))
    return [_cells(row, number, extraction.on.isoformat()) for row, number in rows]


def _cells(row: Row, number: int | None, on: str) -> tuple[Cell, ...]:
    rate = row.submitted / row.total if row.total else None
    tier_cells = (f"Tier-{number}", TIER_LABELS[number]) if number else (None, None)
    return (*row[:6], *tier_cells, row.total, row.submitted, rate, on)


def with_percent_text(cells: Sequence[Cell]) -> tuple[Cell, ...]:
    """The same cells with the rate as the CSV prints it: whole percent rounded half up, empty without a rate."""
    total, submitted = cells[TOTAL_COLUMN], cells[SUBMITTED_COLUMN]
    shown = ""
    if isinstance(total, int) and isinstance(submitted, int) and total:
        shown = f"{(200 * submitted + total) // (2 * total)}%"
    return (*cells[:RATE_COLUMN], shown, *cells[RATE_COLUMN + 1 :])


def school_cells(school: School) -> tuple[Cell, ...]:
    return (
        school.code,
        school.ploc,
        school.name,
        school.level,
        school.region,
        school.cos,
        upper(school.director),
        school.enrolled,
        school.classified_classroom,
        school.classified_other,
        school.certificated_admin,
        school.certificated_other,
        school.principal,
        school.landline,
    )


def people_cells(district: District) -> list[tuple[Cell, ...]]:
    """Scope and aliases hold several values separated by `;`."""
    return [
        (person.name, person.role, person.email, "; ".join(person.scope), "; ".join(person.aliases))
        for person in district.people
    ]


def result_cells(district: District) -> Iterator[tuple[Cell, ...]]:
    for found in results(district):
        yield (*found[:-1], str(found.percent))
