"""What tracker does with the directory, the survey results and the rates it hears."""

from sqlalchemy import text
from sqlmodel import Session

from services.tracker.actions.plan import begin_plan
from services.tracker.actions.results import take_results
from services.tracker.actions.targets import compute_targets
from services.tracker.rules.known import level_of
from shared.delivery.arrivals import directory_arrives
from shared.events import DirectoryLoaded, SurveyResultsLoaded, TiersComputed

_SCHOOLS = text(
    "insert into school(school_key, revision, ploc, cost_center, name, level, region, cos, director, tracker_level)"
    " values (:school_key, :revision, :ploc, :cost_center, :name, :level, :region, :cos, :director, :tracker_level)"
    " on conflict (school_key) do update set revision = excluded.revision, ploc = excluded.ploc, cost_center = "
    "excluded.cost_center, name = excluded.name, level = excluded.level, region = excluded.region, cos = "
    "excluded.cos, director = excluded.director, tracker_level = excluded.tracker_level"
    " where school.revision < excluded.revision"
)
_GONE = text("delete from school where revision < :revision")
_RESULT = text(
    "insert into result(school_key, level, item, period, upload_id, revision, percent)"
    " values (:school_key, :level, :item, :period, :upload_id, :revision, :percent)"
    " on conflict (school_key, level, item, period) do update set upload_id = excluded.upload_id,"
    " revision = excluded.revision, percent = excluded.percent where result.revision < excluded.revision"
)
_RATE = text(
    'insert into final_rate(school_key, term, "on", state, rate) values (:school_key, :term, :on, :state, :rate)'
    ' on conflict (school_key, term, "on") do update set state = excluded.state, rate = excluded.rate'
    " where final_rate.state < excluded.state"
)


def store_directory(session: Session, event: DirectoryLoaded) -> None:
    """Keeps a part of the newest directory; with its last part, what it no longer has is dropped."""
    begin_plan(session)
    is_whole = directory_arrives(session, event)
    if is_whole is None:
        return
    rows = [
        {**school._asdict(), "revision": event.revision, "tracker_level": level_of(school.level)}
        for school in event.schools
    ]
    if rows:
        session.execute(_SCHOOLS, rows)
    if is_whole:
        session.execute(_GONE, {"revision": event.revision})


def store_results(session: Session, event: SurveyResultsLoaded) -> None:
    """Keeps loaded survey results, the newer revision of each, and recomputes the targets of their schools."""
    begin_plan(session)
    values = {"upload_id": event.upload_id, "revision": event.revision}
    if not event.rows:
        return
    session.execute(_RESULT, [{**row._asdict(), **values} for row in event.rows])
    school_keys = take_results(session, event.rows, event.revision)
    compute_targets(session, school_keys=school_keys)


def store_rates(session: Session, event: TiersComputed) -> None:
    """Keeps each school's Parents rate at an extraction, to be offered as a result; None for one that was taken back."""
    told = {row.school_key: row.rate for row in event.rows} | dict.fromkeys(event.removed)
    if event.group == "parents" and told:
        values = {"term": event.term, "on": event.extraction_date, "state": event.state}
        session.execute(_RATE, [{"school_key": key, "rate": rate, **values} for key, rate in told.items()])
