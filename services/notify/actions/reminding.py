"""Reminders between extractions: the newest digest once more, marked as a reminder, where nobody has answered it."""

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlmodel import Session

from services.notify.actions.mails import add_mails
from services.notify.queries.alert_settings import days_off, settings_of
from services.notify.queries.content import lines_of
from services.notify.queries.situation import snoozed
from services.notify.rules.alerts import LISTED
from services.notify.rules.clock import is_reminder_due
from services.notify.tables.mails import Digest
from shared.delivery.outbox import call_job
from shared.settings import settings

# Only whom the directory still has, at an address that was not refused, and to whom no mail is on its way.
_NEWEST = text(
    """
    select d.digest_id, m.last_at, m.reminded from (select distinct on (director_key, term) * from digest
     where state = 'planned' and kind = 'digest' order by director_key, term, digest_id desc) d
    join director p on p.person_id = d.person_id and p.email <> '' and p.refused_email <> p.email
    cross join lateral (select max(coalesce(sent_at, queued_at)) as last_at,
     count(*) filter (where kind = 'reminder') as reminded,
     bool_or(kind <> 'reminder' and state = 'sent') and not bool_or(state in ('queued', 'held', 'sending')) as rests
     from mail where mail.digest_id = d.digest_id) m
    where m.rests and (select t.extraction_date from tier_state t where t.term = d.term and not t.removed
     order by t.extraction_date desc limit 1) <= d.extraction_date
    and :today <= cast(d.content->>'closes' as date)
    and not exists (select 1 from acknowledgement a where a.digest_id = d.digest_id)
    """
)


def remind(session: Session, now: datetime) -> int:
    """Queues the reminders that are due, one per digest at most; how many. Off unless the settings say how often."""
    every, off = settings_of(session).remind_days, days_off(session)
    zone = ZoneInfo(settings().timezone)
    today = now.astimezone(zone).date()
    queued = 0
    for row in session.execute(_NEWEST, {"today": today}).all() if every else []:
        digest = session.get(Digest, row.digest_id)
        assert digest is not None
        if is_reminder_due(today, row.last_at.astimezone(zone).date(), every, off) and _is_open(session, digest):
            add_mails(session, [digest], "reminder", row.reminded + 1)
            queued += 1
    if queued:
        call_job(session, "notify.send_mail")
    return queued


def _is_open(session: Session, digest: Digest) -> bool:
    """Whether a listed school is left that the director has not snoozed since."""
    listed = {line.place for line in lines_of(digest.content) if line.mark in LISTED}
    return (
        not listed <= snoozed(session, digest.term, digest.extraction_date, listed).get(digest.director_key, {}).keys()
    )
