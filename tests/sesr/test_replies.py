"""Strike reports written as mails: from the mailbox to the board and back, and every way in which one is not taken."""

import re
from collections.abc import Iterator
from email.message import EmailMessage
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr
from sqlalchemy import text

from services.notify.actions import bouncing, replies
from services.notify.rules.replies import FORGED, MACHINE, WAITING, read_mail, read_reply, school_of
from services.sesr.rules.replies import EXAMPLE, UnreadReply, parse_reply
from shared.db import transaction
from shared.delivery.outbox import publish
from shared.events import DirectoryLoaded, DirectoryPerson
from shared.settings import settings
from tests.deploy.waiting import until
from tests.notify.bounce_servers import bounce_servers
from tests.notify.sinks import Sink, sink
from tests.people import browser_of
from tests.sesr.world import ALDER, BIRCH, CEDAR, SCHOOLS, open_incident, send
from tests.stack import deliver, failures

BASE, SERVER = "ses-report@lausd.example", "mx.lausd.example"
PRINCIPAL = "principal@lausd.example"
PROVEN = f"{SERVER}; spf=pass smtp.mailfrom=lausd.example; dmarc=pass (p=reject) header.from=lausd.example"


def mail(words: str, sender: str = PRINCIPAL, **headers: str) -> bytes:
    """A mail as the district's own server delivers it."""
    made = EmailMessage()
    given = {"From": f"Per Lindqvist <{sender}>", "To": BASE, "Subject": "Re: Report due at 11:00"}
    given |= {"Authentication_Results": PROVEN, "Message_ID": f"<{uuid4()}@lausd.example>", **headers}
    for name, value in given.items():
        if value:
            made[name.replace("_", "-")] = value
    made.set_content(words)
    return made.as_bytes()


@pytest.fixture
def postbox(clean: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sink]:
    """Replies are on, an incident is open, the directory knows who reports; what is answered is in the sink."""
    people = [
        DirectoryPerson(
            f"principal:{PRINCIPAL}", "Lindqvist, Per", "Principal@lausd.example", "principal", [ALDER], []
        ),
        DirectoryPerson("designee:d", "Haddad, Noor", "designee@lausd.example", "designee", [ALDER], []),
        DirectoryPerson("director:x", "Vega, Marta", "director@lausd.example", "director", [], []),
    ]
    with transaction("ingest") as session:
        publish(session, DirectoryLoaded(revision=1, part=1, parts=1, schools=SCHOOLS, people=people))
    deliver()
    open_incident(windows="8:30, 13:30")
    with sink() as (kept, url):
        monkeypatch.setattr(settings(), "smtp_url", url)
        monkeypatch.setattr(settings(), "reply_address", BASE)
        monkeypatch.setattr(settings(), "reply_server", SERVER)
        yield kept


def arrive(raw: bytes) -> str:
    """The mail is read from the mailbox, goes its way, and is answered; what notify made of it."""
    read = read_mail(raw, SERVER, ())
    school = replies.school_named(read.addresses)
    assert school is not None
    with transaction("notify") as session:
        outcome = replies.take_reply(session, read.reply._replace(school_key=school))
    deliver(times=2)
    assert failures() == []
    replies.send_answers()
    replies.send_answers()
    return outcome


def rows(service: str, statement: str) -> list[dict[str, Any]]:
    with transaction(service) as session:
        return [dict(row._mapping) for row in session.execute(text(statement))]


def reports() -> list[dict[str, Any]]:
    return rows("sesr", "select school_key, counts, flags, author, note from report order by number")


def answer(kept: Sink) -> str:
    """The one answer that was sent."""
    [found] = kept.mails()
    return str(found.get_content())


def test_a_reply_is_a_report_by_its_person_and_is_confirmed_once(postbox: Sink) -> None:
    raw = mail("120 present, 31 staff, media yes\n\nSent from my phone\n> 999 present")
    assert arrive(raw) == WAITING
    [report] = reports()
    assert (report["school_key"], report["author"]) == (ALDER, f"{PRINCIPAL} as principal")
    assert report["counts"]["students_present"] == 120 and report["flags"] == {"media": True}
    assert report["note"].startswith("It was written as a mail. 31 staff in all, written without their classes")
    [confirmed] = postbox.mails()
    said = str(confirmed.get_content())
    assert "Report 1 of Alder El is in." in said and "Students present: 120" in said and "Media on site: yes" in said
    assert confirmed["To"] == PRINCIPAL and confirmed["Subject"] == "Re: Report due at 11:00"
    assert confirmed["Auto-Submitted"] == "auto-replied"
    assert confirmed["In-Reply-To"] == re.search(r"Message-ID: (\S+)", raw.decode())[1]  # type: ignore[index]
    assert arrive(raw) == "twice"
    assert (len(reports()), len(postbox.mails())) == (1, 1)
    assert rows("notify", "select outcome, answer_state from received_reply") == [
        {"outcome": "taken", "answer_state": "sent"}
    ]


