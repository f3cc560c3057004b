"""When a file waits for a person before it counts (docs/files.md): dates, terms, too much rejected or contradictory."""

from collections.abc import Collection
from datetime import date
from typing import NamedTuple

REJECTED_SHARE = 0.10
CONTRADICTING_SHARE = 0.10
FRACTIONS_SHARE = 0.10
UNNAMED_SHARE = 0.10
MOST_DATES = 2
THIN_SHARE = 0.8
LARGE_CHANGE = 0.2

QUARANTINES = {
    "date_future": "The date of extraction lies in the future. Check it, then confirm or discard the upload.",
    "date_before_window": "The date of extraction lies before the survey window opens. Check the date and the window.",
    "date_after_window": "The date of extraction lies long after the survey window closed. Check the date and the term.",
    "dates_too_many": "The file holds more than two dates of extraction. Check that it is one extraction.",
    "terms_mixed": "The column names carry several terms. Check which term the counts belong to.",
    "rejected_many": "More than 10 % of the rows were rejected. Correct them, or confirm to publish the others.",
    "contradicting_many": (
        "More than 10 % of the rows have a rate or a tier that contradicts their own counts. Check the columns."
    ),
    "unnamed_many": (
        "More than 10 % of the rows name no community of schools or no director. Where cells are merged, or a name stands"
        " only in the first of several rows, write it in every row."
    ),
    "fractions_many": (
        "More than 10 % of the percents are 1 or less, as fractions are: 0.765 instead of 76.5. Check the column."
    ),
}


class Facts(NamedTuple):
    """What a verdict rests on."""

    dates: Collection[date]
    today: date
    doubts: Collection[str]
    suffixes: Collection[str]
    rows: int
    rejected: int
    contradicting: int
    unnamed: int


def quarantine_reasons(facts: Facts) -> list[str]:
    """The codes for which the file waits; none for a file that may be published."""
    found = [code for code in ("date_before_window", "date_after_window") if code in facts.doubts]
    if any(day > facts.today for day in facts.dates):
        found.insert(0, "date_future")
    if len(facts.dates) > MOST_DATES:
        found.append("dates_too_many")
    if len(facts.suffixes) > 1:
        found.append("terms_mixed")
    if facts.rejected > REJECTED_SHARE * (facts.rows + facts.rejected):
        found.append("rejected_many")
    if facts.contradicting > CONTRADICTING_SHARE * facts.rows:
        found.append("contradicting_many")
    if facts.unnamed > UNNAMED_SHARE * facts.rows:
        found.append("unnamed_many")
    return found


def results_doubts(rows: int, rejected: int, fractions: int) -> list[str]:
    """The codes for which a file of survey results waits."""
    found = ["rejected_many"] if rejected > REJECTED_SHARE * (rows + rejected) else []
    return [*found, "fractions_many"] if fractions > FRACTIONS_SHARE * rows else found
