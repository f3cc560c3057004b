"""What tracker does with the LCAP tables it hears: keep the rows, and read a table once all its parts are there."""

from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlmodel import Session

from services.tracker.actions.lcap_checks import keep_values
from services.tracker.rules.lcap_actions import Action, read_actions
from services.tracker.rules.lcap_explanations import mark_split
from services.tracker.rules.lcap_measures import Measure, read_measures
from services.tracker.tables.lcap import LcapAction, LcapMeasure
from shared.events import LcapLoaded

_ONE_AT_A_TIME = text("select pg_advisory_xact_lock(hashtextextended('lcap ' || :table, 0))")
_ROW = text(
    'insert into lcap_row("table", upload_id, part, number, "row")'
    " values (:table, :upload_id, :part, :number, cast(:row as jsonb)) on conflict do nothing"
)
_ARRIVE = text(
    'insert into lcap_load("table", upload_id, revision, parts, "of")'
    " values (:table, :upload_id, :revision, array[cast(:part as smallint)], :parts)"
    ' on conflict ("table", upload_id) do update set parts = lcap_load.parts || excluded.parts'
    " where not lcap_load.parts @> excluded.parts"
)
_COMPLETE = text(
    'select cardinality(parts) = "of" and read_at is null and not exists (select 1 from lcap_load newer where'
    ' newer."table" = :table and newer.revision > :revision and newer.kept > 0)'
    ' from lcap_load where "table" = :table and upload_id = :upload_id'
)
_ROWS = text('select "row" from lcap_row where "table" = :table and upload_id = :upload_id order by part, number')
_OTHERS = text('delete from lcap_row where "table" = :table and upload_id <> :upload_id and exists (select 1 from'
               ' lcap_load l where l."table" = :table and l.upload_id = lcap_row.upload_id and l.read_at is not null)')  # fmt: skip
_READ = text(
    "update lcap_load set read_at = now(), kept = :kept, unread = cast(:unread as jsonb)"
    ' where "table" = :table and upload_id = :upload_id'
)
_NO_ACTIONS = text("delete from lcap_action")
_NO_VALUES = text("delete from lcap_value")
_NO_MEASURES = text("delete from lcap_measure")


def store_lcap(session: Session, event: LcapLoaded) -> None:
    """Keeps a part's rows; with the last part, the newest load replaces the whole table.

    A load of which no row could be read replaces nothing: it is noted, and the pages tell of it.
    """
    values = event.model_dump(include={"table", "upload_id", "revision", "part", "parts"})
    session.execute(_ONE_AT_A_TIME, {"table": event.table})
    rows = [{**values, "number": number, "row": orjson.dumps(row).decode()} for number, row in enumerate(event.rows)]
    if rows:
        session.execute(_ROW, rows)
    session.execute(_ARRIVE, values)
    if session.execute(_COMPLETE, values).scalar_one():
        _read(session, event.table, event.upload_id)


def _read(session: Session, table: str, upload_id: UUID) -> None:
    where = {"table": table, "upload_id": upload_id}
    rows = list(session.execute(_ROWS, where).scalars())
    kept, unread = _keep_actions(session, rows) if table == "actions" else _keep_measures(session, rows)
    told = [{"line": line, "text": shown[:500], "reason": reason} for line, shown, reason in unread]
    session.execute(_READ, {**where, "kept": kept, "unread": orjson.dumps(told).decode()})
    if kept:
        session.execute(_OTHERS, where)


def _keep_actions(session: Session, rows: list[dict[str, Any]]) -> tuple[int, tuple[tuple[int, str, str], ...]]:
    reading = read_actions(rows)
    if reading.actions:
        session.execute(_NO_ACTIONS)
        session.add_all(_action_row(action) for action in mark_split(reading.actions))
        session.flush()
    return len(reading.actions), reading.unread


def _keep_measures(session: Session, rows: list[dict[str, Any]]) -> tuple[int, tuple[tuple[int, str, str], ...]]:
    reading = read_measures(rows)
    if reading.measures:
        session.execute(_NO_VALUES)
        session.execute(_NO_MEASURES)
    seen: dict[str, int] = {}
    for number, measure in enumerate(reading.measures, 1):
        again = seen[measure.fingerprint] = seen.get(measure.fingerprint, 0) + 1
        key = measure.fingerprint if again == 1 else f"{measure.fingerprint}-{again}"
        session.add(_measure_row(number, key, measure))
        session.flush()
        keep_values(session, number, key, measure.growth.values)
    return len(reading.measures), reading.unread


def _action_row(action: Action) -> LcapAction:
    return LcapAction(
        goal=action.goal,
        action=action.action,
        line=action.line,
        title=action.title,
        pages=action.pages,
        description=action.description,
        contributing=action.contributing,
        fund=action.fund,
        change=action.change,
        planned_2024_25=action.planned_2024_25,
        planned_2023_24=action.planned_2023_24,
        est_actual_2023_24=action.est_actual_2023_24,
        explanation=action.explanation,
        damage=list(action.damage),
    )


def _measure_row(number: int, key: str, measure: Measure) -> LcapMeasure:
    survey = measure.survey
    return LcapMeasure(
        number=number,
        key=key,
        line=measure.line,
        goal=measure.goal,
        goal_name=measure.goal_name,
        action=measure.action,
        action_title=measure.action_title,
        measure=measure.measure,
        text=measure.text,
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
