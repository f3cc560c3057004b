"""Storing the tiers of an extraction as its parts arrive, and publishing them once everything that is named is there."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import LiteralString

from sqlalchemy import func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col

from services.rates.actions.histories import Fit, compute_histories, lock_group
from services.rates.actions.rows import RevisionKey, store_rows
from services.rates.queries.arrivals import (
    groups_to_show,
    has_news,
    lacking_of,
    newest_upload,
    removed_schools,
    unpublished,
    waiting_extractions,
)
from services.rates.rules.arrivals import WAIT, MissingParts, concerns, may_publish_by_hand
from services.rates.tables import Arrival, Extraction, Rate, Upload
from shared.access import audit
from shared.db import raw
from shared.delivery.outbox import publish
from shared.errors import Conflict
from shared.events import ROWS_PER_PART, ExtractionLoaded, Group, TiersComputed

_PUBLISHED = {"upload_id", "term", "extraction_date", "revision", "thin", "hold_mails", "is_undo", "window_closes"}
_ONE_AT_A_TIME = text("select pg_advisory_xact_lock(hashtextextended(:lock, 3))")
# Text: what an undo takes back may still be on its way, so a row is left that keeps the older revision out.
_REMOVE = text(
    """
    insert into rate (
        term, extraction_date, respondent_group, school_key, revision, upload_id, removed, ploc, school, school_sort,
        region, cos, cos_sort, director, director_key, level, file_tier, file_rate
    )
    select
        :term, :extraction_date, :respondent_group, unnest(cast(:removed as text[])), :revision, :upload_id, true,
        '', '', '', '', '', '', '', '', '', '', ''
    on conflict (term, extraction_date, respondent_group, school_key) do update
        set removed = true, revision = excluded.revision, upload_id = excluded.upload_id
        where rate.revision < excluded.revision
    """
)
# Text: the driver's own rows, as many as a national file has, go into the event as they are.
_COMPUTED: LiteralString = """
    select
        school_key, ploc, school, region, cos, director, total, submitted, tier, needed, rate, final_low, final_likely,
        final_high, outlook, needed_per_day
    from school_history
    where term = %(term)s and extraction_date = %(extraction_date)s and respondent_group = %(respondent_group)s
        and present
    order by school_key
"""


def compute_tiers(session: Session, event: ExtractionLoaded, fit: Fit | None = None) -> None:
    """Stores a part's rows with their tiers; publishes the extraction once all that is named of it has arrived."""
    lock_group(session, event.term, event.group)
    key = RevisionKey(event.term, event.extraction_date, event.group, event.revision, event.upload_id)
    store_rows(session, event.rows, key)
    if event.removed:
        session.execute(_REMOVE, {**key._asdict(), "removed": event.removed})
    lock_extraction(session, event.term, event.extraction_date)
    if _note_arrival(session, event):
        waits_for = lacking_of(session, event.term, event.extraction_date)
        show_groups(session, event.term, event.extraction_date, waits_for, fit)
        if not waits_for:
            publish_tiers(session, event.term, event.extraction_date)


def lock_extraction(session: Session, term: str, day: date) -> None:
    """Until the transaction ends, nobody else notes an arrival of this extraction or publishes it.

    Taken after a group's lock and before those of histories, so that nobody waits in a circle; of two last parts that
    come at the same moment the second sees the first.
    """
    session.execute(_ONE_AT_A_TIME, {"lock": f"{term}/{day}"})


def _note_arrival(session: Session, event: ExtractionLoaded) -> bool:
    """Notes the part; False where it was there already."""
    names = {
        "upload_id", "term", "extraction_date", "revision", "follows_revision", "thin", "hold_mails", "is_undo",
        "window_opens", "window_closes",
    }  # fmt: skip
    upload = {**event.model_dump(include=names), "groups": list(event.groups)}
    session.execute(insert(Upload).values(upload).on_conflict_do_nothing())
    arrival = session.get(Arrival, (event.upload_id, event.group)) or Arrival(
        upload_id=event.upload_id, respondent_group=event.group, parts=[], part_count=event.parts
    )
    if event.part in arrival.parts:
        return False
    arrival.parts, arrival.is_shown, arrival.is_published = [*arrival.parts, event.part], False, False
    session.add(arrival)
    session.flush()
    return True


def show_groups(
    session: Session, term: str, day: date, waits_for: Sequence[MissingParts], fit: Fit | None, *, by_hand: bool = False
) -> None:
    """Computes what the pages show of the groups that are whole, or by hand of all."""
    for group in groups_to_show(session, term, day):
        is_whole = not any(concerns(each, group) for each in waits_for)
        if is_whole or by_hand:
            _note_extraction(session, term, day, group, is_whole=is_whole)
            compute_histories(session, term, group, day, fit)


