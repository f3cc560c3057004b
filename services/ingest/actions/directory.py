"""Loading the directory: schools and people replace those before; all services hear the whole of it."""

from collections import Counter
from typing import Any

from sqlalchemy import text
from sqlmodel import Session

from services.ingest.actions.listings import read_listing
from services.ingest.actions.reading import Watch
from services.ingest.rules.directory import directory_tables, note_people, settled_schools
from services.ingest.tables import Upload
from shared.access.policy import ROLES
from shared.delivery.outbox import publish
from shared.errors import Invalid
from shared.events import ROWS_PER_PART, DirectoryLoaded, DirectoryPerson, DirectorySchool

_NEXT = text(
    "insert into directory_revision(id, revision) values (1, 1)"
    " on conflict (id) do update set revision = directory_revision.revision + 1 returning revision"
)
_ATTACH = text(
    "update school s set cost_center = :cost_center where s.school_key = (select school_key from school"
    " where ploc = :ploc and name_key = :name_key and cost_center is null limit 1)"
    " and not exists (select 1 from school where cost_center = :cost_center)"
)
_SCHOOL = text(
    "insert into school(school_key, ploc, cost_center, name, name_key, level, region, cos, director, enrolled,"
    " classified_classroom, classified_other, certificated_admin, certificated_other, principal, landline, in_directory)"
    " values (:cost_center, :ploc, :cost_center, :name, :name_key, :level, :region, :cos, :director, :enrolled,"
    " :classified_classroom, :classified_other, :certificated_admin, :certificated_other, :principal, :landline, true)"
    " on conflict (cost_center) do update set ploc = excluded.ploc, name = excluded.name, name_key = excluded.name_key,"
    " level = excluded.level, region = coalesce(nullif(excluded.region, ''), school.region), cos = excluded.cos, director = excluded.director,"
    " enrolled = excluded.enrolled, classified_classroom = excluded.classified_classroom,"
    " classified_other = excluded.classified_other, certificated_admin = excluded.certificated_admin,"
    " certificated_other = excluded.certificated_other, principal = excluded.principal, landline = excluded.landline,"
    " in_directory = true"
)
_PERSON = text(
    "insert into person(person_id, name, email, role, scope, aliases, resolved_aliases)"
    " values (:person_id, :name, :email, :role, :scope, :aliases, '{}') on conflict (person_id) do update set"
    " name = excluded.name, email = excluded.email, role = excluded.role, scope = excluded.scope,"
    " aliases = excluded.aliases"
)
# A person who comes under another e-mail address is known by role and name; a name that two have says nothing.
_SPELLINGS = text(
    "select p.role, p.name, p.resolved_aliases from person p where not (p.person_id = any(:ids))"
    " and p.resolved_aliases <> '{}' and (select count(*) from person o where o.role = p.role and o.name = p.name) = 1"
)
_SPELLED = text(
    "update person set resolved_aliases = :spellings where person_id = :person_id and resolved_aliases = '{}'"
)
_GONE = text("delete from person where not (person_id = any(:ids))")
_LEFT = text("update school set in_directory = false where in_directory and not (cost_center = any(:codes))")
_KEYS = text("select cost_center, school_key from school where in_directory")
_CODES = text("select cost_center from school where in_directory")
_PEOPLE = text("select person_id from person")
_ACCESS_PEOPLE = text(
    "insert into access.person(person_id, name, email)"
    " select distinct on (lower(email)) lower(email), name, email from person order by lower(email), person_id"
    " on conflict (person_id) do update set name = excluded.name, email = excluded.email"
)
_ACCESS_GONE = text(
    "delete from access.role_grant g where g.source = 'directory' and g.person_id not like 'service:%' and not exists"
    " (select 1 from person p where lower(p.email) = g.person_id and p.role = g.role)"
)
_ACCESS_GRANTS = text(
    "insert into access.role_grant(person_id, role, scope) select lower(email), role,"
    " coalesce(array_agg(x order by x) filter (where x is not null), '{}')"
    " from person left join lateral unnest(scope) x on true group by lower(email), role"
    " on conflict (person_id, role) do update set scope = excluded.scope, source = 'directory'"
)
_TOLD_SCHOOLS = text("select * from school where in_directory order by school_key")
_TOLD_PEOPLE = text("select * from person order by person_id")