def test_no_address_and_no_phone_is_in_an_event(postbox: Sink) -> None:
    arrive(mail("120 present"))
    for service, topic in (("notify", "notify.reply_received"), ("sesr", "sesr.reply_settled")):
        [row] = rows(service, f"select payload, key from outbox_event where topic = '{topic}'")
        assert "@" not in str(row) and "Lindqvist" not in str(row) and "213-555" not in str(row)


def test_what_was_not_written_stays_as_in_the_report_before(postbox: Sink) -> None:
    assert (
        send(
            counts={"students_present": 310, "certificated_admin": 3, "walkout": 12}, flags={"media": True}
        ).status_code
        == 201
    )
    arrive(mail("walkout: 40, 280 present"))
    counts = reports()[-1]["counts"]
    assert [counts[name] for name in ("students_present", "walkout", "certificated_admin")] == [280, 40, 3]
    assert reports()[-1]["flags"]["media"] is True
    said = answer(postbox)
    assert "As in the report before:" in said and "Certificated present (administrators): 3" in said


REFUSED = {
    "ok": "“ok” could not be read",
    "media yes": "the number of students present is missing",
    "120 present, 130 present": "was written twice",
    "about 120 present": "could not be read",
    "120 present, media maybe": "could not be read",
    "0 present": "Confirm that there are really no students on site",
    f"{CEDAR}: 120 present": f"The school {CEDAR} is not one of yours. Yours: {ALDER} (Alder El).",
    "": "the number of students present is missing",
}


def test_what_is_not_clear_is_refused_with_an_example_and_counts_nothing(postbox: Sink) -> None:
    for words, sentence in REFUSED.items():
        assert arrive(mail(words)) == WAITING
        said = str(postbox.mails()[-1].get_content())
        assert said.startswith("Your report was not taken: "), words
        assert sentence.lower() in said.lower() and EXAMPLE in said, words
    assert reports() == []
    assert len(postbox.mails()) == len(REFUSED)
    assert rows("notify", "select distinct outcome from received_reply") == [{"outcome": "refused"}]


def test_a_zero_that_is_meant_is_taken(postbox: Sink) -> None:
    arrive(mail("0 present confirmed"))
    assert reports()[0]["counts"]["students_present"] == 0


def test_the_address_of_a_message_names_the_school_that_it_was_about(postbox: Sink) -> None:
    assert arrive(mail("120 present", To=f"ses-report+{BIRCH}@lausd.example")) == WAITING
    assert reports() == []
    assert f"The school {BIRCH} is not one of yours." in answer(postbox)
    assert arrive(mail("121 present", To=f"SES-Report+{ALDER}@lausd.example")) == WAITING
    assert [report["counts"]["students_present"] for report in reports()] == [121]


def test_after_closing_a_count_from_before_is_late_and_one_from_after_is_refused(postbox: Sink) -> None:
    with transaction("sesr") as session:
        session.execute(text("update incident set closed_at = now() - interval '10 minutes'"))
    arrive(mail("120 present"))
    assert reports() == []
    assert "Your report was not taken" in answer(postbox)


def test_whoever_the_directory_does_not_have_is_told_so_and_counts_nothing(postbox: Sink) -> None:
    for sender in ("director@lausd.example", "nobody@lausd.example"):
        assert arrive(mail("120 present", sender)) == "unknown"
    assert reports() == []
    assert [str(found["To"]) for found in postbox.mails()] == ["director@lausd.example", "nobody@lausd.example"]
    assert "no report was taken" in str(postbox.mails()[0].get_content())
    for _ in range(12):
        arrive(mail("120 present", "nobody@lausd.example"))
    assert len(postbox.mails()) == 1 + 10, "two machines do not go on for ever"


UNPROVEN = {
    "no result": "",
    "another server's": PROVEN.replace(SERVER, "mx.evil.example"),
    "failed": PROVEN.replace("dmarc=pass", "dmarc=fail"),
    "of another domain": PROVEN.replace("header.from=lausd", "header.from=evil"),
    "only by SPF": f"{SERVER}; spf=pass smtp.mailfrom=lausd.example",
    "in a comment": f"{SERVER}; dmarc=fail (dmarc=pass header.from=lausd.example) header.from=lausd.example",
    "in a name that begins alike": PROVEN.replace(SERVER, SERVER + ".evil.example"),
}


