"""Storing the tiers of an extraction and telling them."""

from typing import LiteralString

from sqlalchemy import text
from sqlmodel import Session

from services.rates.actions.rows import store_rows
from services.rates.actions.standings import compute_standings, lock_group
from shared.db import raw
from shared.delivery.outbox import publish
from shared.events import ROWS_PER_PART, ExtractionLoaded, TiersComputed

# A row that an undo takes back may still be on its way: what it leaves here keeps the older revision out.
_REMOVE = text(
    'insert into rate(term, "on", "group", school_key, revision, upload_id, removed, ploc, school, school_sort, region,'
    "  cos, director, director_key, level, file_tier, file_rate)"
    " select :term, :on, :group, unnest(cast(:removed as text[])), :revision, :upload_id, true, '', '', '', '', '', '', '', '', '', ''"
    ' on conflict (term, "on", "group", school_key) do update set removed = true, revision = excluded.revision,'
    " upload_id = excluded.upload_id where rate.revision < excluded.revision"
)
_ARRIVE = text(
    'insert into arrival(upload_id, "group", parts, "of", changed)'
    " values (:upload_id, :group, array[:part]::smallint[], :parts, :changed)"
    ' on conflict (upload_id, "group") do update set parts = array_append(arrival.parts, cast(:part as smallint)),'
    " changed = arrival.changed + :changed where not (cast(:part as smallint) = any(arrival.parts))"
    ' returning cardinality(parts) = "of", changed'
)
_EXTRACTION = text(
    'insert into extraction(term, "on", "group", revision, upload_id, window_opens, window_closes, schools)'
    " values (:term, :on, :group, :revision, :upload_id, :window_opens, :window_closes,"
    '  (select count(*) from rate where term = :term and "on" = :on and "group" = :group and not removed))'
    ' on conflict (term, "on", "group") do update set revision = greatest(extraction.revision, excluded.revision),'
    " upload_id = case when excluded.revision >= extraction.revision then excluded.upload_id else extraction.upload_id"
    " end, window_opens = excluded.window_opens, window_closes = excluded.window_closes, schools = excluded.schools,"
    " state = extraction.state + 1, computed_at = now() returning state"
)
_COMPUTED: LiteralString = (
    "select school_key, ploc, school, region, cos, director, total, submitted, tier, needed, rate from rate"
    ' where term = %(term)s and "on" = %(on)s and "group" = %(group)s and not removed order by school_key'
)
_REMOVED = text(
    'select school_key from rate where term = :term and "on" = :on and "group" = :group and removed order by school_key'
)
_EXPECTED = text('select count(distinct school_key) from rate where term = :term and "group" = :group and not removed')


def store_tiers(session: Session, event: ExtractionLoaded) -> None:
    """Stores a part's rows with their tiers; once all parts of the group are there, tells the group's tiers."""
    names = {"term", "group", "revision", "upload_id", "part", "parts"}
    values = {**event.model_dump(include=names), "on": event.extraction_date}
    lock_group(session, event.term, event.group)
    changed = store_rows(session, event.rows, values)
    if event.removed:
        session.execute(_REMOVE, {**values, "removed": event.removed})
        changed += len(event.removed)
    arrived = session.execute(_ARRIVE, {**values, "changed": changed}).one_or_none()
    if arrived is not None and arrived[0]:
        window = {"window_opens": event.window_opens, "window_closes": event.window_closes}
        state = session.execute(_EXTRACTION, {**values, **window}).scalar_one()
        if arrived.changed or state == 1:
            compute_standings(session, event.term, event.group, event.extraction_date)
        _tell(session, event, state, arrived.changed)


def _tell(session: Session, event: ExtractionLoaded, state: int, changed: int) -> None:
    values = {**event.model_dump(include={"term", "group"}), "on": event.extraction_date}
    rows = raw(session).execute(_COMPUTED, values).fetchall()
    removed = list(session.execute(_REMOVED, values).scalars())
    expected = session.execute(_EXPECTED, values).scalar_one()
    told = event.model_dump(
        include={
            "upload_id",
            "term",
            "extraction_date",
            "revision",
            "groups",
            "group",
            "thin",
            "is_undo",
            "window_closes",
        }
    )
    cuts = [rows[at : at + ROWS_PER_PART] for at in range(0, len(rows), ROWS_PER_PART)] or [[]]
    for part, cut in enumerate(cuts, 1):
        taken = removed if part == 1 else []
        publish(
            session,
            TiersComputed.model_construct(
                **told,
                state=state,
                part=part,
                parts=len(cuts),
                changed=changed,
                expected=expected,
                rows=cut,
                removed=taken,
            ),
        )
