"""Loading the directory: schools and people replace those before; every subscriber gets the whole of it."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from itertools import chain
from typing import Any

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col, delete, func, select, update

from services.ingest.actions.kept_directory import keep_directory
from services.ingest.actions.limits import limits
from services.ingest.actions.listings import listing_of, sheets_of
from services.ingest.actions.reading import Watch
from services.ingest.actions.revisions import lock_kind
from services.ingest.actions.roster_reading import read_roster
from services.ingest.actions.rosters import keep_roster, load_roster, upsert_roster
from services.ingest.queries.directory_changes import changes, difference
from services.ingest.rules.directory import directory_tables, note_central, note_landlines, note_people, settled_schools
from services.ingest.rules.listing import Listing
from services.ingest.rules.roster_rows import RosterRead
from services.ingest.rules.verdicts import directory_reasons
from services.ingest.tables import DirectoryRevision, Person, School, Upload
from shared.access.policy import ROLES
from shared.access.spellings import keep_spellings, match_spellings
from shared.db import upsert
from shared.delivery.outbox import publish
from shared.errors import Invalid, first_of
from shared.events import ROWS_PER_PART, DirectoryLoaded, DirectoryPerson, DirectorySchool

# A school that an extraction named first gets its code here, where nobody has it yet; for many schools in one call.
_ATTACH = text(
    """
    update school s set cost_center = :cost_center
    where s.school_key = (
      select school_key from school where ploc = :ploc and name_key = :name_key and cost_center is null limit 1
    ) and not exists (select 1 from school where cost_center = :cost_center)
    """
)
# The schema of access has no classes here; these join it with the people as a whole.
_ACCESS_PEOPLE = text(
    """
    insert into access.person (person_id, name, email)
    select distinct on (lower(email)) lower(email), name, email from person order by lower(email), person_id
    on conflict (person_id) do update set name = excluded.name, email = excluded.email
    """
)
_ACCESS_GONE = text(
    """
    delete from access.role_grant g
    where g.source = 'directory' and g.person_id not like 'service:%'
      and not exists (select 1 from person p where lower(p.email) = g.person_id and p.role = g.role)
    """
)
_ACCESS_GRANTS = text(
    """
    insert into access.role_grant (person_id, role, scope)
    select lower(email), role, coalesce(array_agg(x order by x) filter (where x is not null), '{}')
    from person left join lateral unnest(scope) x on true group by lower(email), role
    on conflict (person_id, role) do update set scope = excluded.scope, source = 'directory'
    """
)
_SCHOOL_FIELDS = (
    "ploc", "name", "name_key", "level", "cos", "director", "enrolled", "classified_classroom", "classified_other",
    "certificated_admin", "certificated_other", "principal", "landline",
)  # fmt: skip


def read_directory(content: bytes, watch: Watch) -> Listing | RosterRead:
    """The rows of schools and people as the file has them, or a roster. Raises UnreadableFile, TakesLong, Invalid (columns)."""
    sheets = sheets_of(watch.parts(content, how="rosters"))
    first = next(sheets, None)
    whole = chain([first] if first else [], sheets)
    return read_roster(whole) if first and first[0].roster else listing_of(whole, directory_tables(ROLES))


def load_directory(session: Session, upload: Upload, found: Listing | RosterRead) -> None:
    """Loads the tables of schools and people, all or nothing; a file with one of them leaves the other as it is.

    A roster whose words nobody has explained waits for that. Raises Invalid with every problem.
    """
    roster = load_roster(session, upload, found) if isinstance(found, RosterRead) else None
    if isinstance(found, RosterRead) and roster is None:
        _hold(upload)
        return
    listing = roster.listing if roster else found
    assert isinstance(listing, Listing)
    schools, people = _settled(session, listing, is_roster=roster is not None)
    upload.found, upload.problems = listing.report.groups(), list(listing.report.problems())
    upload.counts = _counts(schools or [], people or [])
    upload.difference = difference(session, schools, people)
    upload.changes = changes(session, schools, people)
    lost = {f"{name}_{side}": count for name, each in upload.difference.items() for side, count in _there(each).items()}
    facts = lost | ({"rows": upload.counts["accepted"], "rejected": roster.rejected} if roster else {})
    before, upload.reasons = set(upload.reasons), directory_reasons(facts, limits())
    upload.counts |= facts if upload.reasons else {}
    # Who confirmed has agreed to the reasons that were there to be seen, and to no other.
    agreed = not upload.reasons or (upload.confirmed and before >= set(upload.reasons))
    if upload.intent != "publish" or not agreed:
        _hold(upload)
        return
    lock_kind(session, upload.kind)
    if roster and not upload.changes:
        upsert_roster(session, roster)
        upload.state = "unchanged"
        return
    keep_directory(session, upload.upload_id, schools=bool(schools), people=bool(people))
    if schools:
        _store_schools(session, schools)
    if people:
        _store_people(session, people)
    if roster:
        keep_roster(session, upload, roster)
    upload.revision = publish_directory(session)
    upload.state = "published"


def _hold(upload: Upload) -> None:
    """Leaves the upload to wait, for a decision or as a preview."""
    upload.confirmed = False
    upload.state = "quarantined" if upload.reasons and upload.intent == "publish" else "preview"


Rows = list[dict[str, Any]]


def _settled(session: Session, listing: Listing, *, is_roster: bool) -> tuple[Rows | None, Rows | None]:
    """The schools and the people of a file, each once. Raises Invalid where a row of a sheet is wrong."""
    report = listing.report
    schools, people = listing.rows.get("schools"), listing.rows.get("people")
    schools = settled_schools(schools, report) if schools else schools
    note_landlines(schools or [], report)
    note_people([row for row in people or [] if "written" in row], _places(session, schools), report)
    if not is_roster:
        note_central(people or [], report)
    if report.rejected_rows or not (schools or people):
        sentence = "The directory needs the sheets Schools and People without errors; nothing was changed."
        raise Invalid(sentence, code="directory_invalid", problems=first_of(list(report.problems())))
    return schools, one_each(people) if people else people


def _places(session: Session, schools: list[dict[str, Any]] | None) -> set[str]:
    """The codes and keys by which a scope names a school: those of the file, else those of the directory."""
    known = session.exec(select(School).where(col(School.in_directory))).all()
    keys = {school.school_key for school in known}
    return keys | (
        {row["cost_center"] for row in schools} if schools else {school.cost_center or "" for school in known}
    )


def _counts(schools: list[dict[str, Any]], people: list[dict[str, Any]]) -> dict[str, int]:
    return {"accepted": len(schools) + len(people), "schools": len(schools), "people": len(people)}


def _there(difference: dict[str, int]) -> dict[str, int]:
    return {"there": difference["kept"] + difference["missing"], "missing": difference["missing"]}


def _store_schools(session: Session, schools: list[dict[str, Any]]) -> None:
    session.execute(_ATTACH, schools)
    rows = [
        {
            "school_key": school["cost_center"],
            "cost_center": school["cost_center"],
            "region": school["region"],
            "in_directory": True,
            **{name: school[name] for name in _SCHOOL_FIELDS},
        }
        for school in schools
    ]
    given = insert(School)
    kept: dict[str, Any] = {name: given.excluded[name] for name in (*_SCHOOL_FIELDS, "in_directory")}
    # A region that the file does not know leaves the school in its last one.
    kept["region"] = func.coalesce(func.nullif(given.excluded.region, ""), School.region)
    session.execute(given.on_conflict_do_update(index_elements=["cost_center"], set_=kept), rows)
    codes = [school["cost_center"] for school in schools]
    left = update(School).where(col(School.in_directory), col(School.cost_center).not_in(codes))
    session.execute(left.values(in_directory=False))


def _store_people(session: Session, people: list[dict[str, Any]]) -> None:
    schools = session.exec(select(School).where(col(School.in_directory))).all()
    keys = {school.cost_center: school.school_key for school in schools}
    rows = [
        {
            **{name: person[name] for name in ("person_id", "name", "email", "role", "aliases")},
            "scope": [keys.get(entry, entry) for entry in person["scope"]],
            "resolved_aliases": [],
        }
        for person in people
    ]
    ids = [row["person_id"] for row in rows]
    moved = _spellings_of_those_who_leave(session, ids)
    session.execute(delete(Person).where(col(Person.person_id).not_in(ids)))
    upsert(session, Person, rows, once={"resolved_aliases"})
    names = Counter((row["role"], row["name"]) for row in rows)
    for row in rows:
        key = row["role"], row["name"]
        if key in moved and names[key] == 1:
            person = session.get_one(Person, row["person_id"])
            added = [spelling for spelling in moved[key] if spelling not in person.aliases]
            person.resolved_aliases = person.resolved_aliases or added
    session.flush()


def _spellings_of_those_who_leave(session: Session, ids: list[str]) -> dict[tuple[str, str], list[str]]:
    """(role, name) -> spellings matched by hand. A person who comes under another e-mail address is known by role and
    name; a name that two have says nothing."""
    leaving = select(Person).where(col(Person.person_id).not_in(ids), col(Person.resolved_aliases) != [])
    found = session.exec(leaving).all()
    counted = select(Person.role, Person.name, func.count()).group_by(col(Person.role), col(Person.name))
    alone = {(role, name) for role, name, count in session.exec(counted) if count == 1}
    return {(p.role, p.name): p.resolved_aliases for p in found if (p.role, p.name) in alone}


def one_each(people: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """A person in a role once, with the scopes and aliases of all their rows."""
    merged: dict[str, dict[str, Any]] = {}
    for person in people:
        kept = merged.setdefault(person["person_id"], {**person, "scope": [], "aliases": []})
        for name in ("scope", "aliases"):
            kept[name].extend(entry for entry in person[name] if entry not in kept[name])
    return list(merged.values())


def publish_directory(session: Session) -> int:
    """Grants access as the directory says, and publishes the whole of it at its next revision, which it answers."""
    for statement in (_ACCESS_PEOPLE, _ACCESS_GONE, _ACCESS_GRANTS):
        session.execute(statement)
    revision = _next_revision(session)
    match_spellings(session, session.exec(select(School.director).distinct()), _directors(session))
    listed = session.exec(select(School).where(col(School.in_directory)).order_by(col(School.school_key))).all()
    schools = [DirectorySchool(*(getattr(school, name) for name in DirectorySchool._fields)) for school in listed]
    people = [_person(person) for person in session.exec(select(Person).order_by(col(Person.person_id)))]
    parts = max(1, -(-len(schools) // ROWS_PER_PART), -(-len(people) // ROWS_PER_PART))
    for part in range(parts):
        cut = slice(part * ROWS_PER_PART, (part + 1) * ROWS_PER_PART)
        event = DirectoryLoaded(revision=revision, part=part + 1, parts=parts, schools=schools[cut], people=people[cut])
        publish(session, event)
    return revision


def _next_revision(session: Session) -> int:
    first = insert(DirectoryRevision).values(id=1, revision=1)
    again = {"revision": col(DirectoryRevision.revision) + 1}
    counted = first.on_conflict_do_update(index_elements=["id"], set_=again).returning(col(DirectoryRevision.revision))
    revision: int = session.execute(counted).scalar_one()
    return revision


def keep_directors(session: Session, seen: Iterable[str]) -> None:
    """Notes whose the spellings of directors in a file are; under the directory's lock, so that none is decided twice."""
    session.exec(select(DirectoryRevision).with_for_update(read=True)).all()
    keep_spellings(session, seen, _directors(session))


def _directors(session: Session) -> dict[str, list[str]]:
    """The spellings of every director, by the person's id in `access`."""
    spellings: dict[str, list[str]] = defaultdict(list)
    for person in session.exec(select(Person).where(Person.role == "director")):
        spellings[person.email.lower()] += [person.name, *person.aliases, *person.resolved_aliases]
    return spellings


def _person(person: Person) -> DirectoryPerson:
    aliases = [*person.aliases, *(alias for alias in person.resolved_aliases if alias not in person.aliases)]
    return DirectoryPerson(person.person_id, person.name, person.email, person.role, person.scope, aliases)
