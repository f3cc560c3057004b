"""What a file would change in the directory: counts, and every school and person that comes, changes or goes."""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlmodel import Session, col, select

from services.ingest.tables import Person, School

Rows = list[dict[str, Any]]
SCHOOL_FIELDS = (
    "ploc", "name", "level", "region", "cos", "director", "enrolled", "classified_classroom", "classified_other",
    "certificated_admin", "certificated_other", "principal", "landline",
)  # fmt: skip
PERSON_FIELDS = ("name", "scope", "aliases")


def difference(session: Session, schools: Rows | None, people: Rows | None) -> dict[str, dict[str, int]]:
    """How many schools and people come, stay and leave."""
    found = {}
    if schools:
        codes = session.exec(select(School.cost_center).where(col(School.in_directory))).all()
        found["schools"] = _compared(set(codes), {row["cost_center"] for row in schools})
    if people:
        ids = session.exec(select(Person.person_id)).all()
        found["people"] = _compared(set(ids), {row["person_id"] for row in people})
    return found


def _compared(there: set[Any], given: set[Any]) -> dict[str, int]:
    return {"new": len(given - there), "kept": len(given & there), "missing": len(there - given)}


def changes(session: Session, schools: Rows | None, people: Rows | None) -> list[dict[str, Any]]:
    """Each school and person that a file adds, changes or removes, by name; of a change each field before and after."""
    found: list[dict[str, Any]] = []
    listed = session.exec(select(School).where(col(School.in_directory))).all()
    if schools:
        there = {school.cost_center or school.school_key: school.model_dump() for school in listed}
        given = {row["cost_center"]: {**row, "region": row["region"] or _region(there, row)} for row in schools}
        found += _changed("school", there, given, SCHOOL_FIELDS)
    if people:
        codes = {school.school_key: school.cost_center for school in listed}
        people_there = {
            person.person_id: {**person.model_dump(), "scope": [codes.get(key) or key for key in person.scope]}
            for person in session.exec(select(Person))
        }
        given = {row["person_id"]: {**row, "scope": [codes.get(key) or key for key in row["scope"]]} for row in people}
        found += _changed("person", people_there, given, PERSON_FIELDS)
    return found


def _region(there: Mapping[str, Mapping[str, Any]], row: Mapping[str, Any]) -> Any:
    """A region that the file does not know leaves the school in its last one."""
    return there.get(row["cost_center"], {}).get("region", "")


def _changed(
    what: str, there: Mapping[str, Mapping[str, Any]], given: Mapping[str, Mapping[str, Any]], fields: Iterable[str]
) -> list[dict[str, Any]]:
    names = tuple(fields)
    found = []
    for key, row in sorted(given.items()):
        before = there.get(key)
        shown = {"what": what, "key": key, "name": row["name"]}
        if before is None:
            found.append({**shown, "change": "new"})
        elif differing := {
            name: [_value(before[name]), _value(row[name])] for name in names if _differ(before, row, name)
        }:
            found.append({**shown, "change": "changed", "fields": differing})
    gone = [
        {"what": what, "key": key, "name": there[key]["name"], "change": "removed"}
        for key in sorted(there)
        if key not in given
    ]
    return sorted(found, key=lambda each: each["change"] != "new") + gone


def _differ(before: Mapping[str, Any], row: Mapping[str, Any], name: str) -> bool:
    one, other = before[name], row[name]
    return (
        sorted(one) != sorted(other)
        if isinstance(one, list)
        else (one or "") != (other or "") or (one is None) != (other is None)
    )


def _value(value: Any) -> str:
    return "; ".join(value) if isinstance(value, list) else "" if value is None else str(value)