def load_directory(session: Session, upload: Upload, content: bytes, watch: Watch) -> None:
    """Loads the tables of schools and people, all or nothing; a file with one of them leaves the other as it is.

    Raises UnreadableFile, TakesLong, or Invalid with every problem.
    """
    found = read_listing(content, watch, directory_tables(ROLES))
    schools, people = found.rows.get("schools"), found.rows.get("people")
    schools = settled_schools(schools, found.report) if schools else schools
    note_people(people or [], found.report)
    problems = list(found.report.problems())
    if found.report.rejected_rows or not (schools or people):
        sentence = "The directory needs the sheets Schools and People without errors; nothing was changed."
        raise Invalid(sentence, code="directory_invalid", problems=problems[:200])
    upload.found, upload.problems = found.report.groups(), problems
    people = one_each(people) if people else people
    upload.counts = _counts(schools or [], people or [])
    upload.difference = _difference(session, schools, people)
    if upload.intent != "publish":
        upload.state = "preview"
        return
    if schools:
        _store_schools(session, schools)
    if people:
        _store_people(session, people)
    upload.revision = tell_directory(session)
    upload.state = "published"


def _counts(schools: list[dict[str, Any]], people: list[dict[str, Any]]) -> dict[str, int]:
    return {"accepted": len(schools) + len(people), "schools": len(schools), "people": len(people)}


def _difference(
    session: Session, schools: list[dict[str, Any]] | None, people: list[dict[str, Any]] | None
) -> dict[str, Any]:
    """How many schools and people come, stay and leave."""
    found = {}
    for name, rows, key, query in (
        ("schools", schools, "cost_center", _CODES),
        ("people", people, "person_id", _PEOPLE),
    ):
        if rows:
            there, given = set(session.execute(query).scalars()), {row[key] for row in rows}
            found[name] = {
                "new": len(given - there),
                "kept": len(given & there),
                "missing": len(there - given),
            }
    return found


def _store_schools(session: Session, schools: list[dict[str, Any]]) -> None:
    session.execute(_ATTACH, schools)
    session.execute(_SCHOOL, schools)
    session.execute(_LEFT, {"codes": [school["cost_center"] for school in schools]})


def _store_people(session: Session, people: list[dict[str, Any]]) -> None:
    keys = {code: key for code, key in session.execute(_KEYS)}
    for person in people:
        person["scope"] = [keys.get(entry, entry) for entry in person["scope"]]
    ids = {"ids": [person["person_id"] for person in people]}
    moved = {(role, name): spellings for role, name, spellings in session.execute(_SPELLINGS, ids)}
    session.execute(_GONE, ids)
    session.execute(_PERSON, people)
    names = Counter((person["role"], person["name"]) for person in people)
    for person in people:
        key = person["role"], person["name"]
        if key in moved and names[key] == 1:
            added = [spelling for spelling in moved[key] if spelling not in person["aliases"]]
            session.execute(_SPELLED, {"person_id": person["person_id"], "spellings": added})


def one_each(people: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """A person in a role once, with the scopes and aliases of all their rows."""
    merged: dict[str, dict[str, Any]] = {}
    for person in people:
        kept = merged.setdefault(person["person_id"], {**person, "scope": [], "aliases": []})
        for name in ("scope", "aliases"):
            kept[name].extend(entry for entry in person[name] if entry not in kept[name])
    return list(merged.values())


def tell_directory(session: Session) -> int:
    """Grants access as the directory says, and says the whole of it at its next revision, which it answers."""
    for statement in (_ACCESS_PEOPLE, _ACCESS_GONE, _ACCESS_GRANTS):
        session.execute(statement)
    revision: int = session.execute(_NEXT).scalar_one()
    schools = [_told_school(row) for row in session.execute(_TOLD_SCHOOLS)]
    people = [_told_person(row) for row in session.execute(_TOLD_PEOPLE)]
    parts = max(1, -(-len(schools) // ROWS_PER_PART), -(-len(people) // ROWS_PER_PART))
    for part in range(parts):
        cut = slice(part * ROWS_PER_PART, (part + 1) * ROWS_PER_PART)
        told = DirectoryLoaded(revision=revision, part=part + 1, parts=parts, schools=schools[cut], people=people[cut])
        publish(session, told)
    return revision


def _told_school(row: Any) -> DirectorySchool:
    return DirectorySchool(*(getattr(row, name) for name in DirectorySchool._fields))


def _told_person(row: Any) -> DirectoryPerson:
    aliases = [*row.aliases, *(alias for alias in row.resolved_aliases if alias not in row.aliases)]
    return DirectoryPerson(row.person_id, row.name, row.email, row.role, row.scope, aliases)
