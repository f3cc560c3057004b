"""One folder of a mailbox, read by IMAP."""

import imaplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit

TIMEOUT_SECONDS = 20.0
# Of a larger mail only its first bytes are read: a report and an answer say at their beginning what they say.
MOST_BYTES = 1 << 18


class MailboxAway(Exception):
    """The mailbox cannot be read now; the text says why."""


class Received(NamedTuple):
    """One unread mail: its number in the folder, and its first MOST_BYTES."""

    uid: str
    raw: bytes


class BounceFolder:
    """An open folder. What is taken out of it is marked as read, never deleted."""

    def __init__(self, server: imaplib.IMAP4) -> None:
        self._server = server

    def unread(self, most: int) -> Iterator[Received]:
        """The unread mails, oldest first, at most so many."""
        for uid in self._asked("SEARCH", "UNSEEN")[0].split()[:most]:
            parts = self._asked("FETCH", uid.decode(), f"(BODY.PEEK[]<0.{MOST_BYTES}>)")
            found = [part[1] for part in parts if isinstance(part, tuple)]
            raw = found[0] if found and isinstance(found[0], bytes) else b""
            yield Received(uid.decode(), raw)

    def mark_read(self, uid: str) -> None:
        self._asked("STORE", uid, "+FLAGS.SILENT", r"(\Seen)")

    def _asked(self, command: str, *arguments: str) -> list[bytes]:
        kind, answer = self._server.uid(command, *arguments)
        if kind != "OK":
            raise MailboxAway(f"{command}: {answer!r}"[:300])
        return [part for part in answer if part is not None]


@contextmanager
def mailbox(url: str) -> Iterator[BounceFolder]:
    """The folder at `imaps://user:password@host[:port]/FOLDER`; `imap+starttls` and `imap` (no TLS) work alike.

    Raises MailboxAway when the server cannot be reached, does not let us in, or breaks off.
    """
    server: imaplib.IMAP4 | None = None
    try:
        server = _connect(url)
        yield BounceFolder(server)
    except (OSError, imaplib.IMAP4.error) as error:
        raise MailboxAway(f"{type(error).__name__}: {error}"[:300]) from error
    finally:
        if server is not None:
            with suppress(OSError, imaplib.IMAP4.error):
                server.logout()


def _connect(url: str) -> imaplib.IMAP4:
    parts = urlsplit(url)
    host, context = parts.hostname or "127.0.0.1", _trusted(parse_qs(parts.query).get("cafile", [None])[0])
    made: imaplib.IMAP4
    if parts.scheme == "imaps":
        made = imaplib.IMAP4_SSL(host, parts.port or 993, ssl_context=context, timeout=TIMEOUT_SECONDS)
    else:
        made = imaplib.IMAP4(host, parts.port or 143, timeout=TIMEOUT_SECONDS)
    try:
        if parts.scheme == "imap+starttls":
            made.starttls(context)
        made.login(unquote(parts.username or ""), unquote(parts.password or ""))
        folder = unquote(parts.path.strip("/")) or "INBOX"
        kind, answer = made.select('"' + folder.replace("\\", "\\\\").replace('"', '\\"') + '"')
        if kind != "OK":
            raise imaplib.IMAP4.error(f"there is no folder {folder}: {answer!r}")
    except BaseException:
        made.shutdown()
        raise
    return made


def _trusted(cafile: str | None) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=cafile)
