"""Planning: one digest per director and extraction once all groups are here, a mail for each that has a route.

One planner at a time. A newer state of an extraction replaces what the older one led to and is not yet sent, so that a
director gets one mail.
"""

from collections.abc import Collection
from datetime import date, timedelta
from typing import Any, NamedTuple

from sqlalchemy import text
from sqlmodel import Session

from services.notify.actions.mails import add_mails, supersede
from services.notify.queries import alert_settings
from services.notify.queries.content import VERSION, stored_lines
from services.notify.queries.situation import newest_day, situation
from services.notify.rules.planning import DueDigest, Situation, digests_due, escalations_due
from services.notify.tables import Digest
from shared.delivery.outbox import call_job, publish
from shared.events import DigestsPlanned

LOCK = text("select pg_advisory_xact_lock(hashtextextended('notify planning', 2))")
_UPLOADS = text(
    "select u.*, c.here = cardinality(u.groups) as complete, u.arrived_at < now() - cast(:wait as interval) as overdue,"
    " array(select g from unnest(u.groups) g where g <> all (c.names)) as absent from upload u cross join lateral"
    " (select count(*) as here, coalesce(array_agg(a.respondent_group), '{}') as names from arrival a"
    "  where a.upload_id = u.upload_id and cardinality(a.parts) = a.part_count) c"
    " where u.term = :term and u.extraction_date = :extraction_date and (u.outcome is null or u.outcome = 'late')"
    " order by u.revision, u.upload_id for update of u"
)
_OLDER = text(
    "select not exists (select 1 from unnest(cast(:groups as text[])) g where not exists"
    " (select 1 from tier_state t where t.respondent_group = g and t.extraction_date > :extraction_date and not t.removed))"
)
_OUTCOME = text("update upload set outcome = :outcome, late = :late, planned_at = now() where upload_id = :upload_id")
_OVERDUE = text(
    "select distinct term, extraction_date from upload where outcome is null and arrived_at < now() - cast(:wait as interval)"
)
_THIN = text(
    "select exists (select 1 from (select distinct on (g) u.thin, u.released_at from upload u, unnest(u.groups) g"
    " where u.term = :term and u.extraction_date = :extraction_date order by g, u.revision desc) x where x.thin and x.released_at is null)"
)
_LATEST = text(
    "select * from upload where term = :term and outcome is not null and outcome not like 'older%'"
    " order by extraction_date desc, revision desc limit 1"
)
# Why mails are held without a person; it is decided anew each time.
PREVIEW = "the settings ask for a preview before mails go out"
THIN = "a group has fewer than 80 % of the schools of its last extraction"
_HELD = text(
    "select why from digest where term = :term and extraction_date = :extraction_date and state = 'held' limit 1"
)
_HELD_BY_HAND = text(
    "select why from digest where term = :term and extraction_date = :extraction_date and state = 'held' and why <> all(:own) limit 1"
)
_REVISION = text("select max(revision) from upload where term = :term and extraction_date = :extraction_date")


class Planned(NamedTuple):
    """How many digests an upload led to."""

    planned: int
    held: int
    unroutable: int


def plan_extraction(session: Session, term: str, extraction_date: date) -> None:
    """Plans the uploads of an extraction that are complete or overdue; waits while another one is still coming in."""
    session.execute(LOCK)
    wait = timedelta(minutes=alert_settings.settings_of(session).wait_minutes)
    uploads = session.execute(_UPLOADS, {"term": term, "extraction_date": extraction_date, "wait": wait}).all()
    due = [upload for upload in uploads if upload.complete or (upload.overdue and upload.outcome is None)]
    if not due or any(upload.outcome is None and upload not in due for upload in uploads):
        return
    main = due[-1]
    older = session.execute(_OLDER, {"groups": main.groups, "extraction_date": extraction_date}).scalar_one()
    late = sorted({group for upload in due if not upload.complete for group in upload.absent})
    outcome = "older extraction" if older else "late" if late else "planned"
    counts = Planned(0, 0, 0) if older else plan(session, main, late)
    for upload in due:
        mine = upload is main
        said = outcome if mine or not upload.complete else f"together with revision {main.revision}"
        session.execute(_OUTCOME, {"upload_id": upload.upload_id, "outcome": said, "late": upload.absent})
        planned = counts if mine else Planned(0, 0, 0)
        publish(session, DigestsPlanned(upload_id=upload.upload_id, revision=upload.revision, **planned._asdict()))