def _note_extraction(session: Session, term: str, day: date, group: Group, *, is_whole: bool) -> None:
    """Notes what the group's newest upload is and how many schools it holds, and that all that has arrived is shown."""
    newest = newest_upload(session, term, day, group)
    own = (col(Rate.term) == term, col(Rate.extraction_date) == day, col(Rate.respondent_group) == group)
    held = select(func.count()).select_from(Rate).where(*own, ~col(Rate.removed))
    values = {
        "revision": newest.revision,
        "upload_id": newest.upload_id,
        "window_opens": newest.window_opens,
        "window_closes": newest.window_closes,
        "schools": session.scalar(held),
        "is_whole": is_whole,
        "computed_at": func.now(),
    }
    key = {"term": term, "extraction_date": day, "respondent_group": group}
    fresh = insert(Extraction).values({**key, **values, "state": 1})
    again = {**values, "state": col(Extraction.state) + 1}
    session.execute(fresh.on_conflict_do_update(index_elements=list(key), set_=again))
    uploads = select(col(Upload.upload_id)).where(col(Upload.term) == term, col(Upload.extraction_date) == day)
    shown = update(Arrival).where(col(Arrival.respondent_group) == group, col(Arrival.upload_id).in_(uploads))
    session.execute(shown.values(is_shown=True))


def publish_by_hand(session: Session, actor: str, term: str, day: date, now: datetime) -> list[MissingParts]:
    """Publishes what is here of an extraction that waits; answers what it lacks.

    Raises Conflict where everything is here, nothing is new or the first part has not been here for WAIT.
    """
    lock_extraction(session, term, day)
    waits_for = lacking_of(session, term, day)
    if not waits_for:
        raise Conflict("Everything of this extraction has arrived. Reload the page.", code="nothing_waits")
    if not all(may_publish_by_hand(each.since, now) for each in waiting_extractions(session, term, day)):
        minutes = int(WAIT.total_seconds() // 60)
        raise Conflict(f"Wait until the first part has been here for {minutes} minutes.", code="too_early")
    if not has_news(session, term, day):
        raise Conflict("Nothing has arrived since this extraction was published.", code="nothing_new")
    show_groups(session, term, day, waits_for, None, by_hand=True)
    publish_tiers(session, term, day, is_whole=False)
    audit(session, actor, "extraction.published_incomplete", f"{term}/{day}", {"lacking": list(map(str, waits_for))})
    return waits_for


def publish_tiers(session: Session, term: str, day: date, *, is_whole: bool = True) -> None:
    """Publishes each upload that is not published yet, group by group, oldest revision first.

    All of them hold the whole state, so that the order in which revisions arrived makes no difference. The caller holds
    the extraction's lock; an upload of which something is lacking is published again once it has arrived.
    """
    for upload, groups in unpublished(session, term, day):
        for group in groups:
            _publish_group(session, upload, groups, group)
        if is_whole:
            upload.published_at = datetime.now(UTC)
            session.add(upload)
    session.flush()
    uploads = select(col(Upload.upload_id)).where(col(Upload.term) == term, col(Upload.extraction_date) == day)
    session.execute(update(Arrival).where(col(Arrival.upload_id).in_(uploads)).values(is_published=True))


def _publish_group(session: Session, upload: Upload, groups: Sequence[Group], group: Group) -> None:
    """Publishes the whole state of a group under an upload, in parts."""
    key = {"term": upload.term, "extraction_date": upload.extraction_date, "respondent_group": group}
    own = [col(getattr(Extraction, name)) == value for name, value in key.items()]
    state = update(Extraction).where(*own).values(state=col(Extraction.state) + 1)
    found = session.execute(state.returning(col(Extraction.state), col(Extraction.is_whole))).one()
    rows = raw(session).execute(_COMPUTED, key).fetchall()
    cuts = [rows[at : at + ROWS_PER_PART] for at in range(0, len(rows), ROWS_PER_PART)] or [[]]
    removed = removed_schools(session, upload.term, upload.extraction_date, group)
    for part, cut in enumerate(cuts, 1):
        event = TiersComputed.model_construct(
            **upload.model_dump(include=_PUBLISHED),
            state=found.state,
            groups=tuple(groups),
            group=group,
            part=part,
            parts=len(cuts),
            is_whole=found.is_whole,
            rows=cut,
            removed=removed if part == 1 else [],
        )
        publish(session, event)
