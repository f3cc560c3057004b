"""A mail server that keeps what it accepts and can be put into every mood that a mail server has."""

import asyncio
from collections import Counter
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import NamedTuple, cast
from urllib.parse import urlsplit

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from shared.settings import settings

SLOW_SECONDS = 3.0
MOODS = ("well", "refusing", "slow", "dropping before", "dropping after", "down")


class Taken(NamedTuple):
    """A mail that the server took, as it came; the same mail may come twice."""

    rcpt: str
    mail: EmailMessage


class MailServer:
    """What was accepted: each mail in order, and its Message-ID with how often; `mood` is one of MOODS."""

    def __init__(self) -> None:
        self.accepted: Counter[str] = Counter()
        self.taken: list[Taken] = []
        self.mood = "well"
        self.controller: Controller | None = None

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:
        mail = message_from_bytes(cast(bytes, envelope.original_content), policy=policy.default)
        mood = self.mood
        if mood == "slow":
            await asyncio.sleep(SLOW_SECONDS)
        if mood == "refusing":
            return "451 try again later"
        if mood == "dropping before":
            return self._cut(server)
        self.accepted[str(mail["Message-ID"])] += 1
        self.taken.append(Taken(envelope.rcpt_tos[0], mail))
        if mood == "dropping after":
            return self._cut(server)
        return "250 accepted"

    @staticmethod
    def _cut(server: SMTP) -> str:
        if isinstance(server.transport, asyncio.WriteTransport):
            server.transport.abort()
        return "421 gone"

    def start(self) -> None:
        address = urlsplit(settings().smtp_url)
        self.controller = Controller(self, hostname="127.0.0.1", port=address.port or 25)
        self.controller.start()

    def stop(self) -> None:
        if self.controller is not None:
            self.controller.stop(no_assert=True)
            self.controller = None

    def become(self, mood: str) -> None:
        """From now on of this mood."""
        assert mood in MOODS
        self.mood = mood
        if mood == "down":
            self.stop()
        elif self.controller is None:
            self.start()
