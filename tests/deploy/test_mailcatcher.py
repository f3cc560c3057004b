"""The mail catcher by real SMTP and HTTP: what is sent is shown, kept and cannot do harm."""

import smtplib
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from deploy.embedded.mailcatcher import catcher_app
from deploy.embedded.mails import Mailbox
from deploy.embedded.servers import free_port


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def page(tmp_path: Path, port: int) -> Iterator[TestClient]:
    with TestClient(catcher_app(tmp_path / "mails", f"smtp://127.0.0.1:{port}"), "http://127.0.0.1") as client:
        yield client


def digest(subject: str = "3 schools still in Tier 1", to: str = "irma.frisch@lausd.example") -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "SES <ses@lausd.example>", to, subject
    mail["Message-ID"] = "<digest-1@lausd.example>"
    mail.set_content("Álamo Elementary needs 7 surveys.")
    mail.add_alternative("<h1>Álamo</h1><script>alert(1)</script><a href='/rates/'>rows</a>", subtype="html")
    mail.add_attachment(b"PK\x03\x04", maintype="application", subtype="zip", filename="schools März.xlsx")
    return mail


def send(port: int, *mails: EmailMessage, to: list[str] | None = None) -> None:
    with smtplib.SMTP("127.0.0.1", port, timeout=10) as smtp:
        for mail in mails:
            smtp.send_message(mail, to_addrs=to)


def only(page: TestClient) -> str:
    [mail] = page.get("/mails.json").json()
    return f"/mails/{mail['id']}"


def test_a_mail_is_shown_with_recipient_subject_text_headers_and_attachment(page: TestClient, port: int) -> None:
    send(port, digest())
    assert "3 schools still in Tier 1" in page.get("/").text
    shown = page.get(only(page)).text
    for part in (
        "irma.frisch@lausd.example",
        "Álamo Elementary needs 7",
        "digest-1@lausd.example",
        "schools März.xlsx",
    ):
        assert part in shown
    file = page.get(f"{only(page)}/attachments/1")
    assert file.content == b"PK\x03\x04"
    assert file.headers["content-disposition"].startswith("attachment;")
    assert b"X-Caught-To" not in page.get(f"{only(page)}/source").content


def test_the_html_of_a_mail_runs_no_script_and_reaches_nothing_outside(page: TestClient, port: int) -> None:
    send(port, digest())
    html = page.get(f"{only(page)}/html")
    assert "<h1>Álamo</h1>" in html.text
    policy = html.headers["content-security-policy"]
    assert policy.startswith("sandbox allow-popups")
    assert "default-src 'none'" in policy
    assert "allow-scripts" not in policy
    assert 'sandbox="allow-popups' in page.get(only(page)).text


def test_the_newest_is_first_and_search_finds_words_in_recipient_or_subject(page: TestClient, port: int) -> None:
    send(port, digest("first"), digest("second", "rosa.mandel@lausd.example"))
    assert [mail["subject"] for mail in page.get("/mails.json").json()] == ["second", "first"]
    found = page.get("/", params={"q": "mandel SECOND"}).text
    assert "second" in found
    assert '">first</a>' not in found
    assert "None of the 2 mails" in page.get("/", params={"q": "<b>nobody"}).text


def test_whoever_got_a_blind_copy_is_seen(page: TestClient, port: int) -> None:
    send(port, digest(), to=["hidden@lausd.example"])
    assert page.get("/mails.json").json()[0]["to"] == "hidden@lausd.example"


def test_a_subject_with_markup_is_text(page: TestClient, port: int) -> None:
    send(port, digest("<img src=x onerror=alert(1)>"))
    for path in ("/", only(page)):
        assert "<img" not in page.get(path).text
        assert "script-src" not in page.get(path).headers["content-security-policy"]


def test_mails_are_there_after_a_restart_and_the_oldest_go_first(tmp_path: Path) -> None:
    box = Mailbox(tmp_path, kept=2)
    for number in range(3):
        box.keep(["a@lausd.example"], digest(f"mail {number}").as_bytes())
    again = Mailbox(tmp_path, kept=2)
    assert [mail.subject for mail in again.found()] == ["mail 2", "mail 1"]
    assert len(list(tmp_path.iterdir())) == 2


def test_what_is_not_there_is_not_found_and_other_host_names_are_refused(page: TestClient, port: int) -> None:
    assert page.get("/mails/1-1").status_code == 404
    assert page.get("/mails/..%2f..%2fsecrets").status_code == 404
    send(port, digest())
    assert page.get(f"{only(page)}/attachments/9").status_code == 404
    assert page.get("/", headers={"host": "evil.example"}).status_code == 400
