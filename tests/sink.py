"""A real SMTP server in this process that keeps what it accepts, and can be taken down and brought up again."""

from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import cast
from urllib.parse import urlsplit

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from shared.settings import settings


class Sink:
    """The accepted mails, in order; start and stop it as often as wanted, on the port of SES_SMTP_URL."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.recipients: list[str] = []
        self.controller: Controller | None = None

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:
        content = cast(bytes, envelope.original_content)
        self.mails.append(message_from_bytes(content, policy=policy.default))
        self.recipients.extend(envelope.rcpt_tos)
        return "250 accepted"

    def start(self) -> None:
        address = urlsplit(settings().smtp_url)
        self.controller = Controller(self, hostname="127.0.0.1", port=address.port or 25)
        self.controller.start()

    def stop(self) -> None:
        if self.controller is not None:
            self.controller.stop()
            self.controller = None

    def text_to(self, address: str) -> str:
        """The plain text of the one mail to an address."""
        (mail,) = [mail for mail in self.mails if mail["To"] == address]
        part = mail.get_body(("plain",))
        assert part is not None
        return str(part.get_content())
