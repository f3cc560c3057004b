"""The directory: a school's row and a person's row."""

from collections.abc import Collection, Iterable, Mapping
from functools import partial
from typing import Any

from services.ingest.rules.cells import Cell, read_count, read_ploc, shown
from services.ingest.rules.findings import BadCell, Place, Report
from services.ingest.rules.listing import Table
from services.ingest.rules.names import region_of
from services.ingest.rules.rows import LONGEST_NAME, clean
from shared.emails import email_key
from shared.names import name_key

LONGEST_LIST = 4000
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
    name, email, _ = _short(cells, "name"), _short(cells, "email").lower(), _short(cells, "aliases", LONGEST_LIST)
    role = name_key(shown(cells.get("role")))
    if role not in roles:
        raise BadCell("role", "role_unknown")
    if not name:
        raise BadCell("name", "name_missing")
    email = email_key(email)
    if not email:
        raise BadCell("email", "email_unreadable")
    return {
        **_where(cells),
        "person_id": f"{role}:{email}",
        "name": name,
        "email": email,
        "role": role,
        "scope": parted(cells.get("scope")),
        "aliases": parted(cells.get("aliases")),
    }


def _short(cells: Mapping[str, Cell], name: str, most: int = LONGEST_NAME) -> str:
    text = clean(cells.get(name))
    if len(text) > most:
        raise BadCell(name, "text_too_long")
    return text


def _where(cells: Mapping[str, Cell]) -> dict[str, Cell]:
    return {name: cells.get(name) for name in ("sheet", "row")}


def settled_schools(schools: Iterable[dict[str, Any]], report: Report) -> list[dict[str, Any]]:
    """Every school once. A code that stands in the file with different values is rejected, an unknown region reported."""
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


def note_people(people: Iterable[dict[str, Any]], report: Report) -> None:
    """Reports spellings that lead to two directors, and of a file after which nobody of the central office is left."""
    listed = list(people)
    owners: dict[str, dict[str, Any]] = {}
    for person in listed:
        for spelling in (person["name"], *person["aliases"]) if person["role"] == "director" else ():
            kept = owners.setdefault(spelling.casefold(), person)
            if kept["person_id"] != person["person_id"]:
                report.add("spelling_shared", _place(person, "Aliases", spelling)._replace(became=kept["email"]))
    if listed and not any(person["role"] == "central" for person in listed):
        report.add("central_missing", Place(str(listed[0]["sheet"]), 0, "Role", ""))


def _place(row: Mapping[str, Any], column: str, value: str) -> Place:
    return Place(str(row["sheet"] or ""), int(row["row"]), column, value[:200])


def parted(cell: Cell) -> list[str]:
    """The entries of a cell that holds several, parted by `;`."""
    return [entry for part in shown(cell).split(";") if (entry := clean(part))]


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
