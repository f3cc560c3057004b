"""The mails that were caught: one file each in a folder, newest first, so that they are there after a restart."""

import email
import email.policy
import itertools
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

KEPT = 5000
_TO = "X-Caught-To"
_number = itertools.count()


@dataclass(frozen=True)
class Mail:
    """What the list shows of one mail; `to` is whom the mail server was given, so that blind copies are seen."""

    id: str
    to: str
    sender: str
    subject: str
    size: int

    @property
    def at(self) -> datetime:
        return datetime.fromtimestamp(int(self.id.partition("-")[0]) / 1e9, UTC)

    def matches(self, words: list[str]) -> bool:
        text = f"{self.to} {self.subject}".casefold()
        return all(word in text for word in words)


class Mailbox:
    """All caught mails of one folder; at most KEPT of them, the oldest go first."""

    def __init__(self, folder: Path, kept: int = KEPT) -> None:
        self._folder = folder
        self._kept = kept
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._mails = {path.stem: _summary(path) for path in sorted(folder.glob("*.eml"))}

    def __len__(self) -> int:
        return len(self._mails)

    def keep(self, recipients: list[str], content: bytes) -> Mail:
        """Stores a mail; it is on the disk when this returns."""
        path = self._folder / f"{time.time_ns()}-{next(_number)}.eml"
        unfinished = path.with_suffix(".unfinished")
        head = f"{_TO}: {', '.join(recipients)}\r\n".encode()
        unfinished.write_bytes(head + content)
        unfinished.rename(path)
        mail = _summary(path)
        self._mails[mail.id] = mail
        while len(self._mails) > self._kept:
            self._forget(next(iter(self._mails)))
        return mail

    def found(self, query: str = "") -> list[Mail]:
        """Newest first: those whose recipients or subject hold every word of the query."""
        words = query.casefold().split()
        return [mail for mail in reversed(self._mails.values()) if mail.matches(words)]

    def get(self, mail_id: str) -> Mail | None:
        return self._mails.get(mail_id)

    def message(self, mail: Mail) -> EmailMessage:
        """The whole mail as it was sent, without the line that the catcher added."""
        parsed = _parsed(self._path(mail.id).read_bytes())
        del parsed[_TO]
        return parsed

    def source(self, mail: Mail) -> bytes:
        return self._path(mail.id).read_bytes().partition(b"\r\n")[2]

    def _path(self, mail_id: str) -> Path:
        return self._folder / f"{mail_id}.eml"

    def _forget(self, mail_id: str) -> None:
        del self._mails[mail_id]
        self._path(mail_id).unlink(missing_ok=True)


def _summary(path: Path) -> Mail:
    message = _parsed(path.read_bytes())
    fields = (str(message[name] or "") for name in (_TO, "From", "Subject"))
    to, sender, subject = fields
    return Mail(path.stem, to, sender, subject, path.stat().st_size)


def _parsed(content: bytes) -> EmailMessage:
    parsed = email.message_from_bytes(content, policy=email.policy.default)
    assert isinstance(parsed, EmailMessage)
    return parsed


def part_text(message: EmailMessage, kind: str) -> str | None:
    """The text of the body's part of this kind, `plain` or `html`; None where it has none."""
    part = message.get_body((kind,))
    return None if part is None else str(part.get_content())


def attachments(message: EmailMessage) -> list[tuple[str, str, bytes]]:
    """Name, media type and content of each attachment."""
    return [
        (part.get_filename() or f"part-{number}", part.get_content_type(), _content(part))
        for number, part in enumerate(message.iter_attachments(), 1)
        if isinstance(part, EmailMessage)
    ]


def _content(part: EmailMessage) -> bytes:
    payload = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else part.as_bytes()
