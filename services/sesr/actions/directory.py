"""Keeping the directory's schools, and who is expected in the open incidents."""

from sqlalchemy import text
from sqlmodel import Session

from shared.delivery.arrivals import directory_arrives
from shared.events import DirectoryLoaded

_SCHOOLS = text(
    "insert into school(school_key, revision, ploc, cost_center, name, level, region, cos, director, enrolled,"
    " classified_classroom, classified_other, certificated_admin, certificated_other, principal, landline)"
    " values (:school_key, :revision, :ploc, :cost_center, :name, :level, :region, :cos, :director, :enrolled,"
    " :classified_classroom, :classified_other, :certificated_admin, :certificated_other, :principal, :landline)"
    " on conflict (school_key) do update set revision = excluded.revision, ploc = excluded.ploc,"
    " cost_center = excluded.cost_center, name = excluded.name, level = excluded.level, region = excluded.region,"
    " cos = excluded.cos, director = excluded.director, enrolled = excluded.enrolled,"
    " classified_classroom = excluded.classified_classroom, classified_other = excluded.classified_other,"
    " certificated_admin = excluded.certificated_admin, certificated_other = excluded.certificated_other,"
    " principal = excluded.principal, landline = excluded.landline, gone = false"
    " where school.revision < excluded.revision"
)
_GONE = text("update school set gone = true where revision < :revision and not gone")
_EXPECT = text(
    "insert into expected(incident_id, school_key) select i.incident_id, s.school_key from incident i, school s"
    " where i.closed_at is null and (cast(:incident_id as uuid) is null or i.incident_id = :incident_id) and not s.gone"
    " and (i.regions = '{}' or s.region = any(i.regions)) and (i.levels = '{}' or s.level = any(i.levels))"
    " on conflict do nothing"
)


def store_directory(session: Session, event: DirectoryLoaded) -> None:
    """Keeps the newer revision of each school; a new school is expected in the open incidents that it fits.

    With the last part of the newest directory, a school that it has no more is gone: its reports stay, and no incident
    that is opened from then on expects it.
    """
    is_whole = directory_arrives(session, event)
    if is_whole is None:
        return
    rows = [{**school._asdict(), "revision": event.revision} for school in event.schools]
    if rows:
        session.execute(_SCHOOLS, rows)
    if is_whole:
        session.execute(_GONE, {"revision": event.revision})
    expect_schools(session)


def expect_schools(session: Session, incident_id: object = None) -> None:
    """Expects the schools that fit the open incidents (or one of them) and are not known there yet."""
    session.execute(_EXPECT, {"incident_id": incident_id})
