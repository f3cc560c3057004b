"""What tracker keeps of others' events: the directory, survey results, and Parents rates."""

from sqlalchemy import text
from sqlmodel import Session, col, delete, select

from services.tracker.actions.plan import begin_plan
from services.tracker.actions.results import take_results
from services.tracker.actions.targets import recompute
from services.tracker.rules.known import levels_of
from services.tracker.tables.plan import KindLevel, SchoolLevel
from services.tracker.tables.schools import School
from shared.delivery.arrivals import directory_arrives
from shared.events import DirectoryLoaded, SurveyResultsLoaded, TiersComputed
from shared.names import name_key

# Of several loads the greatest counts, in whichever order they come: an upsert with a condition.
_RESULT = text(
    """
    insert into result(school_key, level, item, period, upload_id, revision, percent)
    values (:school_key, :level, :item, :period, :upload_id, :revision, :percent)
    on conflict (school_key, level, item, period) do update
      set upload_id = excluded.upload_id, revision = excluded.revision, percent = excluded.percent
      where result.revision < excluded.revision
    """
)
_RATE = text(
    """
    insert into parents_rate(school_key, term, extraction_date, state, window_closes, rate)
    values (:school_key, :term, :extraction_date, :state, :window_closes, :rate)
    on conflict (school_key, term, extraction_date) do update
      set state = excluded.state, window_closes = excluded.window_closes, rate = excluded.rate
      where parents_rate.state < excluded.state
    """
)
_SCHOOL = text(
    """
    insert into school(school_key, revision, ploc, cost_center, name, level, region, cos, director, tracker_levels)
    values (
      :school_key, :revision, :ploc, :cost_center, :name, :level, :region, :cos, :director, :tracker_levels
    )
    on conflict (school_key) do update
      set revision = excluded.revision, ploc = excluded.ploc, cost_center = excluded.cost_center,
        name = excluded.name, level = excluded.level, region = excluded.region, cos = excluded.cos,
        director = excluded.director, tracker_levels = excluded.tracker_levels
      where school.revision < excluded.revision
    """
)


def store_directory(session: Session, event: DirectoryLoaded) -> None:
    """Keeps a part of the newest directory; with its last part, what it no longer has is dropped."""
    begin_plan(session)
    is_whole = directory_arrives(session, event)
    if is_whole is None:
        return
    kinds = {name_key(row.kind): row.levels for row in session.exec(select(KindLevel))}
    own = {row.school_key: row.levels for row in session.exec(select(SchoolLevel))}
    rows = [
        {
            **school._asdict(),
            "revision": event.revision,
            "tracker_levels": own.get(school.school_key, levels_of(school.level, kinds)),
        }
        for school in event.schools
    ]
    if rows:
        session.execute(_SCHOOL, rows)
    if is_whole:
        session.execute(delete(School).where(col(School.revision) < event.revision))


def compute_targets(session: Session, event: SurveyResultsLoaded) -> None:
    """Keeps loaded survey results, the newer revision of each, and recomputes the targets of their schools."""
    begin_plan(session)
    if not event.rows:
        return
    load = {"upload_id": event.upload_id, "revision": event.revision}
    session.execute(_RESULT, [{**row._asdict(), **load} for row in event.rows])
    recompute(session, school_keys=take_results(session, event.rows, event.revision))


def store_rates(session: Session, event: TiersComputed) -> None:
    """Keeps each school's Parents rate at an extraction, to be offered as a result; None for one that was taken back."""
    rates = {row.school_key: row.rate for row in event.rows} | dict.fromkeys(event.removed)
    if event.group == "parents" and rates:
        shared = event.model_dump(include={"term", "extraction_date", "state", "window_closes"})
        session.execute(_RATE, [{"school_key": key, "rate": rate, **shared} for key, rate in rates.items()])
