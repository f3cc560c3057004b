"""The directory: a school's row and a person's row."""

import re
from collections.abc import Collection, Iterable, Mapping
from functools import partial
from typing import Any

from services.ingest.rules.cells import Cell, read_count, read_ploc, shown
from services.ingest.rules.findings import BadCell, Place, Report
from services.ingest.rules.listing import Table
from services.ingest.rules.names import REGIONS, region_of
from services.ingest.rules.rows import LONGEST_NAME, clean
from shared.emails import email_key
from shared.names import name_key
from shared.phones import phone_of

LONGEST_LIST = 4000
# Codes and regions hold none of these marks; a director's spelling holds a comma.
_SCOPE_MARKS = re.compile(r"[;,/|\n]")
_SPELLING_MARKS = re.compile(r"[;|/\n]")
_CODES = re.compile(r"\d{7}(?: \d{7})+")
_MAILTO = re.compile(r"mailto:", re.IGNORECASE)
COUNT_FIELDS = ("enrolled", "classified_classroom", "classified_other", "certificated_admin", "certificated_other")
WORDS = ("name", "level", "region", "cos", "director", "principal", "landline")
SCHOOL_COLUMNS = {
    "cost center code": "cost_center",
    "cost centre code": "cost_center",
    "code": "cost_center",
    "ploc": "ploc",
    "school": "name",
    "school name": "name",
    "level": "level",
    "region": "region",
    "cos": "cos",
    "community of schools": "cos",
    "regional director": "director",
    "enrolled": "enrolled",
    "enrollment": "enrolled",
    "classified classroom": "classified_classroom",
    "classified non classroom": "classified_other",
    "certificated administrators": "certificated_admin",
    "certificated non administrators": "certificated_other",
    "principal": "principal",
    "landline": "landline",
}
PERSON_COLUMNS = {
    "name": "name",
    "role": "role",
    "email": "email",
    "e mail": "email",
    "scope": "scope",
    "aliases": "aliases",
}


def read_school(cells: Mapping[str, Cell]) -> dict[str, Any]:
    """A school's row by field. Raises BadCell."""
    school: dict[str, Any] = {name: _short(cells, name) for name in WORDS}
    school["region_written"], school["region"] = school["region"], region_of(school["region"]) or ""
    code = clean(cells.get("cost_center"))
    if not (len(code) == 7 and code.isascii() and code.isdigit()):
        raise BadCell("cost_center", "code_unreadable")
    if not school["name"]:
        raise BadCell("name", "school_missing")
    school["ploc"] = read_ploc(cells.get("ploc")).ploc
    for name in COUNT_FIELDS:
        school[name] = read_count(cells.get(name), name)
    return {**school, "cost_center": code, "name_key": name_key(school["name"]), **_where(cells)}


def read_person(roles: Collection[str], cells: Mapping[str, Cell]) -> dict[str, Any]:
    """A person's row by field; `roles` are those that exist. Raises BadCell."""
    name, written, _ = _short(cells, "name"), _short(cells, "email"), _short(cells, "aliases", LONGEST_LIST)
    role = name_key(shown(cells.get("role")))
    if role not in roles:
        raise BadCell("role", "role_unknown")
    if not name:
        raise BadCell("name", "name_missing")
    email = email_key(_MAILTO.sub("", written))
    if not email:
        raise BadCell("email", "email_unreadable")
    return {
        **_where(cells),
        "person_id": f"{role}:{email}",
        "name": name,
        "email": email,
        "role": role,
        "scope": scope_entries(cells.get("scope")),
        "aliases": alias_entries(cells.get("aliases")),
        "written": {name: shown(cells.get(name)) for name in ("email", "scope", "aliases")},
    }


def scope_entries(cell: Cell) -> list[str]:
    """The codes and regions of a scope, whatever mark parts them."""
    parts = [part for entry in _entries(cell, _SCOPE_MARKS) for part in _apart(entry)]
    return [region_of(part) or part for part in parts]


def _apart(entry: str) -> list[str]:
    """Codes that stand beside each other with nothing but a space."""
    return entry.split() if _CODES.fullmatch(entry) else [entry]