def test_a_sender_that_is_not_proven_by_the_own_server_is_kept_counts_nothing_and_gets_no_answer(postbox: Sink) -> None:
    for case, results in UNPROVEN.items():
        assert arrive(mail("120 present", Authentication_Results=results)) == FORGED, case
    assert (reports(), postbox.mails()) == ([], [])


def test_only_the_topmost_result_of_the_own_server_counts(postbox: Sink) -> None:
    failed = PROVEN.replace("dmarc=pass", "dmarc=fail")
    below = mail("120 present", Authentication_Results=failed).replace(
        b"Message-ID", f"Authentication-Results: {PROVEN}\nMessage-ID".encode(), 1
    )
    assert arrive(below) == FORGED
    two = mail("120 present").replace(b"From: ", b"From: a@lausd.example, ", 1)
    assert arrive(two) == FORGED
    assert reports() == []


MACHINES: list[dict[str, str]] = [
    {"Auto_Submitted": "auto-replied"}, {"Auto_Submitted": "auto-generated"}, {"Precedence": "bulk"},
    {"Subject": "Out of office"}, {"List_Id": "<x.example>"}, {"Return_Path": "<>"},
]  # fmt: skip


def test_an_answer_of_a_machine_is_kept_apart_and_never_answered(postbox: Sink) -> None:
    assert [arrive(mail("120 present", **headers)) for headers in MACHINES] == [MACHINE] * len(MACHINES)
    assert (reports(), postbox.mails()) == ([], [])


def test_an_answer_that_may_have_gone_is_never_sent_again(postbox: Sink) -> None:
    states: list[str] = []

    def refuse(_rcpt: str) -> str:
        states.extend(row["answer_state"] for row in rows("notify", "select answer_state from received_reply"))
        return "451 try later"

    postbox.on_data = refuse
    arrive(mail("120 present"))
    assert states == ["sending"], "noted before it is handed over, and handed over once"
    postbox.on_data = lambda _rcpt: None
    assert replies.send_answers() == 0
    assert postbox.mails() == []
    assert rows("notify", "select outcome, answer_state from received_reply") == [
        {"outcome": "taken", "answer_state": "failed"}
    ]


def test_who_has_the_role_no_more_is_refused(postbox: Sink) -> None:
    assert browser_of("ops").get("/sesr/").status_code == 403
    with transaction("ingest") as session:
        session.execute(text("delete from access.role_grant where role = 'principal'"))
    arrive(mail("120 present"))
    assert reports() == [] and "You do not report for a school now." in answer(postbox)


def test_replies_are_off_until_the_address_and_the_server_are_named(
    postbox: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings(), "reply_server", "")
    assert replies.school_named([BASE]) is None


@pytest.mark.usefixtures("postbox")
def test_a_mail_that_came_through_real_servers_is_on_the_board_and_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    base = "ses-bounces@lausd.example"
    with bounce_servers("gone") as servers:
        monkeypatch.setattr(settings(), "smtp_url", servers.smtp_url)
        monkeypatch.setattr(settings(), "imap_url", SecretStr(servers.imap_url))
        monkeypatch.setattr(settings(), "reply_address", base)
        from_phone = mail("120 present, media yes", To=f"ses-bounces+{ALDER}@lausd.example")
        (servers.maildir / "new" / "1.reply").write_bytes(from_phone)
        until(lambda: bouncing.read_mailbox() == 1)
        deliver()
        assert replies.send_answers() == 1
        assert bouncing.read_mailbox() == 0
    assert [report["counts"]["students_present"] for report in reports()] == [120]


@given(st.text(max_size=300))
def test_any_text_is_read_wholly_or_refused(words: str) -> None:
    try:
        parsed = parse_reply(words)
    except UnreadReply as refused:
        assert len(str(refused)) < 120
    else:
        assert parsed.counts["students_present"].isdigit()


@given(st.binary(max_size=300), st.text(max_size=40))
def test_any_mail_is_settled_or_waits_for_sesr(raw: bytes, school: str) -> None:
    found = read_reply(raw, "", SERVER, ())
    assert found.outcome in (FORGED, MACHINE)
    assert school_of([school, f"ses-report+{school}@lausd.example"], BASE) is not None
