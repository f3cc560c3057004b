"""Rosters as a student information system exports them: packages of CSV files, whole and as changes, of random districts."""

import csv
import io
import random
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

ORGS = ("sourcedId", "status", "dateLastModified", "name", "type", "identifier", "parentSourcedId")
USERS = {
    "1.1": (
        "sourcedId", "status", "dateLastModified", "enabledUser", "orgSourcedIds", "role", "username", "userIds",
        "givenName", "familyName", "middleName", "identifier", "email", "sms", "phone", "agentSourcedIds", "grades",
        "password",
    ),
    "1.2": (
        "sourcedId", "status", "dateLastModified", "enabledUser", "username", "userIds", "givenName", "familyName",
        "middleName", "identifier", "email", "sms", "phone", "agentSourcedIds", "grades", "password",
        "userMasterIdentifier", "resourceSourcedIds", "preferredGivenName", "preferredMiddleName",
        "preferredFamilyName", "primaryOrgSourcedId", "pronouns",
    ),
}  # fmt: skip
ROLES = (
    "sourcedId", "status", "dateLastModified", "userSourcedId", "roleType", "role", "beginDate", "endDate",
    "orgSourcedId", "userProfileSourcedId",
)  # fmt: skip
ENROLLMENTS = (
    "sourcedId", "status", "dateLastModified", "classSourcedId", "schoolSourcedId", "userSourcedId", "role", "primary",
    "beginDate", "endDate",
)  # fmt: skip
Record = dict[str, str]
Tables = dict[str, list[Record]]
TYPES = {"district": "", "local": "region", "department": "", "school": "school"}
TARGETS = {
    "1.1": {
        "administrator at school": "principal", "administrator at department": "director",
        "administrator at local": "desk", "aide at school": "designee",
    },
    "1.2": {
        "principal at school": "principal", "siteAdministrator at school": "designee",
        "districtAdministrator at department": "director", "districtAdministrator at local": "desk",
        "administrator in a class at school": "designee",
    },
}  # fmt: skip
_WORDS = (
    "administrator", "aide", "teacher", "proctor", "principal", "siteAdministrator", "districtAdministrator",
    "systemAdministrator", "counselor", "administrator in a class",
)  # fmt: skip


def mapping(version: str, **others: Any) -> dict[str, Any]:
    """What a district says of the words above: every role at every type of organization."""
    roles = {f"{word} at {kind}": "" for word in _WORDS for kind in TYPES}
    said = {"types": TYPES, "roles": roles | TARGETS[version], "columns": {"cost_center": "identifier"}}
    return {**said, "principals": {}, "others": "designee", **others}


def csv_text(columns: Sequence[str], rows: Iterable[Mapping[str, str]]) -> str:
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, columns, restval="", extrasaction="ignore")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def manifest(version: str, modes: Mapping[str, str]) -> str:
    listed = {"manifest.version": "1.0", "oneroster.version": version}
    files = ("academicSessions", "classes", "courses", "enrollments", "orgs", "roles", "users")
    listed |= {f"file.{name}": modes.get(name, "absent") for name in files}
    pairs = [{"propertyName": name, "value": value} for name, value in listed.items()]
    return csv_text(("propertyName", "value"), pairs)


