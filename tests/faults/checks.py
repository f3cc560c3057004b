"""What must be true after a run with faults, read from the tables of all services and from the mail server."""

from typing import LiteralString, NamedTuple

from sqlalchemy import text

from services.notify.rules.refusals import UNKNOWN
from shared.db import transaction
from shared.events import EVENTS
from shared.settings import SERVICES
from tests.chaos.mails import MailServer
from tests.faults.ledger import effects
from tests.faults.load import Load
from tests.stack import owner

_LATER = (
    "update outbox_delivery set next_at = now() where state in ('pending','sent')",
    "update inbox set next_at = now() where event_id in (select event_id from inbox where state = 'new' for update skip locked)",
    # In one order and past what the relay holds just now, so that neither waits for the other.
    "update job set due_at = now(), next_at = now() where name in (select name from job order by name for update skip locked)",
)
_MAILS_LATER = (
    "delete from mail_pause",
    "update mail set next_at = now() where state = 'queued'",
    # A claim of 15 minutes that is older than any worker's time limit: its worker is gone.
    "update mail set next_at = now() where state = 'sending' and next_at < now() + interval '14 min'",
)


class Counts(NamedTuple):
    """Total-queue counters: events said to subscribers, done, lost, done twice; wrong final rows; mails sent, repeated."""

    said: int
    done: int
    lost: int
    doubled: int
    wrong: int
    mails: int
    repeated: int


def rows(service: str, query: str) -> list[tuple[object, ...]]:
    with transaction(service) as session:
        return [tuple(row) for row in session.execute(text(query))]


def number(service: str, query: str) -> int:
    return int(str(rows(service, query)[0][0]))


def time_passes() -> None:
    """As if the waits for a repetition, and for a mail server that was away, were over."""
    for service in SERVICES:
        with transaction(service) as session:
            for statement in (*_LATER, *(_MAILS_LATER if service == "notify" else ())):
                session.execute(text(statement))


def unsettled() -> list[str]:
    """What is still under way, in words."""
    found = []
    for service in SERVICES:
        for what, query in (
            ("deliveries", "select count(*) from outbox_delivery where state in ('pending','sent')"),
            ("inbox", "select count(*) from inbox where state = 'new'"),
        ):
            count = number(service, query)
            found += [f"{service}: {count} {what}"] if count else []
    count = number("notify", "select count(*) from mail where state in ('queued','sending')")
    return [*found, f"{count} mails"] if count else found


def said_and_done() -> tuple[set[tuple[str, str]], set[tuple[str, str]]]:
    """(subscriber, event id) of everything said, and of everything done."""
    said = {
        (str(subscriber), str(event_id))
        for service in SERVICES
        for subscriber, event_id in rows(service, "select subscriber, event_id from outbox_delivery")
    }
    done = {
        (service, str(event_id))
        for service in SERVICES
        for (event_id,) in rows(service, "select event_id from inbox where state = 'done'")
    }
    return said, done


def check(load: Load, server: MailServer) -> Counts:
    """Asserts the invariants; answers the counts."""
    assert load.problems == [], f"a client was refused: {load.problems[:5]}"
    parked = [
        row
        for service in SERVICES
        for row in rows(service, "select topic, last_error from inbox where state = 'parked'")
    ]
    assert parked == [], f"parked: {parked[:5]}"
    said, done = said_and_done()
    assert said - done == set(), "said and not done"
    assert done - said == set(), "done and never said"
    doubled = [key for service in SERVICES for key, times in effects(f"{service} done").items() if times != 1]
    assert doubled == [], f"done twice: {doubled[:5]}"
    _check_uploads(load)
    wrong = _differing_rates()
    assert wrong == [], f"rates shows other counts than were loaded: {wrong[:5]}"
    _check_reports(load)
    mails, repeated = _check_mails(server)
    return Counts(len(said), len(done), len(said - done), len(doubled), len(wrong), mails, repeated)


def _check_uploads(load: Load) -> None:
    kept = {
        str(upload_id) for (upload_id,) in rows("ingest", "select upload_id from upload where kind = 'participation'")
    }
    assert {str(upload_id) for upload_id in load.uploads} <= kept, "an accepted upload is gone"
    steps = rows("ingest", "select upload_id, step from delivery_step")
    planned = {str(upload_id) for upload_id, step in steps if str(step) == "digests"}
    changed = {str(key).partition("/")[0] for (key,) in rows("ingest", _LOADED)}
    assert changed - planned == set(), "an upload whose digests were never planned"
    told = {key: times for key, times in effects("ingest.delivery_step").items() if "mail/" in key and times != 1}
    assert told == {}, "a mail was told twice"


