"""Correcting the directory by hand: a school, a person, a spelling; every subscriber gets the whole again."""

from collections.abc import Mapping
from typing import Any

from sqlmodel import Session, col, select

from services.ingest.actions.directory import publish_directory
from services.ingest.rules.cells import read_count
from services.ingest.rules.directory import COUNT_FIELDS, WORDS, alias_entries, scope_entries
from services.ingest.rules.findings import BadCell
from services.ingest.rules.names import REGIONS
from services.ingest.rules.rows import LONGEST_NAME, clean
from services.ingest.tables import Person, School
from shared.access import audit
from shared.emails import email_key
from shared.errors import Conflict, Invalid, NotFound
from shared.names import name_key


def change_school(session: Session, school_key: str, given: Mapping[str, str], actor: str) -> School:
    """Changes a school's fields to those given. Raises NotFound, or Invalid with the field."""
    school = session.get(School, school_key, with_for_update=True)
    if school is None:
        raise NotFound("There is no school with this key in the directory.")
    before = school.model_dump()
    for name in WORDS:
        setattr(school, name, _short(name, given.get(name, getattr(school, name))))
    for name in COUNT_FIELDS:
        setattr(school, name, _count(name, given.get(name)))
    if not school.name:
        raise _wrong("name", "Enter the name.")
    # A school whose region is not known keeps it until somebody gives one.
    if school.region not in REGIONS and school.region != before["region"]:
        raise _wrong("region", "Enter N, S, E, W or XS.")
    school.name_key = name_key(school.name)
    _keep(session, school, before, school_key, actor)
    return school


def change_person(session: Session, person_id: str, given: Mapping[str, str], actor: str) -> Person:
    """Changes a person's name, scope and spellings. A spelling added here stays when a directory is loaded.

    Raises NotFound, Conflict where a spelling belongs to somebody else, or Invalid with the field.
    """
    person = session.get(Person, person_id, with_for_update=True)
    if person is None:
        raise NotFound("There is no person with this id in the directory.")
    before = person.model_dump()
    person.name = _short("name", given.get("name", person.name))
    person.email = email_key(_short("email", given.get("email", person.email)))
    if not person.name or not person.email:
        name, message = ("name", "Enter the name.") if not person.name else ("email", "Enter one e-mail address.")
        raise _wrong(name, message)
    person.scope = _scope(session, person.scope, given.get("scope"))
    spellings = alias_entries(given.get("aliases", ""))
    added = [_short("aliases", alias) for alias in spellings if alias not in person.aliases]
    _refuse_taken(session, person, added)
    person.resolved_aliases = added
    _keep(session, person, before, person_id, actor)
    return person


def _refuse_taken(session: Session, person: Person, aliases: list[str]) -> None:
    """A spelling of two directors would leave their alerts without a route."""
    others = session.exec(
        select(Person).where(col(Person.role) == person.role, col(Person.person_id) != person.person_id)
    )
    taken = {
        name.casefold(): other.name
        for other in others
        for name in (other.name, *other.aliases, *other.resolved_aliases)
    }
    for alias in aliases:
        if alias.casefold() in taken:
            raise Conflict(f"{alias} is a spelling of {taken[alias.casefold()]} already.", code="alias_taken")


def _keep(session: Session, changed: School | Person, before: Mapping[str, Any], key: str, actor: str) -> None:
    after = changed.model_dump()
    detail = {name: {"from": before[name], "to": after[name]} for name in after if after[name] != before[name]}
    if not detail:
        return
    session.add(changed)
    session.flush()
    audit(session, actor, "directory", key, detail)
    publish_directory(session)


def _scope(session: Session, before: list[str], given: str | None) -> list[str]:
    """The entries of a scope as school keys and regions, as a file has them. Raises Invalid for one that is neither."""
    if given is None:
        return before
    schools = session.exec(select(School).where(col(School.in_directory))).all()
    keys = {key: school.school_key for school in schools for key in (school.cost_center, school.school_key)}
    entries = [keys.get(entry, entry) for entry in scope_entries(given)]
    for entry in entries:
        if entry not in {*keys.values(), *REGIONS, *before}:
            raise _wrong("scope", f"No school of the directory has the code {entry[:20]}, and it is not a region.")
    return entries


def _count(name: str, given: str | None) -> int | None:
    try:
        return read_count(given, name)
    except BadCell as error:
        raise _wrong(name, "Enter a whole number from 0 to 100,000,000, or leave it blank.") from error


def _short(name: str, given: str) -> str:
    text = clean(given)
    if len(text) > LONGEST_NAME:
        raise _wrong(name, f"Enter at most {LONGEST_NAME} characters.")
    return text


def _wrong(name: str, message: str) -> Invalid:
    problems = [{"code": "invalid_field", "field": name, "message": message}]
    return Invalid(message, code="invalid_field", problems=problems)
