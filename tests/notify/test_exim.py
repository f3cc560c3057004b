"""One round with Debian's exim4: a mail server that other people wrote takes our mails and delivers them."""

import pytest

from deploy.embedded.servers import free_port
from services.notify.actions import sending
from shared.settings import settings
from tests.deploy.waiting import until
from tests.notify.exim import exim
from tests.notify.telling import FRISCH, digests, row, rows_of, tell, tell_directory


@pytest.mark.usefixtures("clean")
def test_exim_delivers_what_was_sent_and_its_refusal_is_understood(monkeypatch: pytest.MonkeyPatch) -> None:
    tell_directory()
    tell([row("Alder 4001", 10, 100), row("Cedar 4003", 5, 100, FRISCH)])
    port = free_port()
    monkeypatch.setattr(settings(), "smtp_url", f"smtp://127.0.0.1:{port}")
    with exim(port, "soren.frisch") as server:
        sending.send_due()
        until(lambda: len(server.mails()) == 1)
        mail = server.mails()[0]
    sent = rows_of("select * from mail where rcpt = 'director@lausd.example'")[0]
    assert (sent.state, sent.last_reply[:6]) == ("sent", "250 OK")
    assert (mail["To"], mail["Subject"], mail["Message-ID"]) == (sent.rcpt, sent.subject, sent.message_id)
    assert mail["Received"].startswith("from")
    assert [part.get_content_type() for part in mail.walk()][2:4] == ["text/plain", "text/html"]
    assert "ANSWER-LINK" not in mail.as_string()
    refused = rows_of("select * from mail where rcpt like 'soren%'")[0]
    assert (refused.state, refused.failure) == ("failed", "address refused")
    assert digests("unroutable") == [(FRISCH, "first", "unroutable")]
