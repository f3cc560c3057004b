"""A crash at every line of the protocol, then recovery: nothing lost, nothing twice."""

import os
from collections.abc import Callable, Iterator
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from services.notify.actions import sending
from shared.db import transaction
from shared.delivery.outbox import publish
from shared.events import DigestsPlanned
from shared.settings import settings
from tests.faults import courier
from tests.faults.crash import lines_until_death
from tests.faults.ledger import effects, ledger
from tests.notify.sinks import Sink, sink
from tests.notify.telling import row, tell, tell_directory
from tests.stack import bus_of, owner

PROTOCOL = (
    "shared/delivery/outbox.py", "shared/delivery/inbox.py", "shared/delivery/bus.py", "shared/delivery/relay.py", "shared/delivery/envelope.py", "shared/db.py",
    "services/ingest/actions/intake.py", "services/ingest/tasks.py",
)  # fmt: skip
MAIL = (
    "services/notify/actions/sending.py", "services/notify/actions/settling.py", "services/notify/mailer/smtp.py",
    "shared/delivery/outbox.py", "shared/db.py",
)  # fmt: skip
EVERY = int(os.environ.get("FAULTS_EVERY", "11"))


@pytest.fixture(autouse=True)
def counted(clean: None) -> Iterator[None]:
    with ledger():
        yield


def one(service: str, query: str) -> int:
    with transaction(service) as session:
        return int(session.execute(text(query)).scalar_one())


def crash_points(work: Callable[[], None], files: tuple[str, ...], start: Callable[[], None]) -> Iterator[int]:
    """Crashes at every EVERYth line until the work comes to its end; yields each line number after its crash."""
    fatal, lines = 1, None
    while lines is None:
        start()
        lines = lines_until_death(work, files, fatal)
        if lines is None:
            yield fatal
        fatal += EVERY
    assert lines > 100
    print(f"every {EVERY}th of {lines} lines")


def recover() -> None:
    for _ in range(3):
        courier.time_passes("notify", "ingest")
        courier.turn("notify", "ingest")
    bus_of("ingest").sweep()


def test_an_event_has_its_effect_once_wherever_its_way_is_cut() -> None:
    uploads: list[UUID] = []

    def speak_and_hear() -> None:
        with transaction("notify") as session:
            publish(session, DigestsPlanned(upload_id=uploads[-1], revision=1, planned=1, held=0, unroutable=0))
        courier.turn("notify", "ingest")

    for fatal in crash_points(speak_and_hear, PROTOCOL, lambda: uploads.append(uuid4())):
        recover()
        said = one("notify", "select count(*) from outbox_event")
        assert sorted(effects("ingest.delivery_step").values()) == [1] * said, fatal
        assert sorted(effects("ingest done").values()) == [1] * said, fatal
        assert one("notify", "select count(*) from outbox_delivery where state <> 'acked'") == 0, fatal
        assert one("ingest", "select count(*) from inbox where state <> 'done'") == 0, fatal
    assert len(uploads) > said > len(uploads) / 2


def test_events_that_travel_together_have_their_effects_once_wherever_their_way_is_cut() -> None:
    uploads: list[UUID] = []

    def speak_and_hear() -> None:
        with transaction("notify") as session:
            for upload_id in uploads[-3:]:
                publish(session, DigestsPlanned(upload_id=upload_id, revision=1, planned=1, held=0, unroutable=0))
        courier.turn("notify", "ingest")

    def start() -> None:
        uploads.extend(uuid4() for _ in range(3))

    for fatal in crash_points(speak_and_hear, PROTOCOL, start):
        recover()
        published = one("notify", "select count(*) from outbox_event")
        assert sorted(effects("ingest.delivery_step").values()) == [1] * published, fatal
        assert sorted(effects("ingest done").values()) == [1] * published, fatal
        assert one("notify", "select count(*) from outbox_delivery where state <> 'acked'") == 0, fatal
        assert one("ingest", "select count(*) from inbox where state <> 'done'") == 0, fatal
    assert len(uploads) > published > len(uploads) / 2


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sink]:
    with sink() as (kept, url):
        monkeypatch.setattr(settings(), "smtp_url", url)
        yield kept


def test_a_mail_is_sent_once_and_twice_only_at_the_documented_instant(server: Sink) -> None:
    tell_directory()

    def start() -> None:
        with owner() as connection:
            connection.execute(
                "truncate notify.digest, notify.outbox_event, notify.tier_state, notify.upload, notify.arrival, notify.mail_pause cascade"
            )
        server.accepted.clear()
        tell([row("Alder 4001", 10, 100)])

    repeated = 0
    for fatal in crash_points(sending.send_due, MAIL, start):
        accepted = len(server.accepted)
        unsettled = one("notify", "select count(*) from mail where state = 'sending'")
        recover_mails()
        ids = {mail["Message-ID"] for _, mail in server.messages()}
        assert len(ids) == 1, fatal
        assert len(server.accepted) == 1 + accepted * unsettled, fatal
        assert one("notify", "select count(*) from mail where state = 'sent'") == 1, fatal
        assert one("notify", "select count(*) from outbox_event where topic = 'notify.digests_sent'") == 1, fatal
        repeated += len(server.accepted) - 1
    print(f"{repeated} crash points between the server's answer and our commit")


def recover_mails() -> None:
    with transaction("notify") as session:
        session.execute(text("delete from mail_pause"))
        session.execute(text("update mail set next_at = now() where state in ('queued','sending')"))
    sending.send_due()