def zipped(files: Mapping[str, str | bytes], year: int = 2026) -> bytes:
    """A package that was made in that year, always of the same bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name, (year, 1, 1, 0, 0, 0)), content, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def package(version: str, tables: Tables, mode: str = "bulk", **others: str | bytes) -> bytes:
    """A OneRoster package of these tables; `others`: further members by name without ending, or replaced ones."""
    columns = {"orgs": ORGS, "users": USERS[version], "roles": ROLES, "enrollments": ENROLLMENTS}
    files: dict[str, str | bytes] = {"manifest.csv": manifest(version, dict.fromkeys(tables, mode))}
    files |= {f"{name}.csv": csv_text(columns[name], rows) for name, rows in tables.items()}
    return zipped(files | {f"{name}.csv": content for name, content in others.items()})


def org(key: str, name: str, kind: str = "school", code: str = "", parent: str = "", **others: str) -> Record:
    return {"sourcedId": key, "name": name, "type": kind, "identifier": code, "parentSourcedId": parent, **others}


def user(key: str, family: str, given: str = "Ann", **others: str) -> Record:
    email = f"{key}@lausd.example"
    names = {"givenName": given, "familyName": family, "username": key, "email": email}
    return {"sourcedId": key, "enabledUser": "true", **names, "password": f"secret-of-{key}", **others}


def role(key: str, person: str, word: str, at: str, **others: str) -> Record:
    return {
        "sourcedId": key,
        "userSourcedId": person,
        "roleType": "primary",
        "role": word,
        "orgSourcedId": at,
        **others,
    }


class District:
    """A random district: regions, communities of schools, schools, people in every role, and what is wrong in rosters."""

    def __init__(self, seed: int, version: str) -> None:
        self.random = random.Random(seed)
        self.version = version
        self.orgs: list[Record] = [org("d", "District", "district")]
        self.users: list[Record] = []
        self.roles: list[Record] = []
        self.enrollments: list[Record] = []
        for index, region in enumerate(("Region North", "South", "E")[: self.random.randint(1, 3)]):
            self._region(f"r{index}", region)
        self._oddities()
        for _ in range(self.random.randint(0, 4)):
            self.hire(f"s{len(self.users)}", "student", self.random.choice(self.schools()))

    def schools(self) -> list[str]:
        return [each["sourcedId"] for each in self.orgs if each["type"] == "school"]

    def _region(self, key: str, name: str) -> None:
        self.orgs.append(org(key, name, "local", parent="d"))
        self.hire(f"desk-{key}", "desk", key)
        for index in range(self.random.randint(1, 3)):
            community = f"{key}c{index}"
            self.orgs.append(org(community, f"Community {community}", "department", parent=key))
            for person in range(self.random.randint(0, 2)):
                self.hire(f"dir-{community}-{person}", "director", community)
            for number in range(self.random.randint(1, 4)):
                school = f"{community}s{number}"
                code = f"1{4000 + len(self.orgs)}01"
                self.orgs.append(org(school, f"{school} El", code=code, parent=community))
                for person in range(self.random.choice((0, 1, 1, 1, 2))):
                    self.hire(f"pri-{school}-{person}", "principal", school)
                self.hire(f"asst-{school}", "designee", school)
                self.hire(f"teach-{school}", "teacher", school)

    def hire(self, key: str, target: str, at: str, **others: str) -> Record:
        """A person in a role, in the words of the version; answers their row."""
        words = {
            "1.1": {"principal": "administrator", "director": "administrator", "desk": "administrator",
                    "designee": "aide"},
            "1.2": {"designee": "siteAdministrator", "director": "districtAdministrator",
                    "desk": "districtAdministrator"},
        }  # fmt: skip
        word = words[self.version].get(target, target)
        there = next((each for each in self.users if each["sourcedId"] == key), None)
        if there is None:
            there = user(key, f"Name {key}", middleName=self.random.choice(("", "M")), **others)
            self.users.append(there)
        if self.version == "1.1":
            there["role"] = word
            there["orgSourcedIds"] = ",".join(part for part in (there.get("orgSourcedIds", ""), at) if part)
        else:
            self.roles.append(role(f"role-{len(self.roles)}", key, word, at))
        return there

    def _oddities(self) -> None:
        """What rosters are seen with, some of it in each."""
        pick, schools = self.random, self.schools()
        odd: dict[str, Callable[[], object]] = {
            "several schools": lambda: [self.hire("dee-both", "designee", at) for at in (schools[0], schools[-1])],
            "principal of several": lambda: [self.hire("pri-both", "principal", at) for at in (schools[0], schools[-1])],
            "not enabled": lambda: self.hire("off", "principal", schools[0], enabledUser="false"),
            "no address": lambda: self.hire("mute", "principal", schools[0], email=""),
            "one address": lambda: [self.hire(f"twin{n}", "designee", schools[0], email="office@lausd.example") for n in (1, 2)],
            "unknown organization": lambda: self.hire("lost", "designee", "nowhere"),
            "no code": lambda: self.orgs.append(org("x1", "Summer Program", code="SUMMER", parent="d")),
            "code twice": lambda: self.orgs.extend(org(f"x2{n}", "Twin", code="1999901", parent="d") for n in "ab"),
            "parent missing": lambda: self.orgs.append(org("x3", "Lone El", code="1999801", parent="gone")),
            "cycle": lambda: self.orgs.extend(
                [org("x4", "Ring A", "department", parent="x5"), org("x5", "Ring B", "department", parent="x4"),
                 org("x6", "Ring El", code="1999701", parent="x4")]
            ),
            "deleted": lambda: self.users.append(user("ex", "Gone", status="tobedeleted", role="administrator")),
            "status": lambda: self.users.append(user("st", "Odd", status="asleep", role="administrator")),
            "twice alike": lambda: self.orgs.append(dict(self.orgs[-1])),
            "twice unlike": lambda: self.orgs.append({**self.orgs[-1], "name": "Another name"}),
            "director at a school": lambda: self.hire("dir-one", "director", schools[0]) if self.version == "1.2" else None,
        }  # fmt: skip
        for name in pick.sample(sorted(odd), pick.randint(0, 6)):
            odd[name]()
        if self.version == "1.2" and pick.random() < 0.5:
            for begin, end in (
                ("2020-01-01", "2021-06-30"),
                ("2999-01-01", ""),
                ("2020-01-01", "2999-06-30"),
                ("soon", ""),
            ):
                number = len(self.roles)
                self.roles.append(
                    role(f"role-{number}", "asst-" + schools[0], "principal", schools[-1], beginDate=begin, endDate=end)
                )
        if pick.random() < 0.5:
            self.enrollments = [
                {"sourcedId": "e1", "classSourcedId": "k", "schoolSourcedId": schools[0], "userSourcedId": "asst-" + schools[-1],
                 "role": "administrator"},
                {"sourcedId": "e2", "classSourcedId": "k", "schoolSourcedId": schools[0], "userSourcedId": "s1", "role": "student"},
            ]  # fmt: skip

    def tables(self) -> Tables:
        found: Tables = {"orgs": self.orgs, "users": self.users}
        if self.version == "1.2":
            found["roles"] = self.roles
        return found | ({"enrollments": self.enrollments} if self.enrollments else {})

    def bulk(self) -> bytes:
        return package(self.version, self.tables())

    def delta(self) -> bytes:
        """A few changes: people renamed, moved, gone, and their rows older than before."""
        pick = self.random
        changed: Tables = {"orgs": [], "users": []}
        stamp = {"status": "active", "dateLastModified": "2026-10-01T08:00:00Z"}
        people = [
            each
            for each in self.users
            if each.get("status", "") == "" and each["sourcedId"][:3] in ("pri", "dir", "ass")
        ]
        for each in pick.sample(people, min(3, len(people))):
            renamed = {**each, **stamp, "familyName": f"Renamed {each['sourcedId']}"}
            renamed |= pick.choice(
                [{}, {}, {"status": "tobedeleted"}, {"enabledUser": "false"}, {"dateLastModified": ""}]
            )
            changed["users"].append(renamed)
        code = f"1{8000 + pick.randint(0, 99)}01"
        changed["orgs"].append(org("new", "New El", code=code, parent=pick.choice(["d", "r0", "r0c0"]), **stamp))
        if self.version == "1.2":
            gone = pick.choice(self.roles)
            changed["roles"] = [{**gone, **stamp, "status": "tobedeleted"}]
        return package(self.version, changed, "delta")
