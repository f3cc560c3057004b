"""The directory by a roster and its mapping: people by their roles at organizations, nothing guessed of anybody."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple

from services.ingest.rules.findings import Report
from services.ingest.rules.roster_mapping import AT_SCHOOLS, NOTHING, Assignment, RosterMapping
from services.ingest.rules.roster_orgs import OrgTree, Schools
from services.ingest.rules.roster_rows import FALSE, Roster, RosterRow
from services.ingest.rules.rows import LONGEST_NAME
from shared.emails import email_key
from shared.names import name_key


class Question(NamedTuple):
    """A school with several principals, of whom only a person knows who it is. `candidates`: user -> name and place."""

    code: str
    school: str
    candidates: dict[str, str]


class Holder(NamedTuple):
    """A user who can be in the directory: name, e-mail address, and where the row stands."""

    name: str
    email: str
    row: RosterRow


@dataclass
class Made:
    """The directory that a roster makes, what only a person can answer, and which of its rows mention these people."""

    schools: list[dict[str, Any]] = field(default_factory=list)
    people: list[dict[str, Any]] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)
    used: dict[str, set[str]] = field(default_factory=lambda: {"users": set(), "roles": set(), "enrollments": set()})


def directory_of(
    roster: Roster,
    found: Sequence[Assignment],
    mapping: RosterMapping,
    known: Mapping[str, Mapping[str, Any]],
    today: date,
    report: Report,
) -> Made:
    """The schools and people of a roster whose mapping says everything; `known`: code -> a school of the directory."""
    tree = OrgTree(roster.orgs, mapping, report)
    schools = Schools(tree, known, report)
    people = People(roster, schools, mapping, report)
    made = Made()
    for each in found:
        target = mapping.roles.get(each.kind, NOTHING)
        if not each.kind:
            report.add("roster_org_unknown", each.row.place("org", each.org))
        elif target:
            made.used["users"].add(each.user)
            if each.table != "users":
                made.used[each.table].add(each.key)
            if _counts_on(each, today, report):
                people.take(each, target)
    people.part_shared_addresses()
    made.questions = people.settle_principals()
    made.people = people.rows()
    _name_leaders(schools, people, mapping, report)
    made.schools = list(schools.rows.values())
    return made


def _counts_on(each: Assignment, today: date, report: Report) -> bool:
    """Whether a role counts on a day, by its first and last day."""
    days = []
    for column, written in (("beginDate", each.begin), ("endDate", each.end)):
        try:
            days.append(date.fromisoformat(written[:10]) if written else None)
        except ValueError:
            report.add("roster_date_unreadable", each.row.place(column, written))
            return False
    begin, end = days
    counts = (begin is None or begin <= today) and (end is None or today <= end)
    if not counts:
        report.add("roster_role_ended", each.row.place("endDate", each.end or each.begin))
    return counts


class People:
    """Who holds which role of the directory, and for which schools or region."""

    def __init__(self, roster: Roster, schools: Schools, mapping: RosterMapping, report: Report) -> None:
        self.users = roster.users
        self.schools = schools
        self.mapping = mapping
        self.report = report
        self.holders: dict[str, Holder | None] = {}
        # (role, user) -> codes and regions, in the order of the files.
        self.scopes: dict[tuple[str, str], dict[str, None]] = {}

    def take(self, each: Assignment, target: str) -> None:
        """Takes a user's role where the user can be in the directory and the role is about a school."""
        if each.user not in self.users:
            self.report.add("roster_user_unknown", each.row.place("user", each.user))
        elif self._holder(each.user):
            scope = self.schools.scope_of(each.org)
            if not scope:
                self.report.add("roster_no_school", each.row.place("org", each.org))
            self.scopes.setdefault((target, each.user), {}).update(dict.fromkeys(scope))

    def _holder(self, user: str) -> Holder | None:
        if user not in self.holders:
            self.holders[user] = self._read_holder(self.users[user])
        return self.holders[user]

    def _read_holder(self, row: RosterRow) -> Holder | None:
        fields = row.fields
        name = fields.get("name", "")
        email = email_key(fields.get("email", ""))
        if fields.get("enabled", "").casefold() in FALSE:
            self.report.add("roster_user_disabled", row.place("enabledUser", name))
        elif not name or len(name) > LONGEST_NAME:
            self.report.add("text_too_long" if name else "roster_name_missing", row.place("familyName", name))
        elif not email:
            self.report.add("roster_email_unreadable", row.place("email", fields.get("email", "")))
        else:
            return Holder(name, email, row)
        return None

    def part_shared_addresses(self) -> None:
        """Leaves out users of different names who share an e-mail address: it would give each the other's schools."""
        sharing: dict[str, dict[str, Holder]] = defaultdict(dict)
        for _, user in self.scopes:
            holder = self.holders[user]
            assert holder is not None
            sharing[holder.email][user] = holder
        for users in sharing.values():
            if len(users) == 1:
                continue
            code = (
                "roster_users_merged"
                if len({name_key(each.name) for each in users.values()}) == 1
                else "roster_email_shared"
            )
            for user, holder in users.items():
                self.report.add(code, holder.row.place("email", holder.email))
                if code == "roster_email_shared":
                    self.scopes = {key: scope for key, scope in self.scopes.items() if key[1] != user}

    def principals(self) -> dict[str, list[str]]:
        """Cost center code -> the users who are principals there, one address once."""
        found: dict[str, dict[str, str]] = defaultdict(dict)
        for (target, user), scope in self.scopes.items():
            holder = self.holders[user]
            if target == "principal" and holder:
                for code in scope:
                    found[code].setdefault(holder.email, user)
        return {code: list(users.values()) for code, users in found.items()}

    def settle_principals(self) -> list[Question]:
        """Leaves each school the principal whom the mapping names; answers the schools of which it does not say."""
        questions = []
        for code, users in self.principals().items():
            if len(users) == 1:
                continue
            named = self.mapping.principals.get(code)
            if named not in users:
                questions.append(
                    Question(code, self.schools.rows[code]["name"], {user: self._shown(user) for user in users})
                )
                continue
            for user in users:
                if user != named:
                    self._move(user, code)
        return questions

    def _shown(self, user: str) -> str:
        holder = self.holders[user]
        assert holder is not None
        return f"{holder.name} ({holder.row.file}, row {holder.row.row})" if holder.row.row else holder.name

    def _move(self, user: str, code: str) -> None:
        """Another principal of a school is there what the mapping says of such."""
        for (target, each), scope in list(self.scopes.items()):
            if target == "principal" and self._email(each) == self._email(user):
                scope.pop(code, None)
                if self.mapping.others:
                    self.scopes.setdefault((self.mapping.others, each), {})[code] = None

    def _email(self, user: str) -> str:
        holder = self.holders[user]
        return holder.email if holder else ""

    def rows(self) -> list[dict[str, Any]]:
        """The people as rows of a directory's file; who has a role at schools alone and no school is not among them."""
        rows = []
        for (target, user), scope in self.scopes.items():
            holder = self.holders[user]
            if holder and (scope or target not in AT_SCHOOLS):
                rows.append(
                    {
                        "sheet": holder.row.file,
                        "row": holder.row.row,
                        "person_id": f"{target}:{holder.email}",
                        "name": holder.name,
                        "email": holder.email,
                        "role": target,
                        "scope": list(scope),
                        "aliases": [],
                        "written": {"email": holder.email, "scope": ";".join(scope), "aliases": ""},
                    }
                )
        return rows