_LOADED = f"select cast(payload as jsonb)->>'upload_id' from outbox_event where topic = '{EVENTS['ingest.extraction_loaded'].topic}'"


def _differing_rates() -> list[tuple[object, ...]]:
    """Counts of a school that are not the same in ingest, which took them in, and in rates, which shows them."""
    with owner() as connection:
        return connection.execute(_DIFFERING).fetchall()


_DIFFERING: LiteralString = (
    "select term, extraction_date, respondent_group, school_key, i.submitted, r.submitted from ingest.extraction_count i"
    " full join rates.rate r using (term, extraction_date, respondent_group, school_key)"
    " where (i.total, i.submitted) is distinct from (r.total, r.submitted)"
)


def _check_reports(load: Load) -> None:
    """Every receipt that was given is of a report which the desk has, and the newest of them stands on the board."""
    sent = {str(report_id) for report_id in load.reports}
    for table in ("report", "recorded"):
        kept = {str(report_id) for (report_id,) in rows("sesr", f"select report_id from {table}")}
        assert sent <= kept, f"a receipt was given for a report that is not in {table}"
    current = [str(report_id) for (report_id,) in rows("sesr", "select report_id from current_report")]
    assert current == [str(report_id) for report_id in load.reports[-1:]], "the board shows another report"


# A mail whose outcome stayed unknown twice is left to a person, as promised: it counts as mailed.
_LEFT = f"m.state = 'failed' and m.failure = '{UNKNOWN}' and m.unknown > 1"
# What may have arrived is not sent again once the same director has a newer digest (which is held to this check itself).
_MAY_HAVE_ARRIVED = """m.state = 'superseded' and m.unknown > 0 and exists (
    select 1 from digest n where n.director_key = d.director_key and n.term = d.term and n.kind = d.kind
      and n.digest_id > d.digest_id and n.state = 'planned')"""
_UNMAILED = f"""
    select d.digest_id, d.director, d.extraction_date, d.revision, d.reason, d.why, (
        select json_agg(json_build_object('mail', m.mail_id, 'kind', m.kind, 'state', m.state, 'unknown', m.unknown,
          'attempts', m.attempts, 'failure', m.failure, 'reply', m.last_reply, 'notes', (
            select json_agg(n.what || ': ' || n.words order by n.note_id) from mail_note n where n.mail_id = m.mail_id)))
        from mail m where m.digest_id = d.digest_id) as mails
    from digest d
    where d.state = 'planned' and d.kind = 'digest' and not exists (
      select 1 from mail m
      where m.digest_id = d.digest_id and m.kind = 'digest'
        and (m.state = 'sent' or ({_LEFT}) or ({_MAY_HAVE_ARRIVED})))
    order by d.digest_id
"""


def _check_mails(server: MailServer) -> tuple[int, int]:
    sent = {str(message_id): int(str(unknown)) for message_id, unknown in rows(
        "notify", "select message_id, unknown from mail where state = 'sent'")}  # fmt: skip
    left = {str(message_id): int(str(unknown)) - 1 for message_id, unknown in rows(
        "notify", f"select message_id, unknown from mail m where {_LEFT}")}  # fmt: skip
    refused = rows("notify", f"select rcpt, last_reply from mail m where state = 'failed' and not ({_LEFT})")
    assert refused == [], "refused for good"
    assert set(server.accepted) >= set(sent), "a mail that we say was sent was not accepted by anybody"
    never_made = set(server.accepted) - {str(mid) for (mid,) in rows("notify", "select message_id from mail")}
    assert never_made == set(), "a mail that nobody made"
    repeated = {mid: times for mid, times in server.accepted.items() if times > 1}
    doubtful = sent | left
    assert {mid: times for mid, times in repeated.items() if times > 1 + doubtful.get(mid, 0)} == {}, (
        "repeated without doubt"
    )
    unmailed = rows("notify", _UNMAILED)
    assert unmailed == [], f"a digest that was not mailed: {unmailed[:5]}"
    return len(sent), sum(repeated.values()) - len(repeated)
