"""Two real servers for mail that comes back: Debian's exim4, which bounces, and dovecot, which serves its mailbox by IMAP."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from deploy.embedded.servers import free_port
from services.notify.mailer.smtp import Interrupted
from tests.deploy.waiting import until
from tests.notify.exim import MAIN, reached

EXIM = (
    MAIN
    + """  accept
begin routers
gone:
  driver = redirect
  allow_fail
  local_parts = {gone}
  data = :fail: 5.1.1 no such person here
bounces:
  driver = accept
  local_parts = ses-bounces
  local_part_suffix = +*
  local_part_suffix_optional
  transport = mailbox
all:
  driver = accept
  transport = taken
begin transports
mailbox:
  driver = appendfile
  directory = {folder}/maildir
  maildir_format
  create_directory
  envelope_to_add
  return_path_add
  user = {user}
taken:
  driver = appendfile
  file = {folder}/mbox
  user = {user}
"""
)
DOVECOT = """
base_dir = {folder}/run
log_path = {folder}/dovecot.log
protocols = imap
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
mail_location = maildir:{folder}/maildir
default_internal_user = {user}
default_login_user = {user}
default_internal_group = {group_name}
first_valid_uid = 1
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service anvil {{
  chroot =
}}
passdb {{
  driver = static
  args = password=secret-word
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}
}}
"""


class BounceServers(NamedTuple):
    """The addresses of both servers, and the folder of the mailbox."""

    smtp_url: str
    imap_url: str
    maildir: Path

    def received(self) -> list[bytes]:
        """The mails in the mailbox, read or not."""
        return [path.read_bytes() for part in ("new", "cur") for path in sorted((self.maildir / part).glob("*"))]


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), 1) as connection:
            return connection.recv(10).startswith(b"* OK")
    except OSError:
        return False


def _program(name: str, package: str) -> str:
    found = shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin")
    assert found, f"{name} is not installed: apt-get install {package}, then run the tests again."
    return found


@contextmanager
def bounce_servers(gone: str) -> Iterator[BounceServers]:
    """Both running; the person with the local part `gone` is taken at first and then bounced."""
    exim, dovecot = _program("exim4", "exim4-daemon-light"), _program("dovecot", "dovecot-imapd")
    owner = pwd.getpwnam("Debian-exim") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
    folder = Path(tempfile.mkdtemp(prefix="ses-bounce-"))
    folder.chmod(0o755)
    for part in ("maildir", "maildir/new", "maildir/cur", "maildir/tmp"):
        (folder / part).mkdir()
        os.chown(folder / part, owner.pw_uid, owner.pw_gid)
    os.chown(folder, owner.pw_uid, owner.pw_gid)
    smtp, imap = free_port(), free_port()
    named = {
        "folder": folder, "port": smtp, "imap": imap, "gone": gone, "user": owner.pw_name, "group": owner.pw_gid,
        "group_name": owner.pw_name, "uid": owner.pw_uid, "gid": owner.pw_gid,
    }  # fmt: skip
    (folder / "exim.conf").write_text(EXIM.format(**named))
    (folder / "dovecot.conf").write_text(DOVECOT.format(**named))
    running = [
        subprocess.Popen([exim, "-C", str(folder / "exim.conf"), "-bdf", "-q1m"]),
        subprocess.Popen([dovecot, "-F", "-c", str(folder / "dovecot.conf")]),
    ]
    try:
        until(lambda: reached(smtp), Interrupted)
        until(lambda: _answers(imap))
        yield BounceServers(
            f"smtp://127.0.0.1:{smtp}", f"imap://ses:secret-word@127.0.0.1:{imap}/INBOX", folder / "maildir"
        )
    finally:
        for server in running:
            server.terminate()
        for server in running:
            server.wait()
        shutil.rmtree(folder)
