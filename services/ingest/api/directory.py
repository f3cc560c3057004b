"""The API of the directory: look schools and people up, correct them, add and remove spellings."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from services.ingest.actions.directory_edits import change_person, change_school
from services.ingest.queries import directory as directory_queries
from services.ingest.tables import Person, School
from shared.access import Who
from shared.errors import NotFound
from shared.web import Db, allow

router = APIRouter(prefix="/ingest/api/v1/directory", tags=["directory"])
Limit = Annotated[int, Query(ge=1, le=200)]
See = Annotated[Who, allow("directory.see")]
Write = Annotated[Who, allow("directory.write")]


class SchoolChange(BaseModel):
    """The fields of a school to correct; one that is absent stays as it is, a count of null becomes unknown."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"name": "Alder El", "region": "E", "enrolled": 410}}
    )

    name: str = ""
    level: str = ""
    region: str = ""
    cos: str = ""
    director: str = ""
    principal: str = ""
    landline: str = ""
    enrolled: int | None = None
    classified_classroom: int | None = None
    classified_other: int | None = None
    certificated_admin: int | None = None
    certificated_other: int | None = None


class PersonChange(BaseModel):
    """The fields of a person to correct; one that is absent stays. `aliases`: the spellings that were added by hand."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"aliases": ["VEGA, M."]}})

    name: str = ""
    email: str = ""
    scope: list[str] = Field(default_factory=list)
    aliases: list[str] = Field(default_factory=list)


def _given(change: BaseModel) -> dict[str, Any]:
    return change.model_dump(exclude_unset=True)


def _words(fields: Mapping[str, Any]) -> dict[str, str]:
    """Fields as a form would send them."""
    return {
        name: "; ".join(value) if isinstance(value, list) else "" if value is None else str(value)
        for name, value in fields.items()
    }


@router.get("/schools")
def get_schools(session: Db, _: See, q: str = "", cursor: str = "", limit: Limit = 50) -> dict[str, Any]:
    """Schools found by name, PLOC, cost center code or director; `cursor` is the `next` of the page before."""
    rows = [row.model_dump() for row in directory_queries.schools(session, q.strip(), cursor, limit)]
    return {"schools": rows, "next": rows[-1]["school_key"] if len(rows) == limit else None}


@router.get("/schools/{school_key}")
def get_school(session: Db, _: See, school_key: str) -> School:
    """A school of the directory."""
    return _school(session, school_key)


@router.patch("/schools/{school_key}")
def patch_school(session: Db, who: Write, school_key: str, change: SchoolChange) -> School:
    """Corrects a school; every service learns of it."""
    there = _school(session, school_key).model_dump(include=set(SchoolChange.model_fields))
    return change_school(session, school_key, _words({**there, **_given(change)}), who.actor)


@router.get("/people")
def get_people(session: Db, _: See, q: str = "", role: str = "", cursor: str = "", limit: Limit = 50) -> dict[str, Any]:
    """People found by name, e-mail or spelling; `cursor` is the `next` of the page before."""
    rows = [row.model_dump() for row in directory_queries.people(session, q.strip(), role, cursor, limit)]
    return {"people": rows, "next": rows[-1]["person_id"] if len(rows) == limit else None}


@router.get("/people/{person_id}")
def get_person(session: Db, _: See, person_id: str) -> Person:
    """A person of the directory: `aliases` are spellings from its file, `resolved_aliases` those added by hand."""
    return _person(session, person_id)


@router.patch("/people/{person_id}")
def patch_person(session: Db, who: Write, person_id: str, change: PersonChange) -> Person:
    """Corrects a person; every service learns of it. 409 for a spelling that is somebody else's."""
    return _changed(session, person_id, _given(change), who)


@router.put("/people/{person_id}/aliases/{alias}")
def put_alias(session: Db, who: Write, person_id: str, alias: str) -> Person:
    """Adds a spelling of the person's name; it stays when a directory is loaded."""
    there = _person(session, person_id).resolved_aliases
    return _changed(session, person_id, {"aliases": list(dict.fromkeys([*there, alias]))}, who)


@router.delete("/people/{person_id}/aliases/{alias}")
def delete_alias(session: Db, who: Write, person_id: str, alias: str) -> Person:
    """Removes a spelling that was added by hand."""
    there = _person(session, person_id).resolved_aliases
    if alias not in there:
        raise NotFound(f"{alias} is not among the spellings that were added by hand.")
    return _changed(session, person_id, {"aliases": [each for each in there if each != alias]}, who)


def _changed(session: Db, person_id: str, given: dict[str, Any], who: Who) -> Person:
    there = _person(session, person_id)
    kept = {"scope": there.scope, "aliases": there.resolved_aliases}
    return change_person(session, person_id, _words({**kept, **given}), who.actor)


def _school(session: Db, school_key: str) -> School:
    found = directory_queries.school(session, school_key)
    if found is None:
        raise NotFound("There is no school with this key in the directory.")
    return found


def _person(session: Db, person_id: str) -> Person:
    found = directory_queries.person(session, person_id)
    if found is None:
        raise NotFound("There is no person with this id in the directory.")
    return found