def alias_entries(cell: Cell) -> list[str]:
    """The spellings of a cell, whatever mark parts them: only a comma belongs to a name."""
    return _entries(cell, _SPELLING_MARKS)


def _entries(cell: Cell, marks: re.Pattern[str]) -> list[str]:
    return [entry for part in marks.split(shown(cell)) if (entry := clean(part))]


def _short(cells: Mapping[str, Cell], name: str, most: int = LONGEST_NAME) -> str:
    text = clean(cells.get(name))
    if len(text) > most:
        raise BadCell(name, "text_too_long")
    return text


def _where(cells: Mapping[str, Cell]) -> dict[str, Cell]:
    return {name: cells.get(name) for name in ("sheet", "row")}


def settled_schools(schools: Iterable[dict[str, Any]], report: Report) -> list[dict[str, Any]]:
    """Every school once. A code that is in the file with different values is rejected, an unknown region reported."""
    found: dict[str, dict[str, Any]] = {}
    for school in schools:
        kept = found.setdefault(school["cost_center"], school)
        if kept is not school:
            same = all(kept[name] == school[name] for name in school if name not in ("sheet", "row", "region_written"))
            add = report.add if same else report.reject
            place = _place(school, SCHOOLS.shown("cost_center"), school["cost_center"])
            add("row_repeated" if same else "school_twice", place._replace(became=f"as row {kept['row']}"))
        elif not school["region"]:
            report.add("region_unknown", _place(school, SCHOOLS.shown("region"), school["region_written"]))
    return list(found.values())


def note_landlines(schools: Iterable[dict[str, Any]], report: Report) -> None:
    """Reports landlines that the strike form would not take for a phone."""
    for school in schools:
        if school["landline"] and not phone_of(school["landline"]):
            report.add("landline_unclear", _place(school, SCHOOLS.shown("landline"), school["landline"]))


def note_people(people: Iterable[dict[str, Any]], places: Collection[str], report: Report) -> None:
    """Reports scopes that are no school or region (`places`: codes and keys of the schools), entries that were separated by
    other marks than `;`, and spellings of two directors."""
    listed = list(people)
    for person in listed:
        _note_written(person, report)
        for entry in person["scope"]:
            if entry not in places and entry not in REGIONS:
                report.add("scope_unknown", _place(person, "Scope", entry))
    owners: dict[str, dict[str, Any]] = {}
    for person in listed:
        for spelling in (person["name"], *person["aliases"]) if person["role"] == "director" else ():
            kept = owners.setdefault(spelling.casefold(), person)
            if kept["person_id"] != person["person_id"]:
                report.add("spelling_shared", _place(person, "Aliases", spelling)._replace(became=kept["email"]))


def note_central(people: Iterable[dict[str, Any]], report: Report) -> None:
    """Reports a file after which nobody of the central office is left."""
    listed = list(people)
    if listed and not any(person["role"] == "central" for person in listed):
        report.add("central_missing", Place(str(listed[0]["sheet"]), 0, "Role", ""))


def _note_written(person: Mapping[str, Any], report: Report) -> None:
    written = person["written"]
    if _MAILTO.match(written["email"].strip()):
        report.add("email_fixed", _place(person, "Email", written["email"])._replace(became=person["email"]))
    for name in ("scope", "aliases"):
        if len(person[name]) > len([entry for entry in written[name].split(";") if clean(entry)]):
            place = _place(person, name.capitalize(), clean(written[name]))
            report.add("list_parted", place._replace(became="; ".join(person[name])[:200]))


def _place(row: Mapping[str, Any], column: str, value: str) -> Place:
    return Place(str(row["sheet"] or ""), int(row["row"]), column, value[:200])


SCHOOLS = Table(
    "schools",
    SCHOOL_COLUMNS,
    {"cost_center": "Cost Center Code", "ploc": "PLOC", "name": "School", "level": "Level", "region": "Region"},
    read_school,
)


def directory_tables(roles: Collection[str]) -> tuple[Table, Table]:
    """The tables of schools and people, for people in these roles."""
    shown = {"name": "Name", "role": "Role", "email": "Email"}
    return SCHOOLS, Table("people", PERSON_COLUMNS, shown, partial(read_person, roles))
