"""A second reading of rosters, by the text of the standard and of docs/files.md alone: csv.DictReader and dictionaries."""

import csv
import io
import zipfile
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

LETTERS = {"Region North": "N", "South": "S", "E": "E"}
Record = dict[str, str]


class Expected(NamedTuple):
    """The directory that should come out: schools by code, people by id, and the schools whose principal is unclear."""

    schools: dict[str, dict[str, str]]
    people: dict[str, dict[str, Any]]
    unclear: dict[str, set[str]]


def expected(packages: Iterable[bytes], mapping: Mapping[str, Any], today: str) -> Expected:
    state: dict[str, dict[str, Record]] = {}
    for content in packages:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            files = {
                name: list(csv.DictReader(io.StringIO(archive.read(name).decode("utf-8-sig"))))
                for name in archive.namelist()
            }
        modes = {row["propertyName"]: row["value"] for row in files["manifest.csv"]}
        for table in ("orgs", "users", "roles", "enrollments"):
            mode = modes.get(f"file.{table}", "absent")
            if mode != "absent":
                good, gone = _good(files[f"{table}.csv"])
                state[table] = good if mode == "bulk" else _put_over(state.get(table, {}), good, gone)
    return _directory(state, mapping, today)


def _good(rows: list[Record]) -> tuple[dict[str, Record], dict[str, Record]]:
    by_id: dict[str, list[Record]] = {}
    for row in rows:
        if row["status"] in ("", "active", "tobedeleted"):
            by_id.setdefault(row["sourcedId"], []).append(row)
    single = {key: found[0] for key, found in by_id.items() if all(each == found[0] for each in found)}
    gone = {key: row for key, row in single.items() if row["status"] == "tobedeleted"}
    return {key: row for key, row in single.items() if key not in gone}, gone


def _put_over(before: dict[str, Record], good: dict[str, Record], gone: dict[str, Record]) -> dict[str, Record]:
    found = dict(before)
    for key, row in {**good, **gone}.items():
        earlier = before.get(key, {}).get("dateLastModified", "")
        if earlier and row["dateLastModified"] and row["dateLastModified"] < earlier:
            continue
        found.pop(key, None)
        if key in good:
            found[key] = row
    return found


def _directory(state: dict[str, dict[str, Record]], mapping: Mapping[str, Any], today: str) -> Expected:
    orgs, users = state["orgs"], state["users"]
    schools = _schools(orgs, mapping)
    code_of = {key: code for code, key in schools.items()}
    held: dict[tuple[str, str], set[str]] = {}
    for person, word, at in _roles(state, today):
        row = users.get(person)
        if at not in orgs or row is None or row["enabledUser"] == "false" or "@" not in row["email"]:
            continue
        target = mapping["roles"].get(f"{word} at {orgs[at]['type']}", "")
        if target:
            held.setdefault((target, person), set()).update(_scope(at, orgs, mapping, code_of))
    held = _without_shared(held, users)
    unclear = _settle(held, users, mapping)
    people = {
        f"{target}:{users[person]['email']}": {"name": _name(users[person]), "scope": scope}
        for (target, person), scope in held.items()
        if scope or target in ("director", "desk")
    }
    return Expected(
        {code: _school(code, key, orgs, mapping, held, users) for code, key in schools.items()}, people, unclear
    )


def _roles(state: dict[str, dict[str, Record]], today: str) -> list[tuple[str, str, str]]:
    found = []
    for key, row in state["users"].items():
        if row.get("role"):
            found += [(key, row["role"], at) for at in row["orgSourcedIds"].split(",") if at]
    for row in state.get("roles", {}).values():
        begin, end = row["beginDate"] or "0000-00-00", row["endDate"] or "9999-99-99"
        if begin[:1].isdigit() and begin <= today <= end:
            found.append((row["userSourcedId"], row["role"], row["orgSourcedId"]))
    for row in state.get("enrollments", {}).values():
        if row["role"] == "administrator":
            found.append((row["userSourcedId"], "administrator in a class", row["schoolSourcedId"]))
    return found


def _schools(orgs: dict[str, Record], mapping: Mapping[str, Any]) -> dict[str, str]:
    codes: dict[str, list[str]] = {}
    for key, row in orgs.items():
        if mapping["types"][row["type"]] == "school" and len(row["identifier"]) == 7 and row["identifier"].isdigit():
            codes.setdefault(row["identifier"], []).append(key)
    return {code: keys[0] for code, keys in codes.items() if len(keys) == 1}


def _above(key: str, orgs: dict[str, Record]) -> list[str]:
    """The organizations above one, nearest first; nothing above one that is its own parent by way of others."""
    found: list[str] = []
    at = orgs[key]["parentSourcedId"]
    while at in orgs and at not in found and at != key:
        found.append(at)
        at = orgs[at]["parentSourcedId"]
    if at == key:
        return []
    return found[: found.index(at) + 1] if at in found else found


def _region(key: str, orgs: dict[str, Record], mapping: Mapping[str, Any]) -> str:
    near = next((at for at in (key, *_above(key, orgs)) if mapping["types"][orgs[at]["type"]] == "region"), "")
    return LETTERS.get(orgs[near]["name"], "") if near else ""


def _scope(at: str, orgs: dict[str, Record], mapping: Mapping[str, Any], code_of: Mapping[str, str]) -> set[str]:
    if mapping["types"][orgs[at]["type"]] == "region" and (letter := _region(at, orgs, mapping)):
        return {letter}
    return {code for key, code in code_of.items() if key == at or at in _above(key, orgs)}


def _without_shared(held: dict[tuple[str, str], set[str]], users: dict[str, Record]) -> dict[tuple[str, str], set[str]]:
    names: dict[str, set[str]] = {}
    for _, person in held:
        names.setdefault(users[person]["email"], set()).add(_name(users[person]))
    return {key: scope for key, scope in held.items() if len(names[users[key[1]]["email"]]) == 1}


def _settle(
    held: dict[tuple[str, str], set[str]], users: dict[str, Record], mapping: Mapping[str, Any]
) -> dict[str, set[str]]:
    at: dict[str, set[str]] = {}
    for (target, person), scope in held.items():
        for code in scope if target == "principal" else ():
            at.setdefault(code, set()).add(person)
    unclear = {}
    for code, people in at.items():
        named = mapping["principals"].get(code)
        if len(people) > 1 and named not in people:
            unclear[code] = people
        for person in people - {named} if len(people) > 1 and named in people else ():
            held["principal", person].discard(code)
            if mapping["others"]:
                held.setdefault((mapping["others"], person), set()).add(code)
    return unclear


def _name(row: Record) -> str:
    given = " ".join(part for part in (row["givenName"], row["middleName"]) if part)
    return f"{row['familyName']}, {given}"


def _school(
    code: str,
    key: str,
    orgs: dict[str, Record],
    mapping: Mapping[str, Any],
    held: dict[tuple[str, str], set[str]],
    users: dict[str, Record],
) -> dict[str, str]:
    region = _region(key, orgs, mapping)
    principals = [person for (target, person), scope in held.items() if target == "principal" and code in scope]
    directors = [person for (target, person), scope in held.items() if target == "director" and {code, region} & scope]
    return {
        "name": orgs[key]["name"],
        "region": region,
        "principal": _name(users[principals[0]]) if len(principals) == 1 else "",
        "director": _name(users[directors[0]]) if len(directors) == 1 else "",
    }
