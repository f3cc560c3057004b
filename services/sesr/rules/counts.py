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
TOTALS = ("enrolled", *(count.total for count in STAFF))
ADULTS = (*(count.name for count in STAFF), "substitutes", "deployed", "volunteers")
FLAGS = {"media": "Media on site", "outside_group": "Group outside fence"}
ALL_COUNTS = (*(count.name for count in INPUTS), *TOTALS)

MOST_DIGITS = 5
JUMP_LEAST, JUMP_SHARE = 20, 0.3
_WHOLE = re.compile(r"[0-9]+", re.ASCII)


def read_counts(raw: Mapping[str, object]) -> tuple[Counts, list[Problem]]:
    """The inputs as whole numbers, None where blank (blank is not zero), and a problem for each that is not one."""
    counts: Counts = {}
    problems: list[Problem] = []
    for count in INPUTS:
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
    return found + _jumps(counts, last or {})


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


_NAMES = frozenset(count.name for count in INPUTS)
