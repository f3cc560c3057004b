"""One round with Debian's exim4 on the loopback: a mail server that other people wrote takes our mails and delivers them."""

import mailbox
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.servers import free_port
from services.notify.actions import sending
from services.notify.mailer.smtp import Interrupted, connection
from shared.settings import settings
from tests.deploy.waiting import until
from tests.notify.telling import FRANCO, asked, digests, row, tell, tell_directory

CONFIG = """
spool_directory = {folder}/spool
log_file_path = {folder}/%slog
pid_file_path = {folder}/exim.pid
primary_hostname = mail.lausd.example
local_interfaces = 127.0.0.1
daemon_smtp_ports = {port}
tls_advertise_hosts =
exim_user = {user}
exim_group = {group}
keep_environment =
acl_smtp_rcpt = check
begin acl
check:
  deny local_parts = sergio.franco
       message = 5.1.1 unknown person
  accept
begin routers
all:
  driver = accept
  transport = file
begin transports
file:
  driver = appendfile
  file = {folder}/mbox
  user = {user}
  delivery_date_add
"""


def reached(url: str) -> bool:
    with connection(url) as server:
        return server.round_trip >= 0


@pytest.fixture
def exim(monkeypatch: pytest.MonkeyPatch, clean: None) -> Iterator[Path]:
    """A running exim with a folder of its own; the mails that it delivers are in `mbox` there."""
    program = shutil.which("exim4", path=f"{os.environ['PATH']}:/usr/sbin")
    assert program, "exim4 is not installed: apt-get install exim4-daemon-light, then run the tests again."
    owner = pwd.getpwnam("Debian-exim") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
    folder = Path(tempfile.mkdtemp(prefix="ses-exim-"))
    folder.chmod(0o755)
    os.chown(folder, owner.pw_uid, owner.pw_gid)
    port = free_port()
    config = folder / "exim.conf"
    config.write_text(CONFIG.format(folder=folder, port=port, user=owner.pw_name, group=owner.pw_gid))
    running = subprocess.Popen([program, "-C", str(config), "-bdf", "-q1m"])
    try:
        url = f"smtp://127.0.0.1:{port}"
        until(lambda: reached(url), Interrupted)
        monkeypatch.setattr(settings(), "smtp_url", url)
        yield folder
    finally:
        running.terminate()
        running.wait()
        shutil.rmtree(folder)


def delivered(folder: Path) -> list[mailbox.mboxMessage]:
    """The whole mails of the mailbox."""
    return [mail for mail in mailbox.mbox(folder / "mbox", create=False) if mail["Delivery-date"]]


def test_exim_delivers_what_was_sent_and_its_refusal_is_understood(exim: Path) -> None:
    tell_directory()
    tell([row("Alder 4001", 10, 100), row("Cedar 4003", 5, 100, FRANCO)])
    sending.send_due()
    until(lambda: len(delivered(exim)) == 1, FileNotFoundError, mailbox.NoSuchMailboxError)
    mail = delivered(exim)[0]
    sent = asked("select * from mail where rcpt = 'director@lausd.example'")[0]
    assert (sent.state, sent.last_reply[:6]) == ("sent", "250 OK")
    assert (mail["To"], mail["Subject"], mail["Message-ID"]) == (sent.rcpt, sent.subject, sent.message_id)
    assert mail["Received"].startswith("from")
    assert [part.get_content_type() for part in mail.walk()][2:4] == ["text/plain", "text/html"]
    assert "ANSWER-LINK" not in mail.as_string()
    refused = asked("select * from mail where rcpt like 'sergio%'")[0]
    assert (refused.state, refused.failure) == ("failed", "address refused")
    assert digests("unroutable") == [(FRANCO, "first", "unroutable")]
