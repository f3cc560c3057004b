"""Keeping what rates and ingest tell: tiers per extraction, and the directors with their spellings."""

from sqlalchemy import text
from sqlmodel import Session

from services.notify.actions.following import follow
from shared.db import raw
from shared.delivery.arrivals import directory_arrives
from shared.events import DirectoryLoaded, TierRow, TiersComputed

_FIELDS = ", ".join(TierRow._fields)
_INCOMING = (
    "create temp table incoming (school_key text, ploc text, school text, region text, cos text, director text,"
    " total int, submitted int, tier smallint, needed int, rate numeric(16,4)) on commit drop"
)
_LOCK = text("select pg_advisory_xact_lock(hashtextextended(:lock, 2))")
_MERGE = text(
    'merge into tier_state t using incoming n on t.term = :term and t."on" = :on and t."group" = :group'
    " and t.school_key = n.school_key"
    " when matched and t.state < :state then update set state = :state, ploc = n.ploc, school = n.school,"
    "  region = n.region, cos = n.cos, director = n.director, total = n.total, submitted = n.submitted,"
    "  tier = n.tier, needed = n.needed, rate = n.rate, removed = false"
    f' when not matched then insert (term, "on", "group", state, {_FIELDS}, removed)'
    f"  values (:term, :on, :group, :state, {_FIELDS}, false)"
)
# What was taken back may still be on its way in an older state: what is left here keeps that out.
_REMOVE = text(
    'insert into tier_state(term, "on", "group", school_key, state, removed, ploc, school, region, cos, director)'
    " select :term, :on, :group, unnest(cast(:removed as text[])), :state, true, '', '', '', '', ''"
    ' on conflict (term, "on", "group", school_key) do update set removed = true, state = excluded.state'
    " where tier_state.state < excluded.state"
)
_ARRIVE = text(
    'insert into arrival(upload_id, "group", parts, "of", groups)'
    " values (:upload_id, :group, array[:part]::smallint[], :parts, :groups)"
    ' on conflict (upload_id, "group") do update set parts = array_append(arrival.parts, cast(:part as smallint))'
    " where not (cast(:part as smallint) = any(arrival.parts))"
)
_COMPLETE = text('select count(*) from arrival where upload_id = :upload_id and cardinality(parts) = "of"')
_UPLOAD = text(
    'insert into upload(upload_id, term, "on", revision, groups, thin, is_undo, window_closes)'
    " values (:upload_id, :term, :on, :revision, :groups, :thin, :is_undo, :window_closes) on conflict do nothing"
)
_DIRECTOR = text(
    "insert into director(person_id, revision, since, name, email, aliases)"
    " values (:person_id, :revision, :revision, :name, :email, :aliases)"
    " on conflict (person_id) do update set revision = excluded.revision, name = excluded.name, email = excluded.email,"
    " aliases = excluded.aliases where director.revision < excluded.revision"
)
# Who takes a matched spelling out of the directory takes the match back.
_UNMATCH = text(
    "delete from alias_match m using director d where d.person_id = :person_id and m.person_id = d.person_id"
    " and d.revision < :revision and m.alias = any(d.aliases) and not (m.alias = any(cast(:aliases as text[])))"
)
_GONE = text("delete from director where revision < :revision")


def keep_tiers(session: Session, event: TiersComputed) -> bool:
    """Keeps the tiers of a part; True once every part of every group of the upload is here."""
    names = {"term", "group", "state", "upload_id", "part", "parts"}
    values = {**event.model_dump(include=names), "on": event.extraction_date}
    session.execute(_LOCK, {"lock": f"{event.term}/{event.extraction_date}"})
    session.execute(text(_INCOMING))
    with raw(session).cursor().copy(f"copy incoming ({_FIELDS}) from stdin") as copy:
        for row in event.rows:
            copy.write_row(row)
    session.execute(_MERGE, values)
    session.execute(text("drop table incoming"))
    if event.removed:
        session.execute(_REMOVE, {**values, "removed": event.removed})
    told = event.model_dump(include={"revision", "thin", "is_undo", "window_closes"})
    session.execute(_UPLOAD, {**values, **told, "groups": list(event.groups)})
    session.execute(_ARRIVE, {**values, "groups": list(event.groups)})
    complete: int = session.execute(_COMPLETE, values).scalar_one()
    return complete == len(event.groups)


def keep_directory(session: Session, event: DirectoryLoaded) -> bool:
    """Keeps a part of the newest directory; True once all parts are here, and whom it no longer has is dropped.

    Who comes under another address is followed first. An older directory changes nothing.
    """
    is_whole = directory_arrives(session, event)
    if is_whole is None:
        return False
    rows = [
        {**person._asdict(), "revision": event.revision, "aliases": [person.name, *person.aliases]}
        for person in event.people
        if person.role == "director"
    ]
    if rows:
        session.execute(_UNMATCH, rows)
        session.execute(_DIRECTOR, rows)
    if not is_whole:
        return False
    follow(session, event.revision)
    session.execute(_GONE, {"revision": event.revision})
    return True
