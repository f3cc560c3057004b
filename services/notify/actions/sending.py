"""Sending: claim a mail, hand it over, settle it, so that a crash loses nothing.

Each step is one commit. The only instant at which a mail can be sent twice is between the server's 250 and the commit of
`sent`; the second copy has the same Message-ID (RFC 1047). There is no third one: after two tries with an unknown
outcome a person decides.
"""

import time
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import psycopg
import structlog
from celery.exceptions import SoftTimeLimitExceeded
from psycopg.rows import namedtuple_row
from sqlalchemy import text
from sqlmodel import Session

from services.notify.actions import settling
from services.notify.mailer.attachments import workbook
from services.notify.mailer.letters import ANSWER
from services.notify.mailer.messages import Attachment, HeaderRefused, Letter, message
from services.notify.mailer.smtp import (
    COMMAND_SECONDS,
    GREETING_SECONDS,
    MAIL_SECONDS,
    Interrupted,
    Reply,
    Server,
    connection,
    send,
    unsendable,
)
from services.notify.queries import alert_settings
from services.notify.queries.content import lines_of
from services.notify.rules.bounces import bounce_address
from services.notify.rules.clock import Hours, may_send
from services.notify.rules.delivery import connections_for, stops_the_round
from services.notify.rules.links import Link, sign
from services.notify.rules.refusals import SENT, UNKNOWN
from services.notify.tables.settings import AlertSettings
from shared.db import listening, psycopg_style, transaction
from shared.delivery.outbox import call_job
from shared.settings import settings

ROUND_SECONDS = 20.0
# After so long without an answer a further connection takes the rest, up to so many.
SLOW_SECONDS = 5.0
CONNECTIONS = 6
# A mail that is claimed at the end of a round may take all its time, after a greeting that took all of its own.
TURN_SECONDS = int(ROUND_SECONDS + GREETING_SECONDS + COMMAND_SECONDS + MAIL_SECONDS) + 60
log = structlog.get_logger()

# Nothing goes while a mail to the same person is in hand, so that two never change places on their way; nor what an undo
# that is under way, or that came since, takes back.
_CLAIM = psycopg_style(
    """
    with x as (
      select m.mail_id, m.state from mail m join digest d using (digest_id)
      where m.state in ('queued', 'sending') and m.next_at <= now() and (m.state = 'queued' or m.unknown = 0)
        and (:per_minute = 0 or :per_minute > (select count(*) from mail where sent_at > now() - interval '1 min'))
        and not exists (
          select 1 from mail o join digest od on od.digest_id = o.digest_id
          where od.director_key = d.director_key and o.state = 'sending' and o.next_at > now())
        and not exists (
          select 1 from digest n where n.director_key = d.director_key and n.term = d.term and n.kind = d.kind
            and n.digest_id > d.digest_id and n.state = 'planned')
        and not exists (
          select 1 from begun_undo b
          where b.term = d.term and b.extraction_date = d.extraction_date and b.undone_revision <= d.revision and (
            b.revision > d.revision
            or not exists (select 1 from upload u where u.upload_id = b.upload_id and u.outcome is not null)))
      order by m.attempts, m.next_at, m.mail_id limit 1 for update of m skip locked
    )
    update mail m set state = 'sending', attempts = attempts + 1,
      unknown = m.unknown + (x.state = 'sending')::int, next_at = now() + interval '15 min'
    from x, digest d where m.mail_id = x.mail_id and d.digest_id = m.digest_id
    returning m.*, d.term, d.extraction_date, d.director, d.director_key, d.content, d.planned_at
    """
)
_WAITING = text("select count(*) from mail where state in ('queued','sending') and next_at <= now()")


class Round(NamedTuple):
    """What holds for one round of sending."""

    per_minute: int
    link_days: int
    ends_at: float


class Handover(NamedTuple):
    """An open connection to the mail server, and one to the database on which each statement is its own commit."""

    server: Server
    database: psycopg.Connection[Any]


def send_due() -> None:
    """Sends the mails that are due; stops at the first sign that the server is away, and outside the hours.

    What was sent is published after the round; what a sender that died did not publish, by the next one.
    """
    with transaction("notify") as session:
        settling.give_up(session)
        settling.drop_overtaken(session)
        waiting, current = _waiting(session), alert_settings.settings_of(session)
    if waiting:
        _send(waiting, current)
    with transaction("notify") as session:
        settling.announce_sent(session)


