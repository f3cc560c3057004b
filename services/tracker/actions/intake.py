"""What tracker keeps of others' events: the directory, survey results, and Parents rates."""

from sqlmodel import Session, col, delete, select

from services.tracker.actions.plan import begin_plan
from services.tracker.actions.results import drop_results, take_results
from services.tracker.actions.targets import recompute
from services.tracker.rules.known import levels_of
from services.tracker.tables.plan import KindLevel, SchoolLevel
from services.tracker.tables.schools import ParentsRate, Result, School
from shared.db import fields_of, upsert
from shared.delivery.arrivals import directory_arrives
from shared.events import DirectoryLoaded, SurveyResultsLoaded, TiersComputed
from shared.names import name_key


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
            **fields_of(School, school._asdict()),
            "revision": event.revision,
            "tracker_levels": own.get(school.school_key, levels_of(school.level, kinds)),
        }
        for school in event.schools
    ]
    upsert(session, School, rows, newer="revision")
    if is_whole:
        session.execute(delete(School).where(col(School.revision) < event.revision))


def compute_targets(session: Session, event: SurveyResultsLoaded) -> None:
    """Keeps loaded survey results, the newer revision of each, and recomputes the targets of their schools."""
    begin_plan(session)
    if not event.rows and not event.removed:
        return
    load = {"upload_id": event.upload_id, "revision": event.revision}
    # Of several loads the greatest counts, in whichever order they come.
    upsert(session, Result, [fields_of(Result, {**row._asdict(), **load}) for row in event.rows], newer="revision")
    drop_results(session, event.removed, event.revision)
    recompute(session, school_keys=take_results(session, event.rows, event.revision, event.removed))


def store_rates(session: Session, event: TiersComputed) -> None:
    """Keeps each school's Parents rate at an extraction, to be offered as a result; None for one that was taken back."""
    rates = {row.school_key: row.rate for row in event.rows} | dict.fromkeys(event.removed)
    if event.group == "parents" and rates:
        shared = event.model_dump(include={"term", "extraction_date", "state", "window_closes"})
        rows = [{"school_key": key, "rate": rate, **shared} for key, rate in rates.items()]
        upsert(session, ParentsRate, rows, newer="state")
