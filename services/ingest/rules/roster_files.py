"""The files of a roster: OneRoster 1.1 and 1.2 as CSV (1EdTech's CSV binding), and CSV in the words of Ed-Fi's data model.

Both are read as four tables: organizations, users, roles and, where a class says who leads its school, enrollments.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, NamedTuple

Source = Literal["oneroster", "ed-fi"]
TableName = Literal["orgs", "roles", "enrollments", "users"]
# In this order they are read: the roles say which users are students.
TABLES: tuple[TableName, ...] = ("orgs", "roles", "enrollments", "users")
SOURCES: dict[Source, str] = {"oneroster": "OneRoster", "ed-fi": "Ed-Fi"}
# Nothing about them is read.
FAMILY = frozenset({"student", "parent", "guardian", "relative"})
MANIFEST = "manifest"
VERSIONS = ("1.1", "1.2")
MODES = ("bulk", "delta", "absent")
ENROLLED_ROLE = "administrator"
_MARKS = re.compile(r"[^a-z0-9]")


class RosterFile(NamedTuple):
    """A file of a roster: its table, the names of its columns by field, and which fields it must have.

    `org_type`: of what type the organizations are where the file says it by its name.
    """

    table: TableName
    columns: Mapping[str, tuple[str, ...]]
    required: tuple[str, ...]
    org_type: str = ""


_STATUS = {"sourced_id": ("sourcedId",), "status": ("status",), "modified": ("dateLastModified",)}
_PERIOD = {"begin": ("beginDate",), "end": ("endDate",)}


def _edfi_orgs(org_type: str, identifier: str, *parents: str) -> RosterFile:
    columns = {"sourced_id": (identifier,), "name": ("nameOfInstitution",), "parent": parents}
    return RosterFile("orgs", columns, ("sourced_id", "name"), org_type)


_AGENCY, _CENTER = "localEducationAgencyId", "educationServiceCenterId"
_STAFF = RosterFile(
    "users",
    {
        "sourced_id": ("staffUniqueId",),
        "given": ("firstName",),
        "middle": ("middleName",),
        "family": ("lastSurname",),
        "email": ("electronicMailAddress", "email"),
    },
    ("sourced_id", "given", "family", "email"),
)
_ASSIGNMENTS = RosterFile(
    "roles",
    {
        "user": ("staffUniqueId",),
        "role": ("staffClassificationDescriptor",),
        "org": ("educationOrganizationId", "schoolId"),
        **_PERIOD,
    },
    ("user", "role", "org"),
)
# By the key of a file's name, without its ending.
FILES: dict[Source, dict[str, RosterFile]] = {
    "oneroster": {
        "orgs": RosterFile(
            "orgs",
            {**_STATUS, "name": ("name",), "type": ("type",), "parent": ("parentSourcedId",)},
            ("sourced_id", "name", "type", "parent"),
        ),
        "users": RosterFile(
            "users",
            {
                **_STATUS,
                "enabled": ("enabledUser",),
                "orgs": ("orgSourcedIds",),
                "role": ("role",),
                "given": ("givenName",),
                "middle": ("middleName",),
                "family": ("familyName",),
                "email": ("email",),
            },
            ("sourced_id", "enabled", "given", "family", "email"),
        ),
        "roles": RosterFile(
            "roles",
            {**_STATUS, "user": ("userSourcedId",), "role": ("role",), "org": ("orgSourcedId",), **_PERIOD},
            ("sourced_id", "user", "role", "org"),
        ),
        "enrollments": RosterFile(
            "enrollments",
            {**_STATUS, "user": ("userSourcedId",), "role": ("role",), "org": ("schoolSourcedId",), **_PERIOD},
            ("sourced_id", "user", "role", "org"),
        ),
    },
    "ed-fi": {
        "schools": _edfi_orgs("School", "schoolId", _AGENCY),
        "localeducationagencies": _edfi_orgs("LocalEducationAgency", _AGENCY, f"parent{_AGENCY}", _CENTER),
        "educationservicecenters": _edfi_orgs("EducationServiceCenter", _CENTER, "stateEducationAgencyId"),
        "staffs": _STAFF,
        "staffeducationorganizationassignmentassociations": _ASSIGNMENTS,
    },
}
# Ed-Fi names a resource in the singular or the plural.
_SINGULAR = {
    "school": "schools",
    "localeducationagency": "localeducationagencies",
    "educationservicecenter": "educationservicecenters",
    "staff": "staffs",
    "staffeducationorganizationassignmentassociation": "staffeducationorganizationassignmentassociations",
}
_NEEDED: dict[Source, tuple[str, ...]] = {"oneroster": (MANIFEST, "orgs", "users"), "ed-fi": ("schools", "staffs")}


def column_key(name: str) -> str:
    """By which the names of columns and files are equal: case and separators do not count."""
    return _MARKS.sub("", name.casefold())


def file_key(name: str) -> str:
    """The key of a member of a package, empty for what is no CSV: `OneRoster/Orgs.CSV` is `orgs`."""
    stem, dot, ending = name.rpartition("/")[2].rpartition(".")
    if ending.casefold() != "csv" or not dot or name.startswith("__MACOSX/"):
        return ""
    key = column_key(stem)
    return _SINGULAR.get(key, key)


def source_of(keys: Iterable[str]) -> Source | None:
    """Whose files a package holds, by their keys; None for neither."""
    there = set(keys)
    if there & {"orgs", "users"} or (MANIFEST in there and there & {"roles", "enrollments"}):
        return "oneroster"
    return "ed-fi" if there & {"staffs", "schools"} else None


class RosterColumns(NamedTuple):
    """Where the fields of a file stand: field -> index; `names`: every column as written; `unknown`: those not read."""

    fields: dict[str, int]
    names: list[str]
    unknown: list[str]
    missing: list[str]


def read_columns(file: RosterFile, names: Sequence[str]) -> RosterColumns:
    """Where the fields of a file stand by its column names, whose last part counts (`staffReference.staffUniqueId`)."""
    whole = {column_key(name): index for index, name in reversed(list(enumerate(names)))}
    last = {column_key(name.rpartition(".")[2]): index for index, name in reversed(list(enumerate(names)))}
    fields = {}
    for field, known in file.columns.items():
        for key in map(column_key, known):
            if key in whole or key in last:
                fields[field] = whole.get(key, last.get(key, 0))
                break
    used = set(fields.values())
    unknown = [name for index, name in enumerate(names) if index not in used and name]
    missing = [file.columns[field][0] for field in file.required if field not in fields]
    return RosterColumns(fields, list(names), unknown, missing)


class Manifest(NamedTuple):
    """What manifest.csv says: the version, and of each table whether its file is bulk, delta or absent."""

    version: str
    modes: dict[TableName, str]
    problem: str = ""


def read_manifest(rows: Iterable[Sequence[str]]) -> Manifest:
    """The manifest by its rows of property and value; `problem` says what it cannot be read by, empty where it can."""
    values = {column_key(name): value.strip() for name, value, *_ in (cells for cells in rows if len(cells) > 1)}
    version = values.get("onerosterversion", "")
    release = ".".join(version.removeprefix("v").split(".")[:2])
    if release not in VERSIONS:
        return Manifest(
            release, {}, f"oneroster.version is {version or 'not given'}; OneRoster 1.1 and 1.2 are read here"
        )
    modes: dict[TableName, str] = {}
    for table in TABLES:
        mode = values.get(f"file{table}", "absent").casefold() or "absent"
        if mode not in MODES:
            return Manifest(release, {}, f"file.{table} is {mode}; it must be bulk, delta or absent")
        modes[table] = mode
    return Manifest(release, modes)


def missing_files(source: Source, keys: Iterable[str], modes: Mapping[TableName, str]) -> list[str]:
    """The files that must be there and are not: of OneRoster what the manifest lists, of Ed-Fi schools and staff."""
    there = set(keys)
    if source == "oneroster":
        return [f"{table}.csv" for table, mode in modes.items() if mode != "absent" and table not in there]
    return [f"{key}.csv" for key in _NEEDED[source] if key not in there]


def role_name(text: str) -> str:
    """A role as the file names it, without the address of an Ed-Fi descriptor: `uri://...#Principal` is `Principal`."""
    return text.rpartition("#")[2].strip()