def _send(waiting: int, current: AlertSettings) -> None:
    now = Round(current.per_minute, current.link_days, time.monotonic() + ROUND_SECONDS)
    try:
        with _handover() as way, ThreadPoolExecutor(CONNECTIONS) as pool:
            more = connections_for(waiting, way.server.round_trip, now.per_minute) - 1
            running = {pool.submit(_drain, way, now), *(pool.submit(_connect_and_drain, now) for _ in range(more))}
            while running:
                done, running = wait(running, timeout=SLOW_SECONDS, return_when=FIRST_COMPLETED)
                for each in done:
                    each.result()
                # Who waits for a slow answer stops nobody else: another connection takes the rest.
                if running and not done and len(running) < CONNECTIONS and not now.per_minute and _any_waiting():
                    longer = now._replace(ends_at=time.monotonic() + SLOW_SECONDS)
                    running.add(pool.submit(_connect_and_drain, longer))
    except Interrupted as error:
        log.warning("mail server away", failure=error.failure, reason=str(error))
        if not error.of_one:
            with transaction("notify") as session:
                settling.pause(session, error.failure, str(error))


def _any_waiting() -> bool:
    with transaction("notify") as session:
        return _waiting(session) > 0


def _waiting(session: Session) -> int:
    """How many mails may be tried now."""
    mail_pause, current = alert_settings.mail_pause(session), alert_settings.settings_of(session)
    now = datetime.now(UTC)
    if (mail_pause is not None and mail_pause.resume_at > now) or not may_send(now, _hours(session, current)):
        return 0
    count: int = session.execute(_WAITING).scalar_one()
    return count


def _hours(session: Session, current: AlertSettings) -> Hours:
    return alert_settings.hours_of(current, settings().timezone, alert_settings.days_off(session))


@contextmanager
def _handover() -> Iterator[Handover]:
    current = settings()
    with connection(current.smtp_url, current.mail_domain) as server, listening("notify") as database:
        database.row_factory = namedtuple_row
        yield Handover(server, database)


def _connect_and_drain(now: Round) -> None:
    with _handover() as way:
        _drain(way, now)


def _drain(way: Handover, now: Round) -> None:
    """Claims, sends and settles until nothing is due, the time is over, or the server hangs up or wants a rest."""
    while time.monotonic() <= now.ends_at and way.server.is_open:
        mail = way.database.execute(_CLAIM, {"per_minute": now.per_minute}).fetchone()
        if mail is None or stops_the_round(_hand_over(way, mail, now).outcome):
            return
    with transaction("notify") as session:
        call_job(session, "notify.send_mail")


def _hand_over(way: Handover, mail: Any, now: Round) -> Reply:
    """Sends and settles a claimed mail. Between the server's 250 and the commit nothing is computed that could wait."""
    broken: Interrupted | None = None
    try:
        reply = send(way.server.smtp, _raw(mail, now), _envelope_sender(mail.mail_id), mail.rcpt)
    except HeaderRefused as error:
        reply = unsendable(error)
    except Interrupted as error:
        reply, broken = Reply(UNKNOWN if error.unknown else error.failure, str(error)), error
    if reply.outcome == SENT:
        settling.keep_sent(way.database, mail.mail_id, reply)
        return reply
    with transaction("notify") as session:
        settling.settle_refused(session, mail, reply)
    if broken is not None:
        raise broken
    return reply


def _raw(mail: Any, now: Round) -> bytes:
    """The mail as it goes over the wire. HeaderRefused whatever the reason why it cannot be made: then it is settled."""
    try:
        return message(_letter(mail, now), settings().mail_from, settings().support_email)
    except (HeaderRefused, SoftTimeLimitExceeded):
        raise
    except Exception as error:
        raise HeaderRefused(f"this mail cannot be made: {type(error).__name__}: {error}") from error


def _envelope_sender(mail_id: int) -> str:
    """Where the mail comes back to if it cannot be delivered: an address of its own, if the district has a mailbox for that."""
    own = settings()
    return (
        bounce_address(own.bounce_address, own.link_key.get_secret_value().encode(), mail_id)
        if own.bounce_address
        else own.mail_from
    )


def _letter(mail: Any, now: Round) -> Letter:
    lines = lines_of(mail.content)
    name = f"tier-1-{mail.term}-{mail.extraction_date.isoformat()}.xlsx"
    attached = Attachment(name, workbook(lines, mail.subject, mail.planned_at)) if lines else None
    token = answer_token(mail.mail_id, mail.queued_at, now.link_days)
    body, html = (words.replace(ANSWER, token) for words in (mail.body, mail.html))
    mine = f"{settings().public_url}/notify/mine"
    return Letter(mail.rcpt, mail.subject, body, html, mail.message_id, attached, mail.in_reply_to, mine)


def answer_token(mail_id: int, queued_at: datetime, link_days: int) -> str:
    """The signed link of a mail; the same for every copy of it."""
    until = queued_at + timedelta(days=link_days)
    return sign(settings().link_key.get_secret_value().encode(), Link(mail_id, until))
