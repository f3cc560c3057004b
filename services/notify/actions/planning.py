"""Planning: one digest per director and extraction once all groups are here, a mail for each that has a route.

One planner at a time. A newer state of an extraction replaces what the older one led to and is not yet sent, so that a
director gets one mail.
"""

from collections.abc import Collection
from datetime import date, timedelta
from typing import Any, NamedTuple

from sqlalchemy import text
from sqlmodel import Session, col, func, select, update

from services.notify.actions.mails import add_mails, stop_second_copies, supersede
from services.notify.queries import alert_settings
from services.notify.queries.content import VERSION, stored_lines, stored_plans
from services.notify.queries.situation import newest_day, situation
from services.notify.rules.planning import DueDigest, Situation, digests_due, escalations_due
from services.notify.tables.facts import Upload
from services.notify.tables.mails import Digest
from shared.access import audit
from shared.delivery.outbox import call_job, publish
from shared.errors import Conflict
from shared.events import DigestsPlanned

LOCK = text("select pg_advisory_xact_lock(hashtextextended('notify planning', 2))")
_UPLOADS = text(
    """
    select u.*, c.here = cardinality(u.groups) as complete, c.names as here,
      u.arrived_at < now() - cast(:wait as interval) as overdue,
      array(select g from unnest(u.groups) g where g <> all (c.names)) as absent
    from upload u cross join lateral (
      select count(*) as here, coalesce(array_agg(a.respondent_group), '{}') as names from arrival a
      where a.upload_id = u.upload_id and cardinality(a.parts) = a.part_count
    ) c
    where u.term = :term and u.extraction_date = :extraction_date and (u.outcome is null or u.outcome = 'late')
    order by u.revision, u.upload_id for update of u
    """
)
# The groups of the term's extraction before, of which nothing has arrived for this one.
_AWAITED = text(
    """
    select distinct t.respondent_group from tier_state t
    where t.term = :term and not t.removed and t.extraction_date = (
        select max(x.extraction_date) from tier_state x
        where x.term = :term and x.extraction_date < :extraction_date and not x.removed)
      and not exists (
        select 1 from arrival a join upload u using (upload_id)
        where u.term = :term and u.extraction_date = :extraction_date and a.respondent_group = t.respondent_group
          and cardinality(a.parts) = a.part_count)
    order by 1
    """
)
_OLDER = text(
    """
    select not exists (select 1 from unnest(cast(:groups as text[])) g where not exists (
      select 1 from tier_state t
      where t.respondent_group = g and t.extraction_date > :extraction_date and not t.removed))
    """
)
_WAITS = text(
    """
    select coalesce(bool_or(x.thin), false) as thin, coalesce(bool_or(x.hold_mails), false) as hold_mails from (
      select distinct on (g) u.thin, u.hold_mails, u.released_at from upload u, unnest(u.groups) g
      where u.term = :term and u.extraction_date = :extraction_date order by g, u.revision desc
    ) x where x.released_at is null
    """
)
# An extraction of a day up to that of a restore may have been mailed before it, by a program that the backup is older than.
_RESTORED = text(
    """
    select exists (
      select 1 from database_restore r where :extraction_date <= cast(r.restored_at as date) and not exists (
        select 1 from upload u where u.term = :term and u.extraction_date = :extraction_date
          and u.released_at > r.restored_at))
    """
)
# Why mails are held without a person; decided each time.
PREVIEW = "the settings ask for a preview before mails go out"
THIN = "a group has fewer than 80% of the schools of its last extraction"
RESTORED = "the database was restored from a backup: this mail may have been sent before"
DROPPED = "the file came by a drop folder whose mails wait for a person"


class Planned(NamedTuple):
    """How many digests an upload led to."""

    planned: int
    held: int
    unroutable: int


def plan_extraction(session: Session, term: str, extraction_date: date, *, at_once: bool = False) -> bool:
    """Plans the uploads of an extraction that are complete or overdue; whether it did.

    It waits while another upload is still coming in, and for the groups that the term's last extraction had: one file
    per group is one extraction. `at_once`: a person does not wait any longer.
    """
    session.execute(LOCK)
    wait = timedelta(minutes=alert_settings.settings_of(session).wait_minutes)
    place = {"term": term, "extraction_date": extraction_date}
    uploads = session.execute(_UPLOADS, {**place, "wait": wait}).all()
    open_now = [upload for upload in uploads if upload.outcome is None]
    is_over = at_once or any(upload.overdue for upload in open_now)
    due = [upload for upload in uploads if upload.complete or (is_over and upload.outcome is None and upload.here)]
    if not due or any(upload not in due for upload in open_now if not is_over):
        return False
    main = due[-1]
    awaited = [] if main.is_undo else list(session.execute(_AWAITED, place).scalars())
    if awaited and open_now and not is_over:
        return False
    _plan_uploads(session, due, awaited)
    return True


