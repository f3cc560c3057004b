"""Loading the directory: schools and people replace those before; all services hear the whole of it."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import text
from sqlmodel import Session

from services.ingest.rules import (
    COUNT_FIELDS,
    PERSON_HEADERS,
    SCHOOL_HEADERS,
    BadCell,
    Cell,
    columns_by,
    read_count,
    read_ploc,
)
from services.ingest.sheets import SheetRow, read_rows
from services.ingest.tables import Upload
from shared.errors import Invalid
from shared.events import ROWS_PER_PART, DirectoryLoaded, DirectoryPerson, DirectorySchool
from shared.names import name_key, tidy
from shared.outbox import say
from shared.policy import ROLES

_NEXT = text(
    "insert into directory_revision(id, revision) values (1, 1)"
    " on conflict (id) do update set revision = directory_revision.revision + 1 returning revision"
)
_ATTACH = text(
    "update school s set cost_centre = :cost_centre where s.school_key = (select school_key from school"
    " where ploc = :ploc and name_key = :name_key and cost_centre is null limit 1)"
    " and not exists (select 1 from school where cost_centre = :cost_centre)"
)
_SCHOOL = text(
    "insert into school(school_key, ploc, cost_centre, name, name_key, level, region, cos, director, enrolled,"
    " classified_classroom, classified_other, certificated_admin, certificated_other, principal, landline, in_directory)"
    " values (:cost_centre, :ploc, :cost_centre, :name, :name_key, :level, :region, :cos, :director, :enrolled,"
    " :classified_classroom, :classified_other, :certificated_admin, :certificated_other, :principal, :landline, true)"
    " on conflict (cost_centre) do update set ploc = excluded.ploc, name = excluded.name, name_key = excluded.name_key,"
    " level = excluded.level, region = excluded.region, cos = excluded.cos, director = excluded.director,"
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
_GONE = text("delete from person where not (person_id = any(:ids))")
_LEFT = text("update school set in_directory = false where in_directory and not (cost_centre = any(:codes))")
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


def load_directory(session: Session, upload: Upload, content: bytes, watch: Watch) -> None:
    """Loads the sheets Schools and People. Raises UnreadableFile, or Invalid with every problem; all or nothing."""
    schools, people, problems = _read(content, watch)
    if problems or not schools:
        sentence = "The directory needs the sheets Schools and People without errors; nothing was changed."
        raise Invalid(sentence, code="directory_invalid", problems=problems[:200])
    revision = session.execute(_NEXT).scalar_one()
    session.execute(_ATTACH, schools)
    session.execute(_SCHOOL, schools)
    session.execute(_LEFT, {"codes": [school["cost_centre"] for school in schools]})
    keys = _school_keys(session)
    people = _one_each(people)
    for person in people:
        person["scope"] = [keys.get(entry, entry) for entry in person["scope"]]
    session.execute(_GONE, {"ids": [person["person_id"] for person in people]})
    if people:
        session.execute(_PERSON, people)
    _grant_access(session)
    upload.revision = revision
    upload.counts = {"accepted": len(schools) + len(people), "schools": len(schools), "people": len(people)}
    tell_directory(session, revision)


def _one_each(people: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """A person in a role once, with the scopes and aliases of all their rows."""
    merged: dict[str, dict[str, Any]] = {}
    for person in people:
        kept = merged.setdefault(person["person_id"], {**person, "scope": [], "aliases": []})
        for field in ("scope", "aliases"):
            kept[field].extend(entry for entry in person[field] if entry not in kept[field])
    return list(merged.values())


def _school_keys(session: Session) -> dict[str, str]:
    return {
        code: key
        for code, key in session.execute(text("select cost_centre, school_key from school where in_directory"))
    }


def _grant_access(session: Session) -> None:
    for statement in (_ACCESS_PEOPLE, _ACCESS_GONE, _ACCESS_GRANTS):
        session.execute(statement)


def tell_directory(session: Session, revision: int) -> None:
    """Says the whole directory at a revision."""
    schools = [
        _told_school(row)
        for row in session.execute(text("select * from school where in_directory order by school_key"))
    ]
    people = [_told_person(row) for row in session.execute(text("select * from person order by person_id"))]
    parts = max(1, -(-len(schools) // ROWS_PER_PART), -(-len(people) // ROWS_PER_PART))
    for part in range(parts):
        cut = slice(part * ROWS_PER_PART, (part + 1) * ROWS_PER_PART)
        say(
            session,
            DirectoryLoaded(revision=revision, part=part + 1, parts=parts, schools=schools[cut], people=people[cut]),
        )


def _told_school(row: Any) -> DirectorySchool:
    return DirectorySchool(*(getattr(row, field) for field in DirectorySchool._fields))


def _told_person(row: Any) -> DirectoryPerson:
    aliases = [*row.aliases, *(alias for alias in row.resolved_aliases if alias not in row.aliases)]
    return DirectoryPerson(row.person_id, row.name, row.email, row.role, row.scope, aliases)


Found = tuple[list[dict[str, Any]], list[dict[str, Any]], list[dict[str, Any]]]


def _read(content: bytes) -> Found:
    schools: list[dict[str, Any]] = []
    people: list[dict[str, Any]] = []
    problems: list[dict[str, Any]] = []
    columns: dict[str, int] = {}
    sheet = None
    for row in read_rows(content):
        kind = name_key(row.sheet)
        if row.sheet != sheet:
            sheet = row.sheet
            columns = columns_by(SCHOOL_HEADERS if kind == "schools" else PERSON_HEADERS, row.cells)
            continue
        if kind not in ("schools", "people") or all(cell in (None, "") for cell in row.cells):
            continue
        cells = {field: row.cells[index] for field, index in columns.items() if index < len(row.cells)}
        try:
            if kind == "schools":
                schools.append(read_school(cells))
            else:
                people.append(read_person(cells))
        except BadCell as error:
            problems.append(_problem(row, error))
    return schools, people, problems


def _problem(row: SheetRow, error: BadCell) -> dict[str, Any]:
    return {
        "sheet": row.sheet,
        "row": row.number,
        "column": error.field,
        "code": error.code,
        "message": str(error),
        "outcome": "rejected",
    }


def read_school(cells: Mapping[str, Cell]) -> dict[str, Any]:
    """A school's row of the directory by field; BadCell for a code, PLOC or count that cannot be read."""
    words = ("name", "level", "region", "cos", "director", "principal", "landline")
    school: dict[str, Any] = {field: tidy(str(cells.get(field) or "")) for field in words}
    code = tidy(str(cells.get("cost_centre") or "")).removesuffix(".0")
    if not (len(code) == 7 and code.isdigit()):
        raise BadCell("Cost Center Code", "code_unreadable", "A cost center code is seven digits, such as 1585701.")
    school["ploc"] = read_ploc(cells.get("ploc"))
    for field in COUNT_FIELDS:
        school[field] = read_count(cells.get(field), field)
    return {**school, "cost_centre": code, "name_key": name_key(school["name"])}


def read_person(cells: Mapping[str, Cell]) -> dict[str, Any]:
    """A person's row of the directory by field; BadCell for an unknown role or an address that is none."""
    name, email = tidy(str(cells.get("name") or "")), tidy(str(cells.get("email") or "")).lower()
    role = name_key(str(cells.get("role") or ""))
    if role not in ROLES:
        raise BadCell("Role", "role_unknown", f"A role is one of {', '.join(ROLES)}.")
    if email.count("@") != 1 or any(c.isspace() or c in ',;<>"' for c in email):
        raise BadCell("Email", "email_unreadable", "Enter one e-mail address.")
    scope = [tidy(entry) for entry in str(cells.get("scope") or "").split(";") if tidy(entry)]
    aliases = [tidy(entry) for entry in str(cells.get("aliases") or "").split(";") if tidy(entry)]
    return {
        "person_id": f"{role}:{email}",
        "name": name,
        "email": email,
        "role": role,
        "scope": scope,
        "aliases": aliases,
    }
