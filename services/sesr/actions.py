"""What sesr does with what it hears."""

import orjson
from sqlalchemy import text
from sqlmodel import Session

from shared.events import DirectoryLoaded, ReportSubmitted

_SCHOOLS = text(
    "insert into school(school_key, revision, ploc, cost_centre, name, level, region, cos, director, enrolled, "
    "classified_classroom, classified_other, certificated_admin, certificated_other, principal, landline) "
    "values (:school_key, :revision, :ploc, :cost_centre, :name, :level, :region, :cos, :director, :enrolled, "
    ":classified_classroom, :classified_other, :certificated_admin, :certificated_other, :principal, "
    ":landline) on conflict (school_key) do update set revision = excluded.revision, ploc = excluded.ploc, "
    "cost_centre = excluded.cost_centre, name = excluded.name, level = excluded.level, region = "
    "excluded.region, cos = excluded.cos, director = excluded.director, enrolled = excluded.enrolled, "
    "classified_classroom = excluded.classified_classroom, classified_other = excluded.classified_other, "
    "certificated_admin = excluded.certificated_admin, certificated_other = excluded.certificated_other, "
    "principal = excluded.principal, landline = excluded.landline where school.revision < excluded.revision "
)

_RECORD = text(
    "insert into recorded(report_id, incident_id, school_key, day, sequence, counts, flags) values (:report_id,"
    " :incident_id, :school_key, :day, :sequence, cast(:counts as jsonb), cast(:flags as jsonb)) on conflict do nothing"
)


def store_directory(session: Session, event: DirectoryLoaded) -> None:
    """Keeps the directory's schools, the newer revision of each."""
    rows = [{**school._asdict(), "revision": event.revision} for school in event.schools]
    if rows:
        session.execute(_SCHOOLS, rows)


def record_report(session: Session, event: ReportSubmitted) -> None:
    """Records a report once."""
    values = event.model_dump(include={"report_id", "incident_id", "school_key", "day", "sequence"})
    told = {"counts": orjson.dumps(event.counts).decode(), "flags": orjson.dumps(event.flags).decode()}
    session.execute(_RECORD, {**values, **told})
