"""The directory: a school's row and a person's row."""

from collections.abc import Collection, Mapping
from functools import partial
from typing import Any

from services.ingest.rules.cells import Cell, read_count, read_ploc, shown
from services.ingest.rules.findings import BadCell
from services.ingest.rules.listing import Table
from services.ingest.rules.names import region_of
from services.ingest.rules.rows import clean
from shared.names import name_key

COUNT_FIELDS = ("enrolled", "classified_classroom", "classified_other", "certificated_admin", "certificated_other")
WORDS = ("name", "level", "region", "cos", "director", "principal", "landline")
SCHOOL_COLUMNS = {
    "cost center code": "cost_centre",
    "cost centre code": "cost_centre",
    "code": "cost_centre",
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
    school: dict[str, Any] = {name: clean(cells.get(name)) for name in WORDS}
    school["region"] = region_of(school["region"]) or school["region"]
    code = clean(cells.get("cost_centre"))
    if not (len(code) == 7 and code.isascii() and code.isdigit()):
        raise BadCell("cost_centre", "code_unreadable")
    if not school["name"]:
        raise BadCell("name", "school_missing")
    school["ploc"] = read_ploc(cells.get("ploc")).ploc
    for name in COUNT_FIELDS:
        school[name] = read_count(cells.get(name), name)
    return {**school, "cost_centre": code, "name_key": name_key(school["name"])}


def read_person(roles: Collection[str], cells: Mapping[str, Cell]) -> dict[str, Any]:
    """A person's row by field; `roles` are those that exist. Raises BadCell."""
    name, email = clean(cells.get("name")), clean(cells.get("email")).lower()
    role = name_key(shown(cells.get("role")))
    if role not in roles:
        raise BadCell("role", "role_unknown")
    if not is_address(email):
        raise BadCell("email", "email_unreadable")
    return {
        "person_id": f"{role}:{email}",
        "name": name,
        "email": email,
        "role": role,
        "scope": parted(cells.get("scope")),
        "aliases": parted(cells.get("aliases")),
    }


def is_address(email: str) -> bool:
    """Whether a text is one e-mail address, good enough to be put on an envelope."""
    local, _, domain = email.partition("@")
    plain = not any(c.isspace() or c in ',;<>"()\\' for c in email)
    return bool(local) and "." in domain and "@" not in domain and plain and email.isprintable()


def parted(cell: Cell) -> list[str]:
    """The entries of a cell that holds several, parted by `;`."""
    return [entry for part in shown(cell).split(";") if (entry := clean(part))]


SCHOOLS = Table(
    "schools",
    SCHOOL_COLUMNS,
    {"cost_centre": "Cost Center Code", "ploc": "PLOC", "name": "School", "level": "Level", "region": "Region"},
    read_school,
)


def directory_tables(roles: Collection[str]) -> tuple[Table, Table]:
    """The tables of schools and people, for people in these roles."""
    shown = {"name": "Name", "role": "Role", "email": "Email"}
    return SCHOOLS, Table("people", PERSON_COLUMNS, shown, partial(read_person, roles))
