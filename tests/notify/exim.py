"""Debian's exim4 on the loopback as a mail server of its own, which keeps what it delivers and refuses some people."""

import mailbox
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from services.notify.mailer.smtp import Interrupted, connection
from tests.deploy.waiting import until

# What every exim of the tests begins with: a spool and a log of its own, one port of the loopback, its own user.
MAIN = """
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
"""
CONFIG = (
    MAIN
    + """  deny local_parts = {unknown}
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
)


class Exim:
    """What a running exim has delivered."""

    def __init__(self, folder: Path) -> None:
        self.mbox = folder / "mbox"

    def mails(self) -> list[EmailMessage]:
        """The mails of the mailbox that were written to their end, in the order of delivery."""
        if not self.mbox.exists():
            return []
        whole = [mail for mail in mailbox.mbox(self.mbox, create=False) if mail["Delivery-date"]]
        return [message_from_bytes(mail.as_bytes(), policy=policy.default) for mail in whole]


def reached(port: int) -> bool:
    with connection(f"smtp://127.0.0.1:{port}") as server:
        return server.round_trip >= 0


@contextmanager
def exim(port: int, *unknown: str) -> Iterator[Exim]:
    """A running exim on the port; it refuses recipients with the local parts `unknown`."""
    program = shutil.which("exim4", path=f"{os.environ['PATH']}:/usr/sbin")
    assert program, "exim4 is not installed: apt-get install exim4-daemon-light, then run the tests again."
    owner = pwd.getpwnam("Debian-exim") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
    folder = Path(tempfile.mkdtemp(prefix="ses-exim-"))
    folder.chmod(0o755)
    os.chown(folder, owner.pw_uid, owner.pw_gid)
    config = folder / "exim.conf"
    named = {"user": owner.pw_name, "group": owner.pw_gid, "unknown": " : ".join(unknown)}
    config.write_text(CONFIG.format(folder=folder, port=port, **named))
    running = subprocess.Popen([program, "-C", str(config), "-bdf", "-q1m"])
    try:
        until(lambda: reached(port), Interrupted)
        yield Exim(folder)
    finally:
        running.terminate()
        running.wait()
        shutil.rmtree(folder)
