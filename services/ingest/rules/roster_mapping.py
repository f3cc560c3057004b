"""What a district says of its roster, once for each source: which organizations are schools, and which role is which."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, NamedTuple

from services.ingest.rules.roster_rows import Roster, RosterRow

SCHOOL, REGION, NOTHING = "school", "region", ""
# Who answers for the system itself is named by hand: no roster makes anybody central or ops.
TARGETS = ("principal", "designee", "director", "desk")
AT_SCHOOLS = ("principal", "designee")
COLUMN_FIELDS = {
    "cost_center": "Cost center code",
    "ploc": "PLOC",
    "level": "Level",
    "region": "Region",
    "cos": "Community of schools",
    "landline": "Landline",
}
SUGGESTED_TYPES = {"school": SCHOOL, "School": SCHOOL}
SUGGESTED_ROLES = {"principal at school": "principal", "Principal at School": "principal"}
SUGGESTED_COLUMNS = ("identifier", "stateOrganizationId", "schoolId")
IN_A_CLASS = "in a class"


@dataclass
class RosterMapping:
    """What was said: by type of organization and by role what each is, `` for neither; what is missing is undecided.

    `columns`: field of a school -> column of the organizations. `principals`: cost center code -> the user who is the
    principal where several have that role. `others`: what the others of them are there.
    """

    types: dict[str, str] = field(default_factory=dict)
    roles: dict[str, str] = field(default_factory=dict)
    columns: dict[str, str] = field(default_factory=dict)
    principals: dict[str, str] = field(default_factory=dict)
    others: str = NOTHING


class Assignment(NamedTuple):
    """A user in a role at an organization; `kind` is how the mapping names such a role: `administrator at school`."""

    user: str
    org: str
    kind: str
    begin: str
    end: str
    row: RosterRow
    table: str
    key: str


def assignments(roster: Roster) -> list[Assignment]:
    """Every role at an organization: of the users themselves (1.1), of the roles (1.2, Ed-Fi), and of classes."""
    found = []
    for key, row in roster.users.items():
        if row.fields.get("role"):
            orgs = [part.strip() for part in row.fields.get("orgs", "").split(",")]
            found += [_assignment(roster, key, org, row, "users", key) for org in dict.fromkeys(orgs) if org]
    for table, rows in (("roles", roster.roles), ("enrollments", roster.enrollments)):
        for key, row in rows.items():
            found.append(_assignment(roster, row.fields.get("user", ""), row.fields.get("org", ""), row, table, key))
    return found


def _assignment(roster: Roster, user: str, org: str, row: RosterRow, table: str, key: str) -> Assignment:
    there = roster.orgs.get(org)
    role = f"{row.fields['role']} {IN_A_CLASS}" if table == "enrollments" else row.fields["role"]
    kind = f"{role} at {there.fields.get('type', '')}" if there else ""
    return Assignment(user, org, kind, row.fields.get("begin", ""), row.fields.get("end", ""), row, table, key)


class Seen(NamedTuple):
    """What a roster holds that the mapping names, each with how many there are; of columns an example."""

    types: dict[str, int]
    roles: dict[str, int]
    columns: dict[str, str]


def seen_in(roster: Roster, found: Iterable[Assignment], columns: Mapping[str, str]) -> Seen:
    types = Counter(row.fields.get("type", "") for row in roster.orgs.values())
    roles = Counter(each.kind for each in found if each.kind)
    return Seen(dict(sorted(types.items())), dict(sorted(roles.items())), dict(columns))


def undecided(mapping: RosterMapping, seen: Seen) -> list[str]:
    """What the mapping does not say of this roster; empty where it says everything."""
    missing = [f"type {name}" for name in seen.types if name not in mapping.types]
    missing += [f"role {name}" for name in seen.roles if name not in mapping.roles]
    column = mapping.columns.get("cost_center", "")
    if not column or column not in seen.columns:
        missing.append("the column of the cost center code")
    missing += [
        f"the column {column} ({COLUMN_FIELDS[name]}), which the file does not have"
        for name, column in mapping.columns.items()
        if column and name != "cost_center" and column not in seen.columns
    ]
    return missing


def mapping_problems(mapping: RosterMapping) -> list[str]:
    """Why a mapping cannot be kept; empty where it can."""
    found = [
        f"A type of organization is a school, a region, or neither: {name}."
        for name in _odd(mapping.types, (SCHOOL, REGION))
    ]
    found += [f"A role is one of {', '.join(TARGETS)}, or none: {name}." for name in _odd(mapping.roles, TARGETS)]
    found += [f"Schools have no such field here: {name}." for name in mapping.columns if name not in COLUMN_FIELDS]
    if mapping.others not in (NOTHING, "designee"):
        found.append("The other principals of a school are designees there, or nothing.")
    for name, target in mapping.roles.items():
        kind = name.rpartition(" at ")[2]
        if target in AT_SCHOOLS and mapping.types.get(kind, SCHOOL) != SCHOOL:
            found.append(f"A {target} has the role at a school, and {kind} is none: {name}.")
    return found


def _odd(given: Mapping[str, str], allowed: Iterable[str]) -> list[str]:
    return [name for name, value in given.items() if value not in (*allowed, NOTHING)]


def as_json(mapping: RosterMapping) -> dict[str, Any]:
    return asdict(mapping)


def suggested(mapping: RosterMapping, seen: Seen) -> RosterMapping:
    """The mapping with what the words of the standards say themselves, for a person to look at."""
    columns = dict(mapping.columns)
    if not columns.get("cost_center"):
        columns["cost_center"] = next((name for name in SUGGESTED_COLUMNS if name in seen.columns), "")
    return RosterMapping(
        {**{name: what for name, what in SUGGESTED_TYPES.items() if name in seen.types}, **mapping.types},
        {**{name: what for name, what in SUGGESTED_ROLES.items() if name in seen.roles}, **mapping.roles},
        columns,
        mapping.principals,
        mapping.others,
    )
