"""Mail that comes back: a real mail server bounces, a real mailbox is read; what is not about a mail of ours changes nothing."""

from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from services.notify.actions import bouncing, sending
from services.notify.rules.bounces import AWAY, FAILED, LOOP, OTHER, Forged, bounce_address, mail_of, report_of
from services.notify.rules.replies import read_mail
from shared.db import transaction
from shared.settings import settings
from tests.deploy.waiting import until
from tests.notify.bounce_servers import bounce_servers
from tests.notify.telling import FRISCH, digests, row, rows_of, tell, tell_directory

BASE, KEY = "ses-bounces@lausd.example", b"k" * 32
OWN = ("ses@lausd.example", "ses-support@lausd.example")


@given(st.integers(0, 10**18 - 1), st.booleans())
def test_only_an_address_that_we_signed_names_a_mail(number: int, upper: bool) -> None:
    address = bounce_address(BASE, KEY, number)
    assert mail_of([address.upper() if upper else address], BASE, KEY) == number
    assert len(address.partition("@")[0]) <= 64
    for wrong in (address.replace("+", "+1"), bounce_address(BASE, b"o" * 32, number), "ses-bounces+x@lausd.example"):
        with pytest.raises(Forged):
            mail_of([wrong], BASE, KEY)
    assert mail_of([BASE, "a@x.example", address.replace("lausd", "other")], BASE, KEY) is None


def answer(**headers: str) -> bytes:
    made = EmailMessage()
    for name, value in {"From": "a@x.example", "To": BASE, "Subject": "Re: mail", **headers}.items():
        made[name.replace("_", "-")] = value
    made.set_content("words")
    return made.as_bytes()


def status(action: str, code: str, kind: str = "multipart/report; report-type=delivery-status") -> bytes:
    return (
        f"From: MAILER-DAEMON@x.example\r\nTo: {BASE}\r\nContent-Type: {kind}; boundary=b\r\nMIME-Version: 1.0\r\n\r\n"
        "--b\r\nContent-Type: text/plain\r\n\r\nSorry.\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.x.example\r\n\r\n"
        f"Original-Recipient: rfc822;a@x.example\r\nFinal-Recipient: RFC822; b@y.example\r\nAction: {action}\r\n"
        f"Status: {code} (words)\r\nDiagnostic-Code: smtp; 550 5.1.1\r\n  unknown user\r\n\r\n--b--\r\n"
    ).encode()


def test_a_report_is_read_by_rfc_3464_and_an_answer_by_a_machine_is_kept_apart() -> None:
    failed = report_of(status("Failed", "5.1.1"), OWN)
    assert failed == (FAILED, "b@y.example", "a@x.example", "5.1.1", "smtp; 550 5.1.1 unknown user")
    assert [report_of(status(action, "4.2.2"), OWN).kind for action in ("delayed", "relayed", "what")] == [
        "delayed", "delivered", OTHER,
    ]  # fmt: skip
    for headers in (
        {"Auto_Submitted": "auto-replied"}, {"X_Autoreply": "yes"}, {"Precedence": "auto_reply"},
        {"Subject": "Automatic reply: 3 schools"}, {"Subject": "Out of office"},
    ):  # fmt: skip
        assert report_of(answer(**headers), OWN).kind == AWAY, headers
    assert report_of(answer(), OWN).kind == OTHER
    assert report_of(answer(From="School Experience Survey <SES@lausd.example>"), OWN).kind == LOOP
    assert report_of(answer(X_Failed_Recipients="a@x.example"), OWN)[:2] == (FAILED, "a@x.example")


@given(st.binary(max_size=400))
def test_whatever_comes_in_is_read_to_something(raw: bytes) -> None:
    assert report_of(raw, OWN).kind in (FAILED, "delayed", "delivered", AWAY, LOOP, OTHER)


@pytest.mark.usefixtures("clean")
def test_a_mail_that_a_real_server_bounces_comes_back_to_its_row_its_address_and_the_queue(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tell_directory()
    tell([row("Alder 4001", 10, 100), row("Cedar 4003", 5, 100, FRISCH)])
    with bounce_servers("soren.frisch") as servers:
        monkeypatch.setattr(settings(), "smtp_url", servers.smtp_url)
        monkeypatch.setattr(settings(), "imap_url", SecretStr(servers.imap_url))
        monkeypatch.setattr(settings(), "bounce_address", BASE)
        sending.send_due()
        assert [r.state for r in rows_of("select state from mail")] == ["sent", "sent"]
        until(lambda: len(servers.received()) == 1)
        assert bouncing.read_mailbox() == 1
        assert bouncing.read_mailbox() == 0, "what is read is read once"
        (report,) = servers.received()
    bounced = rows_of("select * from mail where rcpt like 'soren%'")[0]
    assert (bounced.state, bounced.failure) == ("bounced", "address refused")
    assert [(b.kind, b.mail_id, b.recipient) for b in rows_of("select * from bounce")] == [
        ("failed", bounced.mail_id, "soren.frisch@lausd.example")
    ]
    assert digests("unroutable") == [(FRISCH, "first", "unroutable")]
    refused = rows_of("select refused from director where email like 'soren%'")[0].refused
    assert "no such person here" in refused
    with transaction("notify") as session:
        bouncing.take_report(session, report, read_mail(report, "", OWN))
    assert len(rows_of("select 1 from bounce")) == 1, "the same report twice is kept once"
    assert rows_of("select state from mail where rcpt like 'director%'")[0].state == "sent"


@pytest.mark.usefixtures("clean")
def test_a_bounce_for_no_mail_of_ours_a_forged_one_and_a_loop_change_nothing_and_are_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tell_directory()
    tell([row("Alder 4001", 10, 100)])
    rows_of("update mail set state = 'sent', sent_at = now() returning 1")
    monkeypatch.setattr(settings(), "bounce_address", BASE)
    key = settings().link_key.get_secret_value().encode()
    number = rows_of("select mail_id from mail")[0].mail_id
    mine, nobodys = bounce_address(BASE, key, number), bounce_address(BASE, key, 999_999)
    before = (rows_of("select * from mail"), rows_of("select * from director"), digests())
    cases = {
        "unknown": [status("failed", "5.1.1"), status("failed", "5.1.1").replace(BASE.encode(), nobodys.encode())],
        "forged": [status("failed", "5.1.1").replace(BASE.encode(), mine.replace("+", "+7").encode())],
        "loop": [answer(From=OWN[0], To=mine)],
        "away": [answer(To=mine, Auto_Submitted="auto-replied")],
    }
    for kind, mails in cases.items():
        for raw in mails:
            with transaction("notify") as session:
                assert bouncing.take_report(session, raw, read_mail(raw, "", OWN)) == kind
    assert before == (rows_of("select * from mail"), rows_of("select * from director"), digests())
    assert [(r.kind, r.n) for r in rows_of("select kind, count(*) as n from bounce group by 1 order by 1")] == [
        ("away", 1), ("forged", 1), ("loop", 1), ("unknown", 2),
    ]  # fmt: skip
