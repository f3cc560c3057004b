"""The headings of LCAP tables: which form a table has, what each of its columns holds, and of which plan year it is.

The district's own shape, short headings, and the action tables of the State's LCAP template are known. Years stand in
the headings ("Total Planned LCFF Expenditures (2025-26)"), so that next year's table needs no change here.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from shared.names import name_key

DISTRICT, CARRYOVER = "district", "carryover"
MEASURES = "measures"
_YEAR = re.compile(r"\b(?:(?:fy|sy|fiscal year|school year) ?)?(20\d\d) ?(?:20)?(\d\d)\b")
_SPACES = re.compile(r" {2,}")
_ENDING = re.compile(r"(?: (?:in|to|from|for|of)){1,5}$")
# Amounts whose heading names the year: the newest planned one is that of the plan year itself, the one before it the
# year that is ending.
_PLANNED, _ACTUAL = "planned", "estimated_actual"
# Columns by the key of their heading without its years.
_COMMON = {
    "line": "source_line",
    "source line": "source_line",
    "damage": "damage",
    "goal": "goal",
    "goal number": "goal",
    "goal name": "goal_name",
    "goal action": "number",
    "goal action number": "number",
    "action": "action",
    "action number": "action",
    "action title": "title",
    "action service title": "title",
    "title": "title",
}
_ACTIONS = {
    **_COMMON,
    "number": "number",
    "last year s goal": "goal",
    "last year s action": "action",
    "prior action service title": "title",
    "prior action title": "title",
    "page in lcap": "pages",
    "pages": "pages",
    "page": "pages",
    "description of action": "description",
    "action description": "description",
    "description": "description",
    "contributing to increased or improved services": "contributing",
    "contributed to increased or improved services": "contributing",
    "contributing": "contributing",
    "fund": "fund",
    "change in planned lcff expenditures": "change",
    "change in planned": "change",
    "change": "change",
    "planned next": "planned_next",
    "total planned lcff expenditures": _PLANNED,
    "total planned expenditures": _PLANNED,
    "total planned": _PLANNED,
    "planned lcff expenditures": _PLANNED,
    "planned expenditures": _PLANNED,
    "planned": _PLANNED,
    "estimated actual lcff expenditures": _ACTUAL,
    "estimated actual expenditures": _ACTUAL,
    "estimated actual": _ACTUAL,
    "est actual": _ACTUAL,
    "material differences between planned expenditures and estimated actual expenditures": "explanation",
    "material differences": "explanation",
    "material difference": "explanation",
    "explanation": "explanation",
    "student group s": "student_groups",
    "student groups": "student_groups",
    "scope": "scope",
    "unduplicated student group s": "unduplicated_groups",
    "unduplicated student groups": "unduplicated_groups",
    "location": "location",
    "time span": "time_span",
    "total personnel": "personnel",
    "total non personnel": "non_personnel",
    "lcff funds": "lcff",
    "other state funds": "other_state",
    "local funds": "local",
    "federal funds": "federal",
    "total funds": "total",
    "planned percentage of improved services": "improved_percent",
    "planned expenditures for contributing actions lcff funds": "contributing_planned",
    "last year s planned expenditures total funds": "last_planned",
    "last year s total planned expenditures total funds": "last_planned",
    "estimated actual expenditures input total funds": "last_actual",
    "total estimated actual expenditures total funds": "last_actual",
    "last year s planned expenditures for contributing actions lcff funds": "last_contributing_planned",
    "estimated actual expenditures for contributing actions input lcff funds": "last_contributing_actual",
    "estimated actual expenditures for contributing actions lcff funds": "last_contributing_actual",
    "estimated actual percentage of improved services input percentage": "actual_improved_percent",
    "estimated actual percentage of improved services": "actual_improved_percent",
    "estimated actual lcff base grant": "base_grant",
    "estimated actual lcff base grant input dollar amount": "base_grant",
    "estimated actual lcff supplemental and or concentration grants": "supplemental_grants",
    "lcff carryover percentage percentage from prior year": "prior_carryover_percent",
    "total percentage to increase or improve services for the current school year": "required_percent",
    "total estimated actual expenditures for contributing actions lcff funds": "contributing_actual",
    "total estimated actual percentage of improved services": "actual_improved_percent",
    "estimated actual percentage of increased or improved services": "total_improved_percent",
    "lcff carryover dollar amount": "carryover_amount",
    "lcff carryover percentage": "carryover_percent",
}
_MEASURES = {
    **_COMMON,
    "goal action title": "action",
    "progress measure": "measure",
    "measure": "measure",
    "growth decrease in performance": "text",
    "growth": "text",
    "text": "text",
    "polarity": "polarity",
}
# In a heading of the State's template: the number of a line of its form, what it is computed from, a hint for input.
_NUMBERED = re.compile(r"^\d{1,2}\s*\.\s+")
_COMPUTED = re.compile(
    r"\((?:\d[^()]{0,99}|subtract[^()]{0,99}|[^()]{0,99}divided[^()]{0,99}|%|input[^()]{0,99}percentage[^()]{0,99})\)",
    re.IGNORECASE,
)
# The forms, the most telling columns first: one is known by the columns that no other has.
_FORMS: tuple[tuple[str, frozenset[str]], ...] = (
    (CARRYOVER, frozenset({"carryover_amount", "base_grant"})),
    ("contributing_annual_update", frozenset({"last_contributing_planned", "last_contributing_actual"})),
    ("annual_update", frozenset({"last_planned", "last_actual"})),
    ("contributing", frozenset({"contributing_planned"})),
    ("total_planned", frozenset({"lcff", "other_state", "federal", "personnel"})),
)
# What a table of actions has and one of measures has not.
_TELLING = frozenset({"planned_next", _PLANNED, _ACTUAL, "change", "contributing", "fund", "explanation"})
# What the two amounts of a form are called, so that all forms have the same fields.
_AMOUNTS = {
    "last_planned": _PLANNED,
    "last_actual": _ACTUAL,
    "last_contributing_planned": _PLANNED,
    "last_contributing_actual": _ACTUAL,
    "contributing_planned": "planned_next",
}


class Headings(NamedTuple):
    """What a row of headings says: the form, each column's field ("" where it is not known), the plan year ("" where
    no heading names one), and what contradicts itself, as sentences."""

    form: str
    fields: tuple[str, ...]
    year: str
    contradictions: tuple[str, ...]


def school_years(text: str) -> list[str]:
    """The school years that a heading names, as 2025-26; "2025- 26", "2025–2026" and "FY 2025/26" are the same."""
    return [f"{first}-{last}" for first, last in _YEAR.findall(name_key(text)) if (int(first) + 1) % 100 == int(last)]


def read_headings(table: str, cells: Sequence[str], above: Sequence[str] = ()) -> Headings | None:
    """The headings of an actions or measures table; None where the row is none. `above`: the texts over the table."""
    known = _ACTIONS if table == "actions" else _MEASURES
    named = [_field(cell, known) for cell in cells]
    if table == "measures":
        year, problems = _one_year(cells, named, above)
        place = {"goal", "number", "action"}
        is_table = "measure" in named and bool(place & set(named))
        return Headings(MEASURES, _once(named), year, problems) if is_table else None
    form = next((form for form, telling in _FORMS if telling & set(named)), DISTRICT)
    if form != DISTRICT:
        year, problems = _one_year(cells, named, above)
        fields = _once([_AMOUNTS.get(name, name) for name in named])
        is_table = form == CARRYOVER or ("action" in fields or "number" in fields) and "title" in fields
        return Headings(form, fields, year, problems) if is_table else None
    if "title" not in named or not {"number", "action"} & set(named):
        return None
    if not _TELLING & set(named) and read_headings("measures", cells) is not None:
        return None
    return _district(cells, named, above)


def _field(cell: str, known: Mapping[str, str]) -> str:
    plain = _COMPUTED.sub(" ", _NUMBERED.sub("", cell.strip()))
    return known.get(yearless(plain)) or known.get(yearless(cell)) or ""


def yearless(heading: str) -> str:
    """The key of a heading without the years that it names."""
    bare = _SPACES.sub(" ", _YEAR.sub(" ", name_key(heading))).strip()
    return _ENDING.sub("", bare)


def _once(fields: Sequence[str]) -> tuple[str, ...]:
    """Each field once: of two columns with one meaning the first is read."""
    seen: set[str] = set()
    made = []
    for name in fields:
        made.append("" if name in seen else name)
        seen.add(name)
    return tuple(made)


def _one_year(cells: Sequence[str], named: Sequence[str], above: Sequence[str]) -> tuple[str, tuple[str, ...]]:
    """The year that the headings name, else the one that the texts above the table name."""
    once = _once(named)
    years = sorted({year for cell, name in zip(cells, once, strict=True) if name for year in school_years(cell)})
    if len(years) > 1:
        return "", (f"The headings name several years: {', '.join(years)}. Correct them so that they name one.",)
    return (years[0] if years else _year_above(above)), ()


def _year_above(above: Sequence[str]) -> str:
    """The one year that titles over a table name; "" where they name none or several, or a span of years."""
    named = {years[0] for text in above if len(years := school_years(text)) == 1}
    return named.pop() if len(named) == 1 else ""


def _district(cells: Sequence[str], named: Sequence[str], above: Sequence[str]) -> Headings:
    years: dict[int, str] = {}
    for place, cell in enumerate(cells):
        found = school_years(cell)
        if found:
            years[place] = max(found)
    planned = {place: years[place] for place, name in enumerate(named) if name == _PLANNED and place in years}
    newest = max(planned.values(), default="")
    problems = [
        f"Two columns hold what was planned for {year}." for year, n in Counter(planned.values()).items() if n > 1
    ]
    titled = sorted({years[at] for at, name in enumerate(named) if name in ("title", "pages") and at in years})
    actual = sorted({years[at] for at, name in enumerate(named) if name in (_ACTUAL, "explanation") and at in years})
    is_next = newest and (len(planned) > 1 or newest in titled or not actual)
    fields = ["planned_next" if planned.get(at) == newest and is_next else name for at, name in enumerate(named)]
    year = (titled[-1:] or [newest])[0] or _year_above(above) or (actual[-1:] or [""])[0]
    problems += _contradictions(titled, planned, newest if is_next else "", actual)
    return Headings(DISTRICT, _once(fields), year, tuple(problems))


def _contradictions(titled: list[str], planned: Mapping[int, str], newest: str, actual: list[str]) -> list[str]:
    """What the headings of one table say against each other, as sentences."""
    found = []
    if len(titled) > 1:
        found.append(f"The headings are of several plan years: {' and '.join(titled)}.")
    if newest and titled and newest != titled[-1]:
        found.append(f"The titles are those of {titled[-1]}, but the newest planned amounts are those of {newest}.")
    if len(actual) > 1:
        found.append(f"The estimated actual and its explanation are of different years: {' and '.join(actual)}.")
    older = sorted(year for year in set(planned.values()) if year != newest)
    if older and actual and older[-1] != actual[-1]:
        found.append(f"{older[-1]} was planned, but the estimated actual is of {actual[-1]}.")
    if newest and older and int(newest[:4]) != int(older[-1][:4]) + 1:
        found.append(f"{newest} does not follow {older[-1]}.")
    return found
