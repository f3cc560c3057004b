"""When a file waits for a person before it counts (docs/files.md): dates, terms, and rows that fit nobody."""

from collections.abc import Collection, Mapping
from datetime import date
from typing import NamedTuple

MOST_DATES = 2
THIN_SHARE = 0.8
LARGE_CHANGE = 0.2

QUARANTINES = {
    "date_future": "The date of extraction lies in the future. Check it, then confirm or discard the upload.",
    "date_before_window": "The date of extraction lies before the survey window opens. Check the date and the window.",
    "date_after_window": "The date of extraction lies long after the survey window closed. Check the date and the term.",
    "dates_too_many": "The file holds more than two dates of extraction. Check that it is one extraction.",
    "terms_mixed": "The column names carry several terms. Check which term the counts belong to.",
    "rejected_many": "{rejected} of {every} rows were rejected. Correct them, or confirm to publish the others.",
    "contradicting_many": (
        "{contradicting} of {rows} rows have a rate or a tier that contradicts their own counts. Check the columns."
    ),
    "unnamed_many": (
        "{unnamed} of {rows} rows name no community of schools or no director. Where cells are merged, or a name stands"
        " only in the first of several rows, write it in every row."
    ),
    "fractions_many": (
        "{fractions} of {rows} percents are 1 or less, as fractions are: 0.765 instead of 76.5. Check the column, and"
        " confirm only where the true percent is that small."
    ),
    "unknown_many": (
        "{unknown} of {rows} rows name schools that are not known here. Check that no column was sorted alone, and that"
        " the directory is the newest."
    ),
    "swapped_many": (
        "{swapped} of {every} rows carry the PLOC of one school and the name of another. A column was sorted alone, or"
        " names and codes were pasted beside each other's rows."
    ),
    "fallen_many": (
        "{fallen} of {compared} schools have fewer surveys submitted than in the last extraction. Check the column and"
        " the date."
    ),
    "totals_many": (
        "{leapt} of {compared} schools expect a number of surveys that differs by more than 20% from the last"
        " extraction. Check that no column was sorted alone."
    ),
    "above_many": (
        "{above} of {rows} rows have more surveys submitted than expected. Check that the two columns are not exchanged."
    ),
    "roster_unmapped": (
        "The roster has words that nobody has explained yet: {undecided}. Say on the page of the upload which organizations"
        " are schools, which column is the cost center code, and which role is which."
    ),
    "roster_principals": (
        "The roster names several principals at {questions} schools. Say on the page of the upload who it is."
    ),
    "schools_lost": (
        "{schools_missing} of {schools_there} schools of the directory are not in the file. It replaces the whole list:"
        " confirm only where they are gone."
    ),
    "people_lost": (
        "{people_missing} of {people_there} people of the directory are not in the file. It replaces the whole list:"
        " confirm only where they are gone."
    ),
}

# Reasons that nobody can confirm: a person has to say something first.
ANSWERS = frozenset({"roster_unmapped", "roster_principals"})


class Limits(NamedTuple):
    """From which percent on a file waits, each a setting; fewer rows than `from_rows` are no reason."""

    rejected: int = 10
    contradicting: int = 10
    unnamed: int = 10
    fractions: int = 10
    unknown: int = 10
    swapped: int = 10
    fallen: int = 10
    totals: int = 10
    above: int = 10
    lost: int = 10
    from_rows: int = 3


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
    unknown: int = 0
    swapped: int = 0
    above: int = 0


def quarantine_reasons(facts: Facts, limits: Limits) -> list[str]:
    """The codes for which the file waits; none for a file that may be published."""
    found = [code for code in ("date_before_window", "date_after_window") if code in facts.doubts]
    if any(day > facts.today for day in facts.dates):
        found.insert(0, "date_future")
    if len(facts.dates) > MOST_DATES:
        found.append("dates_too_many")
    if len(facts.suffixes) > 1:
        found.append("terms_mixed")
    every = facts.rows + facts.rejected
    shares = (
        ("rejected_many", is_above(facts.rejected, every, limits.rejected)),
        ("contradicting_many", is_above(facts.contradicting, facts.rows, limits.contradicting)),
        ("unnamed_many", is_above(facts.unnamed, facts.rows, limits.unnamed)),
        ("unknown_many", is_above(facts.unknown, facts.rows, limits.unknown, limits.from_rows)),
        ("swapped_many", is_above(facts.swapped, every, limits.swapped, limits.from_rows)),
        ("above_many", is_above(facts.above, facts.rows, limits.above, limits.from_rows)),
    )
    return [*found, *(code for code, is_so in shares if is_so)]


def is_above(count: int, of: int, percent: int, least: int = 1) -> bool:
    """Whether more than a percent are so, and no fewer than `least`."""
    return count >= least and 100 * count > percent * of


def changed_reasons(fallen: int, leapt: int, compared: int, limits: Limits) -> list[str]:
    """The codes for a file in which too many schools have fewer surveys, or other totals, than before."""
    found = ["fallen_many"] if is_above(fallen, compared, limits.fallen, limits.from_rows) else []
    return [*found, "totals_many"] if is_above(leapt, compared, limits.totals, limits.from_rows) else found


def directory_reasons(counts: Mapping[str, int], limits: Limits) -> list[str]:
    """The codes for a directory that loses too many, or leaves too many rows out; `counts`: schools_there, schools_missing, so of people, and
    of a roster the rows that were taken and `rejected`."""
    found = [
        f"{name}_lost"
        for name in ("schools", "people")
        if is_above(counts.get(f"{name}_missing", 0), counts.get(f"{name}_there", 0), limits.lost, limits.from_rows)
    ]
    every = counts.get("rows", 0) + counts.get("rejected", 0)
    return [*found, "rejected_many"] if is_above(counts.get("rejected", 0), every, limits.rejected) else found


def results_doubts(rows: int, rejected: int, fractions: int, limits: Limits) -> list[str]:
    """The codes for which a file of survey results waits."""
    found = ["rejected_many"] if is_above(rejected, rows + rejected, limits.rejected) else []
    return [*found, "fractions_many"] if is_above(fractions, rows, limits.fractions) else found


def reason_sentence(code: str, counts: dict[str, int]) -> str:
    """Why a file waits, with the counts; `rows` are those that were taken, `every` has the rejected ones too."""
    every = {"every": counts["rows"] + counts["rejected"]} if {"rows", "rejected"} <= counts.keys() else {}
    return QUARANTINES[code].format_map(_Counts(counts | every))


class _Counts(dict[str, int]):
    def __missing__(self, name: str) -> str:
        return "Several"