def _name_leaders(schools: Schools, people: People, mapping: RosterMapping, report: Report) -> None:
    """Writes to each school its principal and its director, where the roster says who they are."""
    given = set(mapping.roles.values())
    principals, directors = people.principals(), _directors(schools, people)
    for code, row in schools.rows.items():
        if "principal" in given:
            users = principals.get(code, [])
            names = [holder.name for user in users if (holder := people.holders[user])]
            row["principal"] = names[0] if len(names) == 1 else ""
            if not users:
                report.add("roster_principal_missing", _place(row))
        covering = directors.get(code, {})
        if len(covering) == 1:
            row["director"] = next(iter(covering.values()))
        elif covering:
            report.add("roster_director_several", _place(row))


def _place(row: Mapping[str, Any]) -> Any:
    return RosterRow(row["sheet"], row["row"], {}).place("name", row["name"])


def _directors(schools: Schools, people: People) -> dict[str, dict[str, str]]:
    """Code -> the directors whose schools or region it is in, by their addresses."""
    found: dict[str, dict[str, str]] = defaultdict(dict)
    regions: dict[str, list[str]] = defaultdict(list)
    for code, row in schools.rows.items():
        regions[row["region"]].append(code)
    for (target, user), scope in people.scopes.items():
        holder = people.holders[user]
        for entry in scope if target == "director" and holder else ():
            for code in [entry] if entry in schools.rows else regions.get(entry, []):
                found[code][holder.email] = holder.name  # type: ignore[union-attr]
    return found