def _plan_uploads(session: Session, due: list[Any], awaited: list[str]) -> None:
    """Plans by the newest of the uploads that are due; the others are done together with it."""
    main = due[-1]
    older = session.execute(_OLDER, {"groups": main.groups, "extraction_date": main.extraction_date}).scalar_one()
    absent = {group for upload in due if not upload.complete for group in upload.absent}
    outcome = "older extraction" if older else "late" if absent else "planned"
    counts = Planned(0, 0, 0) if older else plan(session, main, sorted({*absent, *awaited}))
    for upload in due:
        mine = upload is main
        outcome_of = outcome if mine or not upload.complete else f"together with revision {main.revision}"
        done = {"outcome": outcome_of, "late": upload.absent, "planned_at": func.now()}
        session.exec(update(Upload).where(col(Upload.upload_id) == upload.upload_id).values(**done))
        planned = counts if mine else Planned(0, 0, 0)
        publish(session, DigestsPlanned(upload_id=upload.upload_id, revision=upload.revision, **planned._asdict()))


def plan_overdue(session: Session) -> None:
    """Plans the extractions whose groups have not all come within the time that is waited."""
    oldest = func.now() - timedelta(minutes=alert_settings.settings_of(session).wait_minutes)
    waiting = select(col(Upload.term), col(Upload.extraction_date)).where(col(Upload.outcome).is_(None))
    for term, extraction_date in session.exec(waiting.where(col(Upload.arrived_at) < oldest).distinct()).all():
        plan_extraction(session, term, extraction_date)


def plan_at_once(session: Session, term: str, extraction_date: date, actor: str) -> None:
    """A person does not wait for the groups that are not here. Conflict where nothing waits."""
    if not plan_extraction(session, term, extraction_date, at_once=True):
        raise Conflict(
            f"No upload of {term}, {extraction_date} waits for other groups. Its mails were planned already."
        )
    audit(session, actor, "plan alerts at once", f"{term}/{extraction_date}")


def plan_again(session: Session, term: str, only: Collection[str]) -> None:
    """Plans again for some directors after their route was mended, by the newest planned upload of the term."""
    session.execute(LOCK)
    planned = select(Upload).where(Upload.term == term, col(Upload.outcome).is_not(None))
    newest_first = (col(Upload.extraction_date).desc(), col(Upload.revision).desc())
    upload = session.exec(planned.where(~col(Upload.outcome).startswith("older")).order_by(*newest_first)).first()
    if upload is not None and only:
        held = session.exec(_held_digests(term, upload.extraction_date)).first()
        plan(session, upload, upload.late, only, "" if held is None else held.why)


def _held_digests(term: str, extraction_date: date) -> Any:
    return select(Digest).where(Digest.term == term, Digest.extraction_date == extraction_date, Digest.state == "held")


def plan(
    session: Session, upload: Any, late: Collection[str], only: Collection[str] | None = None, held: str = ""
) -> Planned:
    """Replaces what is unsent and adds the digests that are due now; the planning lock is held.

    `held`: why the extraction's mails wait for a person, where they do so already. What a person held stays held.
    """
    newest = newest_day(session, upload.term) or upload.extraction_date
    by_hand = _held_digests(upload.term, newest).where(col(Digest.why).not_in((PREVIEW, THIN, DROPPED, RESTORED)))
    held_by_hand = session.exec(by_hand).first()
    by_hand_why = "" if held_by_hand is None else held_by_hand.why
    supersede(session, upload.term, only)
    found = situation(session, upload.term)
    if found is None:
        return Planned(0, 0, 0)
    hold = held or by_hand_why or _hold_reason(session, upload, again=only is not None)
    # An older upload that comes late adds to what the newest one led to; a digest is never of an older revision.
    same_day = (Upload.term == upload.term, Upload.extraction_date == upload.extraction_date)
    revision = session.exec(select(func.max(Upload.revision)).where(*same_day)).one()
    digests = [_digest(upload, revision, found, due, hold, late) for due in _all_due(session, found, only)]
    session.add_all(digests)
    session.flush()
    routed = [digest for digest in digests if digest.state != "unroutable"]
    add_mails(session, routed)
    stop_second_copies(session, upload.term, {digest.director_key for digest in routed})
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
    place = {"term": upload.term, "extraction_date": upload.extraction_date}
    if session.execute(_RESTORED, place).scalar_one():
        return RESTORED
    waits = session.execute(_WAITS, place).one()
    if waits.hold_mails:
        return DROPPED
    return THIN if waits.thin and current.hold_thin else ""


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
            "plans": stored_plans(due.plans),
            "as_of": found.as_of,
            "closes": upload.window_closes.isoformat(),
            "late": list(late),
            "taken_back": due.taken_back.isoformat() if due.taken_back else None,
        },
    )