def plan_overdue(session: Session) -> None:
    """Plans the extractions whose groups have not all come within the time that is waited."""
    wait = timedelta(minutes=alert_settings.settings_of(session).wait_minutes)
    for row in session.execute(_OVERDUE, {"wait": wait}).all():
        plan_extraction(session, row.term, row.extraction_date)


def plan_again(session: Session, term: str, only: Collection[str]) -> None:
    """Plans anew for some directors after their route was mended, by the newest planned upload of the term."""
    session.execute(LOCK)
    upload = session.execute(_LATEST, {"term": term}).one_or_none()
    if upload is not None and only:
        held = session.execute(_HELD, {"term": term, "extraction_date": upload.extraction_date}).scalar()
        plan(session, upload, upload.late, only, held or "")


def plan(
    session: Session, upload: Any, late: Collection[str], only: Collection[str] | None = None, held: str = ""
) -> Planned:
    """Replaces what is unsent and adds the digests that are due now; the planning lock is held.

    `held`: why the extraction's mails wait for a person, where they do so already. What a person held stays held.
    """
    newest = newest_day(session, upload.term) or upload.extraction_date
    by_hand = session.execute(
        _HELD_BY_HAND, {"term": upload.term, "extraction_date": newest, "own": [PREVIEW, THIN]}
    ).scalar()
    supersede(session, upload.term, newest, only)
    found = situation(session, upload.term)
    if found is None:
        return Planned(0, 0, 0)
    hold = held or by_hand or _hold_reason(session, upload, again=only is not None)
    # An older upload that comes late adds to what the newest one led to; a digest is never of an older revision.
    revision: int = session.execute(
        _REVISION, {"term": upload.term, "extraction_date": upload.extraction_date}
    ).scalar_one()
    digests = [_digest(upload, revision, found, due, hold, late) for due in _all_due(session, found, only)]
    session.add_all(digests)
    session.flush()
    add_mails(session, [digest for digest in digests if digest.state != "unroutable"])
    states = [digest.state for digest in digests]
    if "planned" in states:
        call_job(session, "notify.send_mail")
    return Planned(*map(states.count, Planned._fields))


def _all_due(session: Session, found: Situation, only: Collection[str] | None) -> list[DueDigest]:
    after = alert_settings.settings_of(session).escalate_after
    heads = {
        region: route
        for region, route in alert_settings.head_routes(session).items()
        if only is None or route.key in only
    }
    return digests_due(found, only) + escalations_due(found, heads, after)


def _hold_reason(session: Session, upload: Any, *, again: bool) -> str:
    """Why the mails wait for a person's release; empty when they do not. Who was released is not held again."""
    current = alert_settings.settings_of(session)
    if current.hold_all and not (again and upload.released_at):
        return PREVIEW
    thin = (
        current.hold_thin
        and session.execute(_THIN, {"term": upload.term, "extraction_date": upload.extraction_date}).scalar_one()
    )
    return THIN if thin else ""


def _digest(upload: Any, revision: int, found: Situation, due: DueDigest, hold: str, late: Collection[str]) -> Digest:
    state = "unroutable" if due.route.person_id is None else "held" if hold else "planned"
    return Digest(
        upload_id=upload.upload_id,
        term=upload.term,
        extraction_date=found.extraction_date,
        revision=revision,
        kind="escalation" if due.reason == "escalated" else "digest",
        director=due.spelling,
        director_key=due.key,
        person_id=due.route.person_id,
        reason=due.reason,
        correction=due.correction,
        state=state,
        why=due.route.why or hold,
        content={
            "version": VERSION,
            "lines": stored_lines(due.lines),
            "as_of": found.as_of,
            "closes": upload.window_closes.isoformat(),
            "late": list(late),
            "taken_back": due.taken_back.isoformat() if due.taken_back else None,
        },
    )
