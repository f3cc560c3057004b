"""Keeping the directory's schools, who is expected in the open incidents, and the calendar of rates."""

from uuid import UUID

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col, select, update

from services.sesr.tables import CalendarEntry, CalendarRevision, Reporter, School
from shared.access.policy import REPORTERS
from shared.db import fields_of, upsert
from shared.delivery.arrivals import directory_arrives
from shared.emails import address_hash, email_key
from shared.events import CalendarChanged, DirectoryLoaded

# Which schools fit an incident is a merge of two tables: every school that fits and is not known there yet.
_EXPECT = text("""
    insert into expected(incident_id, school_key)
    select i.incident_id, s.school_key
    from incident i, school s
    where i.closed_at is null and (cast(:incident_id as uuid) is null or i.incident_id = :incident_id) and not s.gone
      and (i.regions = '{}' or s.region = any(i.regions)) and (i.levels = '{}' or s.level = any(i.levels))
    on conflict (incident_id, school_key) where until is null do nothing
""")


def store_directory(session: Session, event: DirectoryLoaded) -> None:
    """Keeps the newer revision of each school; a new school is expected in the open incidents that it fits.

    With the last part of the newest directory, a school that it has no more is gone: its reports stay, and no incident
    that is opened from then on expects it.
    """
    is_whole = directory_arrives(session, event)
    if is_whole is None:
        return
    rows = [
        {**fields_of(School, school._asdict()), "revision": event.revision, "gone": False} for school in event.schools
    ]
    upsert(session, School, rows, newer="revision")
    _store_reporters(session, event, is_whole=is_whole)
    if is_whole:
        gone = update(School).where(col(School.revision) < event.revision, col(School.gone).is_(False))
        session.execute(gone.values(gone=True))
    expect_schools(session)


def _store_reporters(session: Session, event: DirectoryLoaded, *, is_whole: bool) -> None:
    """Keeps who reports for schools; a person's id here is their address, as their account has it."""
    people = [person for person in event.people if person.role in REPORTERS and email_key(person.email)]
    keys = {(address_hash(person.email), person.role): email_key(person.email) for person in people}
    rows = [
        {"person_key": key, "role": role, "person_id": person_id, "revision": event.revision}
        for (key, role), person_id in sorted(keys.items())
    ]
    upsert(session, Reporter, rows, newer="revision")
    if is_whole:
        for gone in session.exec(select(Reporter).where(col(Reporter.revision) < event.revision)):
            session.delete(gone)


def store_calendar(session: Session, event: CalendarChanged) -> None:
    """Keeps the windows and the extraction days of the newest calendar; what is as it was keeps its revision."""
    newest = insert(CalendarRevision).values(id=1, revision=event.revision)
    grows = col(CalendarRevision.revision) < event.revision
    grown = newest.on_conflict_do_update(index_elements=["id"], set_={"revision": event.revision}, where=grows)
    if session.execute(grown.returning(col(CalendarRevision.revision))).one_or_none() is None:
        return
    at = {"revision": event.revision, "changed_at": event.changed_at}
    windows = [
        {"kind": "window", "term": each.term, "first_day": each.opens, "last_day": each.closes}
        for each in event.windows
    ]
    days = [
        {"kind": "extraction", "term": each.term, "first_day": each.day, "last_day": each.day}
        for each in event.extraction_days
    ]
    rows = [*windows, *days]
    if rows:
        fresh = insert(CalendarEntry)
        changed = col(CalendarEntry.last_day) != fresh.excluded.last_day
        taken = {name: fresh.excluded[name] for name in ("last_day", "revision", "changed_at")}
        key = ["kind", "term", "first_day"]
        upserted = fresh.on_conflict_do_update(index_elements=key, set_=taken, where=changed)
        session.execute(upserted, [{**row, **at} for row in rows])
    kept = {(row["kind"], row["term"], row["first_day"]) for row in rows}
    for entry in session.exec(select(CalendarEntry)).all():
        if (entry.kind, entry.term, entry.first_day) not in kept:
            session.delete(entry)


def expect_schools(session: Session, incident_id: UUID | None = None) -> None:
    """Expects the schools that fit the open incidents (or one of them) and are not known there yet."""
    session.execute(_EXPECT, {"incident_id": incident_id})
