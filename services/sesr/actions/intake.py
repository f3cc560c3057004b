"""Keeping the directory's schools, and who is expected in the open incidents."""

from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session, col, update

from services.sesr.tables import School
from shared.db import fields_of, upsert
from shared.delivery.arrivals import directory_arrives
from shared.events import DirectoryLoaded

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
    if is_whole:
        gone = update(School).where(col(School.revision) < event.revision, col(School.gone).is_(False))
        session.execute(gone.values(gone=True))
    expect_schools(session)


def expect_schools(session: Session, incident_id: UUID | None = None) -> None:
    """Expects the schools that fit the open incidents (or one of them) and are not known there yet."""
    session.execute(_EXPECT, {"incident_id": incident_id})
