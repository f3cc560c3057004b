"""Keeping the directory's schools, and who is expected in the open incidents."""

from uuid import UUID

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col, update

from services.sesr.tables import School
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
    rows = [{**school._asdict(), "revision": event.revision, "gone": False} for school in event.schools]
    if rows:
        _keep_newer(session, rows)
    if is_whole:
        gone = update(School).where(col(School.revision) < event.revision, col(School.gone).is_(False))
        session.execute(gone.values(gone=True))
    expect_schools(session)


def _keep_newer(session: Session, rows: list[dict[str, object]]) -> None:
    fresh = insert(School)
    columns = {name: fresh.excluded[name] for name in rows[0] if name != "school_key"}
    is_newer = col(School.revision) < fresh.excluded.revision
    session.execute(fresh.on_conflict_do_update(index_elements=["school_key"], set_=columns, where=is_newer), rows)


def expect_schools(session: Session, incident_id: UUID | None = None) -> None:
    """Expects the schools that fit the open incidents (or one of them) and are not known there yet."""
    session.execute(_EXPECT, {"incident_id": incident_id})
