"""Keeping the directory's schools, and who is expected in the open incidents."""

from sqlalchemy import text
from sqlmodel import Session

from shared.events import DirectoryLoaded

_SCHOOLS = text(
    "insert into school(school_key, revision, ploc, cost_centre, name, level, region, cos, director, enrolled,"
    " classified_classroom, classified_other, certificated_admin, certificated_other, principal, landline)"
    " values (:school_key, :revision, :ploc, :cost_centre, :name, :level, :region, :cos, :director, :enrolled,"
    " :classified_classroom, :classified_other, :certificated_admin, :certificated_other, :principal, :landline)"
    " on conflict (school_key) do update set revision = excluded.revision, ploc = excluded.ploc,"
    " cost_centre = excluded.cost_centre, name = excluded.name, level = excluded.level, region = excluded.region,"
    " cos = excluded.cos, director = excluded.director, enrolled = excluded.enrolled,"
    " classified_classroom = excluded.classified_classroom, classified_other = excluded.classified_other,"
    " certificated_admin = excluded.certificated_admin, certificated_other = excluded.certificated_other,"
    " principal = excluded.principal, landline = excluded.landline, gone = false"
    " where school.revision < excluded.revision"
)
_LOCK = text("select pg_advisory_xact_lock(hashtextextended('directory', 0))")
_ARRIVE = text(
    "insert into directory_arrival(id, revision, parts) values (1, :revision, array[:part]::smallint[])"
    " on conflict (id) do update set revision = excluded.revision, parts = case"
    "  when directory_arrival.revision < excluded.revision then excluded.parts"
    "  when cast(:part as smallint) = any(directory_arrival.parts) then directory_arrival.parts"
    "  else array_append(directory_arrival.parts, cast(:part as smallint)) end"
    " where directory_arrival.revision <= excluded.revision returning cardinality(parts)"
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
    session.execute(_LOCK)
    values = {"revision": event.revision, "part": event.part}
    arrived = session.execute(_ARRIVE, values).scalar_one_or_none()
    if arrived is None:
        return
    rows = [{**school._asdict(), "revision": event.revision} for school in event.schools]
    if rows:
        session.execute(_SCHOOLS, rows)
    if arrived == event.parts:
        session.execute(_GONE, values)
    expect_schools(session)


def expect_schools(session: Session, incident_id: object = None) -> None:
    """Expects the schools that fit the open incidents (or one of them) and are not known there yet."""
    session.execute(_EXPECT, {"incident_id": incident_id})
