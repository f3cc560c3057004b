"""Keeping what rates and ingest publish: tiers per extraction, the days off, and the directors with their spellings."""

from typing import Any

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col, delete

from services.notify.actions import planning, replies, routing
from services.notify.actions.following import follow
from services.notify.tables.facts import Director, SchoolCalendar, TierState, Upload
from shared.db import raw, upsert
from shared.delivery.arrivals import directory_arrives
from shared.events import CalendarChanged, DirectoryLoaded, DirectoryPerson, TierRow, TiersComputed

_FIELDS = ", ".join(TierRow._fields)
_INCOMING = text(
    """
    create temp table incoming (
      school_key text, ploc text, school text, region text, cos text, director text,
      total int, submitted int, tier smallint, needed int, rate numeric(16, 4),
      final_low int, final_likely int, final_high int, outlook text, needed_per_day numeric(16, 4)
    ) on commit drop
    """
)
_DROP_INCOMING = text("drop table incoming")
_LOCK = text("select pg_advisory_xact_lock(hashtextextended(:lock, 2))")
_MERGE = text(
    f"""
    merge into tier_state t using incoming n
      on t.term = :term and t.extraction_date = :extraction_date and t.respondent_group = :group
      and t.school_key = n.school_key
    when matched and t.state < :state then update set
      state = :state, ploc = n.ploc, school = n.school, region = n.region, cos = n.cos, director = n.director,
      total = n.total, submitted = n.submitted, tier = n.tier, needed = n.needed, rate = n.rate,
      final_low = n.final_low, final_likely = n.final_likely, final_high = n.final_high, outlook = n.outlook,
      needed_per_day = n.needed_per_day, removed = false
    when not matched then insert (term, extraction_date, respondent_group, state, {_FIELDS}, removed)
      values (:term, :extraction_date, :group, :state, {_FIELDS}, false)
    """
)
# Two parts of one group arrive at the same moment: the row itself puts them in turn. A newer publication of the group
# under the same upload (a person published it when something was lacking) begins again, an older one changes nothing.
_ARRIVE = text(
    """
    insert into arrival(upload_id, respondent_group, state, parts, part_count, groups, is_whole)
    values (:upload_id, :group, :state, array[:part]::smallint[], :parts, :groups, :is_whole)
    on conflict (upload_id, respondent_group) do update set
      parts = case when arrival.state < excluded.state then excluded.parts else arrival.parts || excluded.parts end,
      part_count = excluded.part_count, is_whole = excluded.is_whole, state = excluded.state
      where arrival.state < excluded.state
        or (arrival.state = excluded.state and not (cast(:part as smallint) = any(arrival.parts)))
    """
)
# What was planned before all of it was here is planned again with what came.
_REOPEN = text(
    """
    update upload u set groups = :groups, outcome = case when u.outcome is null then null else 'late' end
    where u.upload_id = :upload_id and u.groups <@ cast(:groups as text[]) and (
      cardinality(u.groups) < cardinality(cast(:groups as text[])) or exists (
        select 1 from arrival a where a.upload_id = u.upload_id and a.respondent_group = :group
          and a.state < :state and not a.is_whole))
    """
)
_COMPLETE = text("select count(*) from arrival where upload_id = :upload_id and cardinality(parts) = part_count")
# Who takes a matched spelling out of the directory takes the match back.
_UNMATCH = text(
    """
    delete from alias_match m using director d
    where d.person_id = :person_id and m.person_id = d.person_id and d.revision < :revision
      and m.alias = any(d.aliases) and not (m.alias = any(cast(:aliases as text[])))
    """
)


def plan_digests(session: Session, event: TiersComputed) -> None:
    """Keeps the tiers of a part, and plans the extraction once every part of every group of the upload is here."""
    if keep_tiers(session, event):
        planning.plan_extraction(session, event.term, event.extraction_date)


def store_directory(session: Session, event: DirectoryLoaded) -> None:
    """Keeps a part of the directory, and once it is whole plans again for everybody who has a route by it."""
    if keep_directory(session, event):
        routing.route_waiting(session)


def store_calendar(session: Session, event: CalendarChanged) -> None:
    """Keeps the days off of the newest calendar: on them nobody is reminded, and the hours of sending go by them."""
    days = [off.day for off in event.days_off]
    upsert(session, SchoolCalendar, [{"id": 1, "revision": event.revision, "days_off": days}], newer="revision")


def keep_tiers(session: Session, event: TiersComputed) -> bool:
    """Keeps the tiers of a part; True once every part of every group of the upload is here."""
    values = event.model_dump(
        include={"term", "extraction_date", "group", "state", "upload_id", "part", "parts", "is_whole"}
    )
    session.execute(_LOCK, {"lock": f"{event.term}/{event.extraction_date}"})
    session.execute(_INCOMING)
    with raw(session).cursor().copy(f"copy incoming ({_FIELDS}) from stdin") as copy:
        for row in event.rows:
            copy.write_row(row)
    session.execute(_MERGE, values)
    session.execute(_DROP_INCOMING)
    if event.removed:
        _remove(session, event)
    _keep_upload(session, event)
    session.execute(_REOPEN, {**values, "groups": list(event.groups)})
    session.execute(_ARRIVE, {**values, "groups": list(event.groups)})
    complete: int = session.execute(_COMPLETE, values).scalar_one()
    return complete == len(event.groups)


def _remove(session: Session, event: TiersComputed) -> None:
    """Marks what was taken back. An older state of it may still be under way: the row that is left keeps that out."""
    empty = dict.fromkeys(("ploc", "school", "region", "cos", "director"), "")
    place = {"term": event.term, "extraction_date": event.extraction_date, "respondent_group": event.group}
    rows = [{**place, **empty, "school_key": key, "state": event.state, "removed": True} for key in event.removed]
    upsert(session, TierState, rows, newer="state", once=empty)


def _keep_upload(session: Session, event: TiersComputed) -> None:
    named = event.model_dump(
        include={"upload_id", "term", "extraction_date", "revision", "thin", "hold_mails", "is_undo", "window_closes"}
    )
    session.execute(insert(Upload).values({**named, "groups": list(event.groups)}).on_conflict_do_nothing())


def keep_directory(session: Session, event: DirectoryLoaded) -> bool:
    """Keeps a part of the newest directory; True once all parts are here, and whom it no longer has is dropped.

    Who comes under another address is followed first. An older directory changes nothing.
    """
    is_whole = directory_arrives(session, event)
    if is_whole is None:
        return False
    replies.keep_reporters(session, event, is_whole=is_whole)
    rows = [_director(person, event.revision) for person in event.people if person.role == "director"]
    if rows:
        session.execute(_UNMATCH, rows)
        upsert(session, Director, rows, newer="revision", once={"since"})
    if not is_whole:
        return False
    follow(session, event.revision)
    session.exec(delete(Director).where(col(Director.revision) < event.revision))
    return True


def _director(person: DirectoryPerson, revision: int) -> dict[str, Any]:
    return {
        "person_id": person.person_id,
        "revision": revision,
        "since": revision,
        "name": person.name,
        "email": person.email,
        "aliases": [person.name, *person.aliases],
    }
