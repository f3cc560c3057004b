"""The checker of the fault runs itself: it passes a sound run, and each loss and each double planted in it fails."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID, uuid4

import pytest

from services.notify.actions import sending
from shared.settings import settings
from shared.web.clock import today
from tests.chaos import injuries
from tests.chaos.mails import MailServer
from tests.chaos.schedule import OUTSIDE, schedule
from tests.faults import checks
from tests.faults.injuries import FAULTS, Injuries
from tests.faults.ledger import ledger
from tests.faults.load import Load
from tests.files import directory, extraction, guide_rows
from tests.journeys.test_main_job import PEOPLE
from tests.people import api_of
from tests.stack import deliver, owner

ONE = "where event_id = (select event_id from rates.inbox limit 1)"
LEFT = (
    "update notify.mail set state = 'failed', failure = 'unknown outcome', unknown = 2"
    " where mail_id = (select min(mail_id) from notify.mail)"
)
# The sender of this mail died with it in hand, longer ago than any sender lives.
IN_HAND = """
    update notify.mail set state = 'sending', attempts = 1, next_at = now() - interval '1 min'
    where mail_id = (select min(mail_id) from notify.mail)
"""
NEWER_GONE = "update notify.digest set state = 'superseded' where extraction_date = '2025-02-28'"
# What is planted, where, and what the checker must say to it.
PLANTED = (
    ("update rates.inbox set state = 'new' " + ONE, "rates.inbox", "said and not done"),
    ("delete from rates.inbox " + ONE, "rates.inbox", "said and not done"),
    ("update rates.inbox set state = 'parked' " + ONE, "rates.inbox", "parked"),
    ("update rates.inbox set state = 'done' " + ONE, "ledger.effect", "done twice"),
    ("insert into ledger.effect select * from ledger.effect where place = 'rates done'", "ledger.effect", "done twice"),
    ("update rates.rate set submitted = submitted + 1 where school_key = '1432201'", "rates.rate", "other counts"),
    ("delete from rates.rate where school_key = '1432201'", "rates.rate", "other counts"),
    ("delete from ingest.delivery_step where step = 'digests'", "ingest.delivery_step", "never planned"),
    ("delete from sesr.recorded", "sesr.recorded", "not in recorded"),
    ("delete from sesr.current_report", "sesr.current_report", "another report"),
    ("update notify.mail set state = 'failed'", "notify.mail", "refused for good"),
    (
        "update notify.mail set state = 'held' where mail_id = (select min(mail_id) from notify.mail)",
        "notify.mail",
        "not mailed",
    ),
    ("delete from notify.mail where mail_id = (select min(mail_id) from notify.mail)", "notify.mail", "nobody made"),
)


@pytest.fixture
def server(clean: None) -> Iterator[MailServer]:
    made = MailServer()
    made.start()
    yield made
    made.stop()


def send(path: str, **more: object) -> dict[str, str]:
    answer = api_of("central").post(path, **more)  # type: ignore[arg-type]
    assert answer.status_code in (200, 201), answer.text
    deliver()
    told: dict[str, str] = answer.json()
    return told


def sound_run(*, left_in_hand: bool = False) -> Load:
    """A directory, two extractions with their mails, and a strike with a report and its correction.

    `left_in_hand`: the sender of one mail of the first extraction died, and was found dead after the second one.
    """
    load = Load(settings().public_url, [""], seed=1, pause=0)
    uploads = "/ingest/api/v1/uploads?kind="
    send(f"{uploads}directory", files={"file": ("x.xlsx", directory(PEOPLE))})
    send("/sesr/api/v1/incidents", json={"name": "Strike", "first_day": str(today()), "last_day": str(today())})
    for on in ("2025-02-21", "2025-02-28"):
        file = ("x.xlsx", extraction(guide_rows(on)))
        load.uploads.append(UUID(send(f"{uploads}participation", files={"file": file})["upload_id"]))
        if left_in_hand and on == "2025-02-21":
            with owner() as connection:
                connection.execute(IN_HAND.encode())
        else:
            sending.send_due()
        deliver()
        body: dict[str, object] = {"report_id": str(uuid4()), "school_key": "1432201", "proxy_for": "the office"}
        body |= {"supersedes": str(load.reports[-1]), "reason": "counted again"} if load.reports else {}
        send("/sesr/api/v1/reports", json={**body, "counts": {"students_present": 31 + len(load.reports)}})
        load.reports.append(UUID(str(body["report_id"])))
    return load


@contextmanager
def planted(statement: str, table: str) -> Iterator[None]:
    """The rows of the table as the statement leaves them; afterwards as they were, unseen by the ledger."""
    with owner() as connection:
        connection.execute(f"create table ledger.kept as table {table}".encode())
        assert connection.execute(statement.encode()).rowcount > 0
        try:
            yield
        finally:
            connection.execute("set session_replication_role = replica")
            connection.execute(f"delete from {table}".encode())
            connection.execute(f"insert into {table} overriding system value table ledger.kept".encode())
            connection.execute("drop table ledger.kept")


def test_a_sound_run_passes_and_whatever_is_lost_or_doubled_in_it_does_not(server: MailServer) -> None:
    with ledger():
        load = sound_run()
        counts = checks.check(load, server)
        assert (counts.lost, counts.doubled, counts.wrong, counts.repeated) == (0, 0, 0, 0)
        assert counts.said == counts.done == 21
        assert counts.mails > 0
        for statement, table, said in PLANTED:
            with planted(statement, table), pytest.raises(AssertionError, match=said):
                checks.check(load, server)
        check_promises(load, server)
        with planted(LEFT, "notify.mail"):
            assert checks.check(load, server).mails == counts.mails - 1, "a mail that is left to a person is no loss"
        assert checks.check(load, server) == counts, "all that was planted was taken out again"


def check_promises(load: Load, server: MailServer) -> None:
    """What a client was promised, and what the mail server took, are held against the tables."""
    for promises in (load.uploads, load.reports):
        promises.insert(0, uuid4())
        with pytest.raises(AssertionError, match=r"is gone|receipt was given"):
            checks.check(load, server)
        promises.pop(0)
    message_id = next(iter(server.accepted))
    for changed, said in (
        ({message_id: 2}, "repeated without doubt"),
        ({message_id: -1}, "not accepted by anybody"),
        ({"<nobody@made.it>": 1}, "nobody made"),
    ):
        before = server.accepted.copy()
        server.accepted.update(changed)
        server.accepted = +server.accepted
        with pytest.raises(AssertionError, match=said):
            checks.check(load, server)
        server.accepted = before


def test_a_mail_that_may_have_arrived_needs_no_second_copy_after_a_newer_mail(server: MailServer) -> None:
    with ledger():
        load = sound_run(left_in_hand=True)
        doubtful = "select count(*) from mail m join digest d using (digest_id) where m.unknown = 1 and {}"
        assert checks.number("notify", doubtful.format("m.state = 'superseded' and d.state = 'planned'")) == 1
        assert checks.check(load, server).repeated == 0
        with planted(NEWER_GONE, "notify.digest"), pytest.raises(AssertionError, match="not mailed"):
            checks.check(load, server)


def test_a_seed_is_a_schedule_which_can_be_had_again_and_each_kind_of_fault_can_be_done() -> None:
    for kinds in (FAULTS, OUTSIDE):
        assert schedule(7, 600, 10, kinds) == schedule(7, 600, 10, kinds) != schedule(8, 600, 10, kinds)
        assert {fault.kind for fault in schedule(7, 600, 10, kinds)} == {kind for kind, _ in kinds}
    outside = injuries.Injuries(None, None, {"broker": None, "database": None}, MailServer())  # type: ignore[arg-type,dict-item]
    assert set(outside.kinds) == {kind for kind, _ in OUTSIDE}
    assert set(Injuries(None, None, None, MailServer(), 7).kinds) >= {kind for kind, _ in FAULTS}  # type: ignore[arg-type]
