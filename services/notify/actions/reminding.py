"""Reminders between extractions: the newest digest once more, marked as a reminder, where nobody has answered it."""

from datetime import UTC, datetime

from sqlalchemy import text
from sqlmodel import Session

from services.notify.actions.mails import add_mails
from services.notify.queries.choices import chosen
from services.notify.rules.clock import reminders_due
from services.notify.tables import Digest
from shared.outbox import call_job

_NEWEST = text(
    "select d.digest_id, m.sent_at, (select count(*) from mail r where r.digest_id = d.digest_id"
    "  and r.kind = 'reminder') as reminded from (select distinct on (director_key, term) * from digest"
    "  where state = 'planned' and kind = 'digest' order by director_key, term, digest_id desc) d"
    " join mail m on m.digest_id = d.digest_id and m.kind = 'digest' and m.state = 'sent'"
    ' where (select max(u."on") from upload u where u.outcome not like \'older%\') <= d."on"'
    " and current_date <= cast(d.content->>'closes' as date)"
    " and exists (select 1 from jsonb_array_elements(d.content->'lines') l where l->>0 in ('new', 'still'))"
    " and not exists (select 1 from acknowledgement a where a.digest_id = d.digest_id)"
)


def remind(session: Session) -> int:
    """Queues the reminders that are due, one per digest at most; how many. Off unless the settings say how often."""
    every = chosen(session).remind_days
    queued = 0
    for row in session.execute(_NEWEST).all() if every else []:
        if reminders_due(datetime.now(UTC), row.sent_at, every) > row.reminded:
            digest = session.get(Digest, row.digest_id)
            assert digest is not None
            add_mails(session, [digest], "reminder", row.reminded + 1)
            queued += 1
    if queued:
        call_job(session, "notify.send_mail")
    return queued
