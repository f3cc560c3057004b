"""What was found in a file: every code with its outcome and the sentence that says what to do, gathered and counted."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from services.ingest.rules.roster_findings import ROSTER_CODES, Outcome

OUTCOMES: tuple[Outcome, ...] = ("rejected", "warned", "fixed", "noted")
KEPT_PER_CODE = 200

CODES: dict[str, tuple[Outcome, str]] = {
    "ploc_missing": ("rejected", "The row has no PLOC. Enter the four digits, such as 5857."),
    "ploc_unreadable": ("rejected", "A PLOC is four digits, such as 5857. Correct it."),
    "ploc_fixed": ("fixed", "The PLOC was read as four digits."),
    "ploc_padded": ("warned", "The PLOC had three digits; a zero was put in front. Check that it is right."),
    "ploc_shared": ("warned", "Several schools share this PLOC. They were taken as separate schools, never summed."),
    "school_missing": ("rejected", "The row names no school. Enter its name."),
    "school_unknown": ("rejected", "No school of the directory has this code or this PLOC and name. Correct the row."),
    "school_name_differs": (
        "warned",
        "The PLOC is known under another name. The row was taken as that school. Check the PLOC if it is another one.",
    ),
    "school_swapped": (
        "rejected",
        "The PLOC belongs to one school and the name to another. None was guessed. Correct the row.",
    ),
    "school_elsewhere": (
        "warned",
        "A school of this name is known under another PLOC. The row was taken as a new school. Check the PLOC.",
    ),
    "group_unknown": ("rejected", "The category must be Students, Staff or Parents. Correct it."),
    "group_fixed": ("fixed", "The category was read as one of Students, Staff and Parents."),
    "group_from_tab": ("noted", "The sheet has no category column; the category was taken from the name of the tab."),
    "group_differs_from_tab": ("warned", "The category differs from the name of the tab. The category was used."),
    "count_unreadable": ("rejected", "A count is a whole number from 0 to 100,000,000. Correct it."),
    "count_rounded": ("fixed", "The count was read as the whole number that Excel shows."),
    "count_thousands": ("fixed", "The point in the count was read as the separator of thousands."),
    "count_ambiguous": (
        "rejected",
        "The count can be read as a small number with decimals or as thousands. Enter it without the point.",
    ),
    "count_invisible": (
        "rejected",
        "The count holds an invisible character. Delete the cell and type the number again.",
    ),
    "submitted_without_total": ("warned", "Surveys were submitted where none are expected: no rate. Check the total."),
    "cell_error": (
        "rejected",
        "The cell holds an error such as #REF! instead of a value. Correct it in Excel, save the file and upload it again.",
    ),
    "text_error": ("warned", "The cell holds an error such as #REF! instead of a value. It was read as blank."),
    "submitted_above_total": ("warned", "More surveys were submitted than expected. Check the total."),
    "submitted_blank": (
        "warned",
        "The number of submitted surveys is blank: the school gets no rate. Enter 0 or more.",
    ),
    "rate_differs": ("warned", "The response rate of the file differs from its counts. The counts were used."),
    "tier_differs": ("warned", "The tier of the file does not fit its counts. The tier was computed from the counts."),
    "date_missing": ("rejected", "The row has no date of extraction. Enter it as 2025-02-21."),
    "date_unreadable": ("rejected", "The date of extraction cannot be read. Enter it as 2025-02-21."),
    "date_fixed": ("fixed", "The date of extraction was read from another form."),
    "date_ambiguous": ("warned", "The date can be read in two ways. The month was taken first. Check it."),
    "dates_several": (
        "warned",
        "The file holds several dates of extraction. Each date was taken as its own extraction.",
    ),
    "row_repeated": ("fixed", "The same row is in the file more than once. It was used once."),
    "rows_contradict": (
        "rejected",
        "The same school and category are in the file with different counts. Neither was used. Keep the right row.",
    ),
    "note_skipped": ("fixed", "The row is a note, not a school. It was left out."),
    "total_skipped": ("fixed", "The row is a total, not a school. It was left out."),
    "header_repeated": ("fixed", "The column names are repeated inside the table. The row was left out."),
    "header_changed": ("warned", "The column names are repeated in another order. The rows below were read by these."),
    "header_below": ("fixed", "The column names are not in the first row. What is above them was left out."),
    "header_renamed": ("fixed", "The column was recognized under another name."),
    "column_ignored": ("noted", "The column is not part of this kind of file. It was left out."),
    "column_unused": ("warned", "Another column holds this under its own name. This one was left out."),
    "row_too_wide": (
        "rejected",
        "The row has more cells than the table has columns: a value with a comma needs quotation marks. Correct it.",
    ),
    "row_too_short": ("rejected", "The row has fewer cells than the table has columns. Correct it."),
    "text_too_long": ("rejected", "The cell holds more than 200 characters. Shorten it."),
    "text_tidied": ("fixed", "Extra spaces or invisible characters were removed."),
    "text_bad_bytes": (
        "warned",
        "The text holds bytes that are not UTF-8. They were read as Windows writes them. Check the accents near this line.",
    ),
    "text_encoding": ("fixed", "The text table was recognized by its content."),
    "cos_normalized": ("fixed", "The name of the community of schools was written in the district's form."),
    "region_fixed": ("fixed", "The region was written as N, S, E, W or XS."),
    "region_unknown": ("warned", "The region is not known. The school's last region was kept. Correct the file."),
    "cos_blank": ("warned", "The row names no community of schools: it counts in none. Enter the name."),
    "director_blank": ("warned", "The row names no regional director: nobody gets an alert for it. Enter the name."),
    "director_unmatched": (
        "warned",
        "Nobody in the directory has this director's name. Alerts wait until you add the spelling as an alias.",
    ),
    "director_spellings": ("noted", "The same director is written in several ways. All are matched to one person."),
    "sheet_skipped": ("noted", "The sheet holds no table of this kind. It was not read."),
    "sheet_incomplete": (
        "warned",
        "The sheet names some columns of a table and lacks this one. It was not read. Add the column if it should count.",
    ),
    "sheet_hidden": ("warned", "The sheet is hidden and was read. Delete it if it should not count."),
    "rows_hidden": ("warned", "Hidden rows were read. Delete them if they should not count."),
    "filter_active": ("warned", "A filter is active; rows that it hides were read."),
    "term_suffix_differs": ("warned", "The term in the column names differs from the survey window of the date."),
    "older_extraction": ("noted", "A newer extraction is published. This one becomes history; nobody gets an alert."),
    "schools_new": ("noted", "The school was in no extraction of this group before."),
    "schools_gone": (
        "warned",
        "The school was in the last extraction of this group and is absent now. It stays unknown.",
    ),
    "total_changed": ("warned", "The number of expected surveys changed by more than 20%. Check it."),
    "submitted_fell": ("warned", "Fewer surveys are submitted than in the last extraction. Check it."),
    "group_thin": ("warned", "The group has fewer than 80% of the schools of its last extraction. Alerts are held."),
    "code_unreadable": ("rejected", "A cost center code is seven digits, such as 1585701. Correct it."),
    "role_unknown": (
        "rejected",
        "A role is one of central, director, principal, designee, desk and ops. Correct it.",
    ),
    "name_missing": ("rejected", "The row names nobody. Enter the name."),
    "school_twice": (
        "rejected",
        "The cost center code is in the file more than once with different values. Keep the right row.",
    ),
    "spelling_shared": (
        "warned",
        "Two directors have this spelling, so alerts under it cannot be sent. Remove it from one of them.",
    ),
    "central_missing": (
        "warned",
        "Nobody in the file has the role central. Whoever has it from the directory alone loses it with this file.",
    ),
    "email_fixed": ("fixed", "The e-mail address was taken without the words before it."),
    "list_parted": (
        "fixed",
        "The entries were separated by something other than a semicolon. Check that they are right.",
    ),
    "scope_unknown": (
        "warned",
        "No school of the directory has this cost center code, and it is not a region: the person sees nothing by it.",
    ),
    "landline_unclear": ("warned", "The landline is not a number that can be dialed. Enter it as 213-555-0100."),
    "email_unreadable": ("rejected", "Enter one e-mail address."),
    "percent_unreadable": ("rejected", "A percent is a number from 0 to 100 with at most one decimal. Correct it."),
    "percent_decimals": (
        "rejected",
        "The percent has more than one decimal. Nothing is rounded here: round it as your district does. Correct it.",
    ),
    "percent_suppressed": (
        "warned",
        "The percent is suppressed, as where few people answered. It is not zero: the result was taken without a value.",
    ),
    "percent_comma": ("fixed", "The comma in the percent was read as the beginning of its decimals."),
    "fraction_given": (
        "rejected",
        "The percent looks like a fraction: 0.765 where 76.5 is meant. Format the cell as percent, or correct it.",
    ),
    "percent_fraction": ("warned", "The percent is 1 or less. If it is a fraction, enter 76.5 instead of 0.765."),
    "results_contradict": (
        "rejected",
        "The same school, item and period are in the file with different percents. Neither was used. Keep the right row.",
    ),
    "period_missing": ("rejected", "The row names no period, such as Fall 2025. Enter it."),
    "item_missing": ("rejected", "The row names no survey item. Enter it."),
    "result_item_unknown": (
        "warned",
        (
            "No plan of the progress tracker has an item of this wording: the result is kept, and shows nowhere until"
            " one has. Correct it, or add the wording to the item."
        ),
    ),
    "result_level_unknown": (
        "warned",
        "No plan of the progress tracker has this level: the result is kept, and shows nowhere until one has.",
    ),
    "result_period_unknown": (
        "warned",
        (
            "No plan of the progress tracker has this year: the result is kept, and shows nowhere until one has."
            " Correct it, or add the year to the plan."
        ),
    ),
    "result_nowhere": (
        "warned",
        "No plan of the progress tracker has this item, level and year together: the result shows nowhere. Correct it.",
    ),
    "level_unknown": ("rejected", "The level must be Elementary, Middle or High. Correct it."),
    "title_missing": (
        "rejected",
        "The row does not say which action or measure it is. Enter its number, title or measure.",
    ),
    **ROSTER_CODES,
}


def reason(code: str, column: str) -> str:
    """Why a row was rejected, for the person who corrects it."""
    return f"{column}: {CODES[code][1]}" if column else CODES[code][1]


class BadCell(ValueError):
    """A cell that cannot be taken: the field it is in and one of CODES."""

    def __init__(self, field: str, code: str, became: str = "") -> None:
        super().__init__(CODES[code][1])
        self.field = field
        self.code = code
        self.became = became


class Place(NamedTuple):
    """Where something was found: sheet, row as the person sees it (0: the whole sheet), column, the value there."""

    sheet: str
    row: int
    column: str
    value: str
    became: str = ""


@dataclass
class Tally:
    """All findings of one code in one column: how many, and the first places."""

    code: str
    column: str
    count: int = 0
    places: list[Place] = field(default_factory=list)

    @property
    def outcome(self) -> Outcome:
        return CODES[self.code][0]


class Report:
    """The findings of one file by code and column; only the first places of each are kept.

    By sheet and row: `rejected_rows`, the reasons; `unplaced`, of the rows without a PLOC the school and its community
    as written.
    """

    def __init__(self) -> None:
        self.tallies: dict[tuple[str, str], Tally] = {}
        self.rejected_rows: dict[tuple[str, int], list[str]] = {}
        self.findings = 0
        self.unplaced: dict[tuple[str, int], tuple[str, str]] = {}

    def add(self, code: str, place: Place, count: int = 1) -> None:
        self.findings += count
        key = (code, place.column)
        tally = self.tallies.get(key)
        if tally is None:
            tally = self.tallies[key] = Tally(*key)
        tally.count += count
        if len(tally.places) < KEPT_PER_CODE:
            tally.places.append(place)

    def reject(self, code: str, place: Place) -> None:
        """Adds a finding that keeps its row out."""
        self.add(code, place)
        self.rejected_rows.setdefault((place.sheet, place.row), []).append(reason(code, place.column))

    def count_more(self, code: str, column: str, count: int) -> None:
        """Counts findings whose places are not listed."""
        self.findings += count
        self.tallies[code, column].count += count

    def count(self, *codes: str) -> int:
        """How often any of the codes was found."""
        return sum(tally.count for tally in self.tallies.values() if tally.code in codes)

    def ordered(self) -> list[Tally]:
        """Worst outcome first, then the most frequent."""
        return sorted(self.tallies.values(), key=lambda t: (OUTCOMES.index(t.outcome), -t.count, t.code, t.column))

    def groups(self) -> list[dict[str, Any]]:
        """Every group of findings: code, outcome, column, sentence, count."""
        return [
            {"code": t.code, "outcome": t.outcome, "column": t.column, "message": CODES[t.code][1], "count": t.count}
            for t in self.ordered()
        ]

    def problems(self) -> Iterator[dict[str, Any]]:
        """The kept places of every group, each as a mapping."""
        for tally in self.ordered():
            shared = {"code": tally.code, "outcome": tally.outcome, "message": CODES[tally.code][1]}
            for place in tally.places:
                yield {**shared, **{name: value for name, value in place._asdict().items() if value not in ("", 0)}}
