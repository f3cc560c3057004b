"""The worker's part: records a report once and folds what stands; any order and repetition leads to the same."""

import orjson
from sqlalchemy import text
from sqlmodel import Session

from services.sesr.rules.standing import Standing, Told, standing_of
from shared.events import ReportSubmitted

# One writer per incident: places of the feed become visible in their order, and a school's fold sees all before it.
_ONE_AT_A_TIME = text("select pg_advisory_xact_lock(hashtextextended(:incident, 1))")
_RECORD = text(
    "insert into recorded(report_id, incident_id, school_key, day, sequence, counted_at, received_at, supersedes, counts,"
    " flags) values (:report_id, :incident_id, :school_key, :day, :sequence, :counted_at, :received_at, :supersedes,"
    " cast(:counts as jsonb), cast(:flags as jsonb)) on conflict do nothing"
)
_OF_THE_DAY = text(
    "select report_id, sequence as number, counted_at, received_at, supersedes, counts, flags from recorded"
    " where (incident_id, day, school_key) = (:incident_id, :day, :school_key)"
)
_STAND = text(
    "insert into standing(incident_id, day, school_key, report_id, number, counted_at, received_at, times, counts, flags)"
    " values (:incident_id, :day, :school_key, :report_id, :number, :counted_at, :received_at, :times,"
    " cast(:counts as jsonb), cast(:flags as jsonb))"
    " on conflict (incident_id, day, school_key) do update set report_id = excluded.report_id, number = excluded.number,"
    " counted_at = excluded.counted_at, received_at = excluded.received_at, times = excluded.times,"
    " counts = excluded.counts, flags = excluded.flags"
)
_RING = text("select pg_notify('sesr_board', '')")


def record_report(session: Session, event: ReportSubmitted) -> None:
    """Records the report and folds the school's day anew; the boards hear of it when this commits."""
    session.execute(_ONE_AT_A_TIME, {"incident": str(event.incident_id)})
    names = {"report_id", "incident_id", "school_key", "day", "sequence", "counted_at", "received_at", "supersedes"}
    told = {"counts": orjson.dumps(event.counts).decode(), "flags": orjson.dumps(event.flags).decode()}
    session.execute(_RECORD, {**event.model_dump(include=names), **told})
    key = {"incident_id": event.incident_id, "day": event.day, "school_key": event.school_key}
    standing = standing_of(Told(*row) for row in session.execute(_OF_THE_DAY, key))
    if standing is not None:
        session.execute(_STAND, {**key, **_stored(standing)})
    session.execute(_RING)


def _stored(standing: Standing) -> dict[str, object]:
    counts, flags = orjson.dumps(standing.counts).decode(), orjson.dumps(standing.flags).decode()
    return {**standing._asdict(), "times": list(standing.times), "counts": counts, "flags": flags}
