"""Loads of LCAP tables: rows are kept, read once all parts are here, and take the place of others only when seen."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col, delete, select

from services.tracker.actions.lcap.checks import keep_values
from services.tracker.queries.lcap.versions import STANDING, UNREADABLE, WAITING, comparison, standing
from services.tracker.rules.lcap.actions import Action, Reading, read_actions
from services.tracker.rules.lcap.explanations import mark_split
from services.tracker.rules.lcap.forms import MEASURES
from services.tracker.rules.lcap.known import GOAL_YEARS, GOALS, MOVES
from services.tracker.rules.lcap.measures import Measure, MeasuresReading, read_measures
from services.tracker.tables.lcap import (
    LcapAction,
    LcapCarryover,
    LcapGoal,
    LcapLoad,
    LcapMeasure,
    LcapMove,
    LcapRow,
    LcapValue,
    LcapVersion,
)
from shared.db import upsert
from shared.events import LcapLoaded

REPLACED = "replaced"
# Versions that neither stand nor wait and can still be looked at, for one table of one plan year.
KEPT_VERSIONS = 10
MOST_TEXT = 500
_ONE_AT_A_TIME = text("select pg_advisory_xact_lock(hashtextextended('lcap ' || :table_name, 0))")
_ARRIVE = text(
    """
    insert into lcap_load(upload_id, table_name, revision, file_name, parts, part_count)
    values (:upload_id, :table_name, :revision, :file_name, array[cast(:part as smallint)], :part_count)
    on conflict (upload_id) do update set parts = lcap_load.parts || excluded.parts
      where not lcap_load.parts @> excluded.parts
    """
)


def store_lcap(session: Session, event: LcapLoaded) -> None:
    """Keeps a part's rows; with the last part the table is read, and counts at once where it only adds rows.

    One that changes rows, or lacks some that stand, or of which no plan year is known, waits for a person.
    """
    begin_lcap(session)
    session.execute(_ONE_AT_A_TIME, {"table_name": event.table})
    rows = [
        {"upload_id": event.upload_id, "part": event.part, "number": number, "content": row}
        for number, row in enumerate(event.rows)
    ]
    if rows:
        session.execute(insert(LcapRow).on_conflict_do_nothing(), rows)
    arrived = event.model_dump(include={"upload_id", "revision", "part", "file_name"})
    session.execute(_ARRIVE, {**arrived, "table_name": event.table, "part_count": event.parts})
    load = session.get(LcapLoad, event.upload_id, populate_existing=True)
    if load is not None and load.read_at is None and len(load.parts) == load.part_count:
        _read_load(session, load)


def begin_lcap(session: Session) -> None:
    """Fills in what is known of the district's first years; what people have changed since stays."""
    if session.exec(select(LcapGoal.goal).limit(1)).first() is not None:
        return
    goals = [{"plan_year": year, "goal": goal, "name": name} for year in GOAL_YEARS for goal, name in GOALS.items()]
    session.execute(insert(LcapGoal).on_conflict_do_nothing(), goals)
    moves = [
        {
            "plan_year": move.year, "goal": move.goal, "action": move.action,
            "goal_now": move.now and move.now[0], "action_now": move.now and move.now[1], "set_by": "",
        }
        for move in MOVES
    ]  # fmt: skip
    session.execute(insert(LcapMove).on_conflict_do_nothing(), moves)


def readings_of(session: Session, load: LcapLoad, year: str = "") -> Sequence[Reading | MeasuresReading]:
    """What the rows of a load give; `year` is a person's word for tables whose headings name none."""
    found = session.exec(
        select(LcapRow.content)
        .where(LcapRow.upload_id == load.upload_id)
        .order_by(col(LcapRow.part), col(LcapRow.number))
    ).all()
    rows = [dict(row) for row in found]
    return read_actions(rows) if load.table_name == "actions" else read_measures(rows, year)


def _read_load(session: Session, load: LcapLoad) -> None:
    load.read_at = datetime.now(UTC)
    session.add(load)
    nothing = Reading("district", "", (), ()) if load.table_name == "actions" else MeasuresReading("", (), ())
    for reading in readings_of(session, load) or [nothing]:
        _begin_version(session, load, reading)


def _begin_version(session: Session, load: LcapLoad, reading: Reading | MeasuresReading) -> None:
    found = LcapVersion(
        table_name=load.table_name,
        form=form_of(reading),
        plan_year=reading.year,
        upload_id=load.upload_id,
        revision=load.revision,
        file_name=load.file_name,
        state=WAITING if reading.kept else UNREADABLE,
        kept=reading.kept,
        unread=[{"line": line, "text": shown[:MOST_TEXT], "reason": why} for line, shown, why in reading.unread],
        warnings=list(reading.warnings),
    )
    session.add(found)
    session.flush()
    keep_reading(session, found, reading)
    if found.state == WAITING and found.plan_year and not found.warnings:
        _settle(session, found)


