"""Sending to a real mail server: what arrives, what is tried again, what is marked, what is never sent twice."""

import io
import time

import openpyxl
import pytest

from services.notify.actions import mails as mail_actions
from services.notify.actions import sending
from services.notify.mailer import smtp
from services.notify.tasks import bus
from shared.db import transaction
from shared.settings import settings
from tests.deploy.waiting import until
from tests.notify.sinks import Sink, sink, slowed
from tests.notify.telling import (
    FEB14,
    FEB21,
    FEB28,
    FRISCH,
    LOW,
    VEGA,
    digests,
    mails,
    person,
    row,
    rows_of,
    tell,
    tell_directory,
)

pytestmark = pytest.mark.usefixtures("clean")


def try_again_now() -> None:
    """As if the time to wait had passed."""
    rows_of(
        "with x as (delete from mail_pause) update mail set next_at = now() where state in ('queued','sending') returning 1"
    )


def test_each_director_gets_one_mail_with_text_page_and_workbook(server: Sink) -> None:
    tell(LOW)
    sending.send_due()
    sending.send_due()
    received = dict(server.messages())
    assert sorted(received) == ["director@lausd.example", "soren.frisch@lausd.example"]
    assert len(server.accepted) == 2
    mail = received["director@lausd.example"]
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Reply-To"] == settings().support_email
    assert [part.get_content_type().rpartition("/")[2] for part in mail.walk()] == [
        "mixed", "alternative", "plain", "html", "vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ]  # fmt: skip
    assert "Alder 4001" in str(mail.get_body(("plain",)))
    assert "Cedar" not in mail.as_string()
    workbook = next(mail.iter_attachments())
    sheet = openpyxl.load_workbook(io.BytesIO(workbook.get_content())).active
    assert sheet is not None
    assert [(r[1], r[10]) for r in sheet.iter_rows(min_row=2, values_only=True)] == [
        ("Birch 4002", 5), ("Alder 4001", 15),
    ]  # fmt: skip
    assert mails() == []
    assert {r.last_reply for r in rows_of("select last_reply from mail")} == {"250 OK: kept"}


def test_several_mails_go_over_one_connection_to_a_near_server(server: Sink) -> None:
    tell(LOW)
    sending.send_due()
    assert (server.connections, server.greeted_as) == (1, {settings().mail_domain})


def test_a_temporary_refusal_is_tried_again_with_the_same_message_id(server: Sink) -> None:
    refused: list[str] = []

    def once(rcpt: str) -> str | None:
        if rcpt in refused:
            return None
        refused.append(rcpt)
        return "451 4.3.0 disk busy"

    server.on_data = once
    tell(LOW)
    sending.send_due()
    waiting = rows_of("select failure, next_at > now() + interval '20 s' as later, message_id from mail")
    assert [(r.failure, r.later) for r in waiting] == [("temporary", True)] * 2
    try_again_now()
    sending.send_due()
    assert {m["Message-ID"] for _, m in server.messages()} == {r.message_id for r in waiting}
    assert [r.words for r in rows_of("select words from mail_note")] == ["451 4.3.0 disk busy"] * 2


def test_a_refused_address_is_marked_and_waits_until_it_is_mended(server: Sink) -> None:
    server.on_rcpt = lambda rcpt: "550 5.1.1 no such user" if rcpt.startswith("director@") else None
    tell(LOW)
    sending.send_due()
    assert len(server.accepted) == 1
    assert digests("unroutable") == [(VEGA, "first", "unroutable")]
    tell(LOW, FEB28)
    assert [state for director, _, state in digests()[1:] if director == VEGA] == ["unroutable"]
    tell_directory(
        [person("marta.vega@lausd.example", "Vega, Marta"), person("soren.frisch@lausd.example", "Frisch, Soren L")],
        revision=2,
    )
    sending.send_due()
    assert sorted(rcpt for rcpt, _ in server.accepted) == [
        "marta.vega@lausd.example", "soren.frisch@lausd.example", "soren.frisch@lausd.example",
    ]  # fmt: skip
    assert digests("unroutable") == []


def test_a_refused_address_that_takes_a_mail_sent_again_works_again(server: Sink) -> None:
    server.on_rcpt = lambda rcpt: "550 5.1.1 no such user" if rcpt.startswith("director@") else None
    tell(LOW)
    sending.send_due()
    failed = rows_of("select mail_id from mail where state = 'failed'")[0].mail_id
    answers = {"director@lausd.example": "550 5.1.1 no such user"}
    server.on_rcpt = answers.get
    for answer in ("550 5.1.1 no such user", ""):
        with transaction("notify") as session:
            mail_actions.resend(session, failed, "central")
        sending.send_due()
        assert [r.refused for r in rows_of("select refused from director where name like 'Vega%'")] == [answer]
        answers.clear()
    tell(LOW, FEB28)
    assert digests("unroutable") == []
    sending.send_due()
    assert [rcpt for rcpt, _ in server.accepted].count("director@lausd.example") == 2


def test_who_gets_another_address_after_a_refusal_is_told_what_left_meanwhile(server: Sink) -> None:
    tell(LOW[:2], FEB14)
    sending.send_due()
    server.on_rcpt = lambda rcpt: "550 5.1.1 no such user" if rcpt.startswith("director@") else None
    tell([row("Alder 4001", 60, 100), row("Birch 4002", 80, 100)], FEB21)
    sending.send_due()
    assert digests("unroutable") == [(VEGA, "all left", "unroutable")]
    tell_directory([person("marta.vega@lausd.example", "Vega, Marta")], revision=2)
    sending.send_due()
    assert [(rcpt, message["Subject"]) for rcpt, message in server.messages()[1:]] == [
        ("marta.vega@lausd.example", "All your schools are above 25% - SES Sp25")
    ]
    assert digests("unroutable") == []


@pytest.mark.parametrize(
    ("stage", "answer", "failure"),
    [("on_rcpt", "550 5.1.1 no such user", "address refused"), ("on_data", "554 5.6.0 rejected", "message refused")],
)
def test_a_server_that_hangs_up_after_it_refused_one_mail_is_understood_and_gets_the_others(
    server: Sink, stage: str, answer: str, failure: str
) -> None:
    server.hangs_up = True
    setattr(server, stage, lambda rcpt: answer if rcpt.startswith("soren") else None)
    tell(LOW)
    for _ in range(2):
        sending.send_due()
    assert [rcpt for rcpt, _ in server.accepted] == ["director@lausd.example"]
    refused = rows_of("select failure, last_reply from mail where state = 'failed'")
    assert [(r.failure, r.last_reply) for r in refused] == [(failure, answer)]
    assert (rows_of("select * from mail_pause"), server.connections) == ([], 2)


@pytest.mark.parametrize("address", ["vega@lausd.example.", "vega@lausd..example"])
def test_an_address_that_no_mail_can_have_is_settled_and_the_others_go(server: Sink, address: str) -> None:
    tell_directory([person(address, "Vega, Marta"), person("soren.frisch@lausd.example", "Frisch, Soren L")], 2)
    tell(LOW)
    sending.send_due()
    assert [rcpt for rcpt, _ in server.accepted] == ["soren.frisch@lausd.example"]
    assert [(r.rcpt, r.failure) for r in rows_of("select rcpt, failure from mail where state = 'failed'")] == [
        (address, "message refused")
    ]
    assert digests("unroutable") == [(VEGA, "first", "unroutable")]


def test_a_mail_that_cannot_be_made_is_settled_and_the_others_go(server: Sink) -> None:
    tell(LOW)
    rows_of("update digest set content = '{\"lines\": [[1]]}' where director = :director returning 1", director=FRISCH)
    sending.send_due()
    assert [rcpt for rcpt, _ in server.accepted] == ["director@lausd.example"]
    (failed,) = rows_of("select failure, last_reply from mail where state = 'failed'")
    assert failed.failure == "message refused" and failed.last_reply.startswith("this mail cannot be made")


def test_a_server_that_answers_long_after_the_text_gets_the_mail_once(
    server: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(smtp, "GREETING_SECONDS", 1.0)
    server.on_data = lambda _rcpt: time.sleep(1.5)
    tell(LOW[:2])
    sending.send_due()
    assert len(server.accepted) == 1
    assert [(r.state, r.unknown) for r in rows_of("select state, unknown from mail")] == [("sent", 0)]


def test_a_mail_that_may_have_been_taken_is_sent_once_more_and_then_a_person_decides(
    server: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(smtp, "TEXT_SECONDS", 0.3)
    server.on_data = lambda _rcpt: time.sleep(1.0)
    tell(LOW[:2], FEB14)
    sending.send_due()
    (first,) = rows_of("select *, next_at > now() + interval '10 min' as later from mail")
    assert (first.state, first.failure, first.unknown, first.later) == ("queued", "unknown outcome", 1, True)
    for _ in range(3):
        try_again_now()
        sending.send_due()
    until(lambda: len(server.accepted) == 2)
    assert {message["Message-ID"] for _, message in server.messages()} == {first.message_id}
    assert [(r.state, r.unknown) for r in rows_of("select state, unknown from mail")] == [("failed", 2)]
    assert digests() == [(VEGA, "first", "planned")], "it counts as told"
    server.on_data = lambda _rcpt: None
    with transaction("notify") as session:
        mail_actions.resend(session, first.mail_id, "central")
    rows_of("delete from mail_pause returning 1")
    sending.send_due()
    assert len(server.accepted) == 3


def test_a_mail_whose_sender_died_twice_is_left_to_a_person(server: Sink) -> None:
    tell(LOW[:2])
    rows_of("update mail set state = 'sending', unknown = 1, next_at = now() returning 1")
    sending.send_due()
    assert server.accepted == []
    (mail,) = rows_of("select state, unknown, failure from mail")
    assert (mail.state, mail.unknown, mail.failure) == ("failed", 2, "unknown outcome")
    assert [r.what for r in rows_of("select what from mail_note")] == ["unknown outcome"]


def test_a_turn_of_sending_ends_within_its_time_limit_and_that_within_the_lease() -> None:
    task = bus.celery.tasks["notify.send_mail"]
    longest = sending.ROUND_SECONDS + smtp.GREETING_SECONDS + smtp.COMMAND_SECONDS + smtp.MAIL_SECONDS
    assert longest <= task.soft_time_limit < task.time_limit
    assert smtp.MAIL_SECONDS < 15 * 60


def test_what_a_server_says_of_one_recipient_only_is_about_that_address(server: Sink) -> None:
    server.on_rcpt = lambda rcpt: "550 5.7.1 not permitted" if rcpt.startswith("soren") else None
    for extraction_date in (FEB21, FEB28):
        tell(LOW, extraction_date)
        for _ in range(2):
            sending.send_due()
            try_again_now()
    assert [rcpt for rcpt, _ in server.accepted] == ["director@lausd.example"] * 2
    assert [(r.rcpt, r.failure) for r in rows_of("select rcpt, failure from mail where state = 'failed'")] == [
        ("soren.frisch@lausd.example", "address refused")
    ]
    assert digests("unroutable") == [(FRISCH, "first", "unroutable")]


def test_a_server_that_refuses_us_for_everybody_marks_no_address(server: Sink) -> None:
    server.on_rcpt = lambda _rcpt: "550 5.7.1 not permitted"
    for extraction_date in (FEB21, FEB28):
        tell(LOW, extraction_date)
        for _ in range(3):
            sending.send_due()
            try_again_now()
    assert rows_of("select count(*) as n from mail_note where what = 'auth'")[0].n > 1
    assert rows_of("select count(*) as n from mail where state = 'failed'")[0].n == 0
    assert digests("unroutable") == []


@pytest.mark.parametrize(
    ("answer", "failure"),
    [("535 5.7.8 bad credentials", "auth"), ("450 4.7.1 too many mails", "rate limit"), ("550 relay denied", "auth")],
)
def test_an_answer_about_the_server_pauses_all_mails_and_marks_no_address(
    server: Sink, answer: str, failure: str
) -> None:
    server.on_rcpt = lambda _rcpt: answer
    tell(LOW)
    sending.send_due()
    assert [(r.state, r.attempts, r.failure) for r in rows_of("select * from mail order by mail_id")] == [
        ("queued", 1, failure), ("queued", 0, ""),
    ]  # fmt: skip
    assert rows_of("select failure from mail_pause")[0].failure == failure
    sending.send_due()
    assert rows_of("select max(attempts) as most from mail")[0].most == 1
    server.on_rcpt = lambda _rcpt: None
    try_again_now()
    sending.send_due()
    assert len(server.accepted) == 2
    assert rows_of("select * from mail_pause") == []


def test_nothing_is_lost_while_the_server_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    tell_directory()
    tell(LOW)
    sending.send_due()
    assert [(r.state, r.attempts) for r in rows_of("select * from mail")] == [("queued", 0)] * 2
    assert rows_of("select failure from mail_pause")[0].failure == "timeout"
    with sink() as (kept, url):
        monkeypatch.setattr(settings(), "smtp_url", url)
        sending.send_due()
        assert kept.accepted == []
        try_again_now()
        sending.send_due()
        assert len(kept.accepted) == 2


def test_a_distant_server_gets_several_connections_and_each_mail_once(
    server: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [f"Person{chr(97 + n // 26)}{chr(97 + n % 26)}, Ana" for n in range(40)]
    tell_directory([person(f"p{n}@lausd.example", name) for n, name in enumerate(names)], revision=2)
    tell([row(f"School {4100 + n}", 5, 100, name) for n, name in enumerate(names)])
    with slowed(int(settings().smtp_url.rpartition(":")[2]), 0.02) as port:
        monkeypatch.setattr(settings(), "smtp_url", f"smtp://127.0.0.1:{port}")
        sending.send_due()
    assert sorted(rcpt for rcpt, _ in server.accepted) == sorted(f"p{n}@lausd.example" for n in range(40))
    assert 4 <= server.connections <= 6


def test_outside_the_hours_nothing_is_sent_and_nothing_lost(server: Sink) -> None:
    tell(LOW)
    rows_of("insert into alert_settings(id, quiet_from, quiet_until) values (1, '00:00', '23:59:59.999') returning 1")
    sending.send_due()
    assert (server.accepted, len(mails())) == ([], 2)
    rows_of("update alert_settings set quiet_from = null returning 1")
    sending.send_due()
    assert len(server.accepted) == 2


def test_a_rate_limit_of_our_own_is_kept(server: Sink) -> None:
    tell(LOW)
    rows_of("insert into alert_settings(id, per_minute) values (1, 1) returning 1")
    sending.send_due()
    assert len(server.accepted) == 1
    rows_of("update mail set sent_at = now() - interval '61 s' where state = 'sent' returning 1")
    sending.send_due()
    assert len(server.accepted) == 2


def time_passes(minutes: int) -> None:
    """As if so many minutes had gone by for what waits."""
    rows_of(
        f"update mail_pause set resume_at = resume_at - interval '{minutes} min', since = since - interval '{minutes} min' returning 1"
    )
    rows_of(f"update mail set next_at = next_at - interval '{minutes} min' where state = 'queued' returning 1")


@pytest.mark.parametrize("away", ["unreachable", "refusing"])
def test_over_a_day_without_a_mail_server_nothing_is_lost_and_few_tries_are_made(
    server: Sink, monkeypatch: pytest.MonkeyPatch, away: str
) -> None:
    there, tries = settings().smtp_url, []
    server.on_rcpt = lambda rcpt: tries.append(rcpt) or "451 4.3.0 disk full"  # type: ignore[func-returns-value]
    if away == "unreachable":
        monkeypatch.setattr(settings(), "smtp_url", "smtp://127.0.0.1:9")
    tell(LOW)
    for _ in range(24 * 60 // 20):
        sending.send_due()
        time_passes(20)
    assert len(mails()) == 2
    waits = rows_of("select extract(epoch from resume_at - now()) / 60 as minutes from mail_pause")
    assert len(tries) <= 2 * 24 * 2 + 14
    assert [w.minutes <= 38 for w in waits] == [True] * (away == "unreachable")
    server.on_rcpt = lambda _rcpt: None
    monkeypatch.setattr(settings(), "smtp_url", there)
    time_passes(40)
    sending.send_due()
    assert sorted(rcpt for rcpt, _ in server.accepted) == ["director@lausd.example", "soren.frisch@lausd.example"]
    assert rows_of("select * from mail_pause") == []


def test_after_an_outage_over_two_extractions_a_director_gets_one_mail_with_all(
    server: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = settings().smtp_url
    monkeypatch.setattr(settings(), "smtp_url", "smtp://127.0.0.1:9")
    tell(LOW)
    sending.send_due()
    tell(LOW, FEB28)
    monkeypatch.setattr(settings(), "smtp_url", there)
    try_again_now()
    sending.send_due()
    assert sorted(message["Subject"] for _, message in server.messages()) == [
        "1 school below 25% - SES Sp25, Feb 28", "2 schools below 25% - SES Sp25, Feb 28",
    ]  # fmt: skip
