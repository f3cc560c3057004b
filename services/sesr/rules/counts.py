"""The counts of the form: which there are, how they are read, and what looks odd about them."""

import re
from collections.abc import Mapping
from typing import NamedTuple

Counts = dict[str, int | None]
Problem = dict[str, str]


class CountField(NamedTuple):
    """An input of the form; `total` names the prefilled number it is a part of."""

    name: str
    label: str
    section: str
    total: str = ""


STAFF = (
    CountField("classified_classroom", "Classified present (classroom support)", "staff", "classified_classroom_total"),
    CountField("classified_other", "Classified present (non-classroom support)", "staff", "classified_other_total"),
    CountField("certificated_admin", "Certificated present (administrators)", "staff", "certificated_admin_total"),
    CountField("certificated_other", "Certificated present (non-administrators)", "staff", "certificated_other_total"),
)
INPUTS = (
    CountField("students_present", "Students present", "students", "enrolled"),
    CountField("walkout", "Students in a walkout", "students"),
    *STAFF,
    CountField("substitutes", "Substitutes present", "staff"),
    CountField("deployed", "Central or regional staff deployed (not counted above)", "other"),
    CountField("volunteers", "Volunteers", "other"),
)
# What an incident may switch on beside: in the order of the form, `section` is the switch.
OPTIONS = {"status": "School status", "meals": "Meals served", "spans": "Students by grade span"}
EXTRAS = (
    CountField("meals_served", "Meals served", "meals"),
    CountField("students_tk_3", "Students present, TK to grade 3", "spans"),
    CountField("students_4_6", "Students present, grades 4 to 6", "spans"),
    CountField("students_7_8", "Students present, grades 7 and 8", "spans"),
    CountField("students_9_12", "Students present, grades 9 to 12", "spans"),
)
SPANS = tuple(count.name for count in EXTRAS if count.section == "spans")
STATUSES = {"open": "Open", "restricted": "Restricted", "closed": "Closed", "supervision": "Supervision site"}
TOTALS = ("enrolled", *(count.total for count in STAFF))
ADULTS = (*(count.name for count in STAFF), "substitutes", "deployed", "volunteers")
FLAGS = {"media": "Media on site", "outside_group": "Group outside fence"}
ALL_COUNTS = (*(count.name for count in (*INPUTS, *EXTRAS)), *TOTALS)

MOST_DIGITS = 5
JUMP_LEAST, JUMP_SHARE = 20, 0.3
_WHOLE = re.compile(r"[0-9]+", re.ASCII)


def read_counts(raw: Mapping[str, object]) -> tuple[Counts, list[Problem]]:
    """The inputs as whole numbers, None where blank (blank is not zero), and a problem for each that is not one.

    Of the optional ones only those that were given.
    """
    counts: Counts = {}
    problems: list[Problem] = []
    for count in (*INPUTS, *(each for each in EXTRAS if raw.get(each.name) not in (None, ""))):
        try:
            counts[count.name] = _read(raw.get(count.name))
        except ValueError as error:
            problems.append(_problem(count.name, f"{count.label}: {error}"))
    if counts.get("students_present", 0) is None:
        problems.append(
            _problem("students_present", "Students present: enter how many students are on site", "missing")
        )
    problems += [
        _problem(name, f"There is no count called {name[:40]}", "unknown") for name in raw if name not in _NAMES
    ]
    return counts, problems


def warnings(counts: Counts, last: Counts | None = None) -> list[str]:
    """What looks odd and does not block: more present than there are, a jump against the last report."""
    found = [
        f"{count.label}: {present} is more than the {total} there are."
        for count in INPUTS
        if (present := counts.get(count.name)) is not None
        and (total := counts.get(count.total)) is not None
        and present > total
    ]
    present, walkout, enrolled = (counts.get(name) for name in ("students_present", "walkout", "enrolled"))
    if present is not None and walkout and enrolled is not None and present <= enrolled < present + walkout:
        found.append(
            f"Present and walkout together are {present + walkout} of {enrolled} enrolled: count a student once."
        )
    spans = [value for name in SPANS if (value := counts.get(name)) is not None]
    if len(spans) == len(SPANS) and present is not None and sum(spans) != present:
        found.append(f"The grade spans together are {sum(spans)} students, and {present} are present.")
    return found + _jumps(counts, last or {})


def status_flags(status: str) -> dict[str, bool]:
    """A school's status as flags of which one is raised; none where it was not given. Like a flag it holds until changed."""
    return {f"status_{name}": name == status for name in STATUSES} if status in STATUSES else {}


def status_of(flags: Mapping[str, bool]) -> str:
    """The status that was given; empty where none was."""
    return next((name for name in STATUSES if flags.get(f"status_{name}")), "")


def _jumps(counts: Counts, last: Counts) -> list[str]:
    now, before = counts.get("students_present"), last.get("students_present")
    if now is None or before is None or abs(now - before) <= max(JUMP_LEAST, JUMP_SHARE * before):
        return []
    return [f"Students present went from {before} to {now} since the last report."]


def _read(value: object) -> int | None:
    if value is None or value == "":
        return None
    text = str(value).strip() if isinstance(value, (int, str)) and not isinstance(value, bool) else "?"
    if not text:
        return None
    if not _WHOLE.fullmatch(text):
        raise ValueError("enter a whole number, such as 310, or leave it blank")
    if len(text) > MOST_DIGITS:
        raise ValueError(f"at most {MOST_DIGITS} digits")
    return int(text)


def _problem(field: str, message: str, code: str = "not_whole") -> Problem:
    return {"code": code, "field": field, "message": message}


_NAMES = frozenset(count.name for count in (*INPUTS, *EXTRAS))