def _settle(session: Session, found: LcapVersion) -> None:
    """A version that only adds rows counts at once; an older load than the one that stands is history."""
    before = standing(session, found.table_name, found.form, found.plan_year)
    if before is not None and before.revision > found.revision:
        found.state = REPLACED
    elif comparison(session, found).only_adds:
        stand(session, found, before)
    session.add(found)
    session.flush()


def stand(session: Session, found: LcapVersion, before: LcapVersion | None) -> None:
    """Makes a version count, in place of the one that stood; other waiting ones of its table wait no more."""
    if before is not None and before.version_id != found.version_id:
        before.state, found.replaces = REPLACED, before.version_id
        session.add(before)
        session.flush()
    for other in session.exec(
        select(LcapVersion).where(
            LcapVersion.table_name == found.table_name,
            LcapVersion.form == found.form,
            LcapVersion.plan_year == found.plan_year,
            LcapVersion.state == WAITING,
            LcapVersion.revision < found.revision,
        )
    ):
        other.state = REPLACED
        session.add(other)
    found.state = STANDING
    session.add(found)
    session.flush()
    _name_goals(session, found)
    _forget_old(session, found)


def _name_goals(session: Session, found: LcapVersion) -> None:
    """Goals' names as the measures of a year print them."""
    rows = select(LcapMeasure.goal, LcapMeasure.goal_name).where(LcapMeasure.version_id == found.version_id)
    names = {goal: name for goal, name in session.exec(rows) if name}
    named = [{"plan_year": found.plan_year, "goal": goal, "name": name} for goal, name in names.items()]
    upsert(session, LcapGoal, named)


def _forget_old(session: Session, found: LcapVersion) -> None:
    older = (
        select(LcapVersion.version_id)
        .where(
            LcapVersion.table_name == found.table_name,
            LcapVersion.form == found.form,
            LcapVersion.plan_year == found.plan_year,
            col(LcapVersion.state).not_in([STANDING, WAITING]),
        )
        .order_by(col(LcapVersion.version_id).desc())
        .offset(KEPT_VERSIONS)
    )
    for version_id in session.exec(older).all():
        session.execute(delete(LcapValue).where(col(LcapValue.version_id) == version_id))
        session.execute(delete(LcapVersion).where(col(LcapVersion.version_id) == version_id))
    kept = select(LcapVersion.upload_id)
    read = select(LcapLoad.upload_id).where(col(LcapLoad.read_at).is_not(None))
    session.execute(delete(LcapRow).where(col(LcapRow.upload_id).in_(read), col(LcapRow.upload_id).not_in(kept)))


def form_of(reading: Reading | MeasuresReading) -> str:
    return reading.form if isinstance(reading, Reading) else MEASURES


def keep_reading(session: Session, found: LcapVersion, reading: Reading | MeasuresReading) -> None:
    """Stores what was read as the version's rows, in place of what it had."""
    assert found.version_id is not None
    for table in (LcapAction, LcapCarryover, LcapMeasure, LcapValue):
        session.execute(delete(table).where(col(table.version_id) == found.version_id))
    if isinstance(reading, MeasuresReading):
        _keep_measures(session, found.version_id, reading.measures)
        return
    if reading.carryover is not None:
        amounts, damage = dict(reading.carryover), list(reading.damage)
        session.add(LcapCarryover(version_id=found.version_id, amounts=amounts, damage=damage))
    session.add_all(_action_row(found.version_id, action) for action in mark_split(reading.actions))
    session.flush()


def _keep_measures(session: Session, version_id: int, measures: Sequence[Measure]) -> None:
    seen: dict[str, int] = {}
    for number, measure in enumerate(measures, 1):
        again = seen[measure.fingerprint] = seen.get(measure.fingerprint, 0) + 1
        key = measure.fingerprint if again == 1 else f"{measure.fingerprint}-{again}"
        session.add(_measure_row(version_id, number, key, measure))
        session.flush()
        keep_values(session, (version_id, number), key, measure.growth.values, measure.year)


def _action_row(version_id: int, action: Action) -> LcapAction:
    columns: dict[str, Any] = {**asdict(action), "damage": list(action.damage)}
    return LcapAction(version_id=version_id, **columns)


def _measure_row(version_id: int, number: int, key: str, measure: Measure) -> LcapMeasure:
    survey = measure.survey
    return LcapMeasure(
        version_id=version_id,
        number=number,
        key=key,
        line=measure.line,
        goal=measure.goal,
        goal_name=measure.goal_name,
        action=measure.action,
        action_title=measure.action_title,
        measure=measure.measure,
        growth=measure.text,
        status=measure.status,
        pending=measure.growth.pending,
        polarity=measure.polarity,
        survey_kind=survey.kind,
        survey_item=survey.item,
        respondents=survey.respondents,
        survey_level=survey.level,
        survey_subgroup=survey.subgroup,
        doubts=list(measure.growth.doubts),
        damage=list(measure.damage),
    )
