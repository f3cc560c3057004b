"""A mail server for tests that keeps what it accepts, and refuses, delays or breaks off as it is told."""

import asyncio
import email
import email.policy
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from deploy.embedded.servers import free_port


class Sink:
    """What a test server accepted; `on_rcpt` and `on_data` may answer otherwise (an SMTP line), or None to accept.

    `hangs_up`: whether it closes the connection after such an answer.
    """

    def __init__(self) -> None:
        self.accepted: list[tuple[str, bytes]] = []
        self.connections = 0
        self.greeted_as: set[str] = set()
        self.hangs_up = False
        self.on_rcpt: Callable[[str], str | None] = lambda _rcpt: None
        self.on_data: Callable[[str], str | None] = lambda _rcpt: None

    def messages(self) -> list[tuple[str, EmailMessage]]:
        """(recipient, message) of all that was accepted."""
        found = []
        for rcpt, content in self.accepted:
            message = email.message_from_bytes(content, policy=email.policy.default)
            assert isinstance(message, EmailMessage)
            found.append((rcpt, message))
        return found

    def mails(self) -> list[EmailMessage]:
        """All messages that were accepted, in order."""
        return [message for _, message in self.messages()]

    async def handle_EHLO(
        self, server: SMTP, session: Session, _envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        self.connections += 1
        session.host_name = hostname
        self.greeted_as.add(hostname)
        return responses

    async def handle_RCPT(
        self, server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        answer = self.on_rcpt(address)
        if answer is None:
            envelope.rcpt_tos.append(address)
        return await self._answer(server, answer) or "250 OK"

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:
        answer = self.on_data(envelope.rcpt_tos[0])
        if answer is None:
            content = envelope.content
            assert isinstance(content, bytes)
            self.accepted.append((envelope.rcpt_tos[0], content))
        return await self._answer(server, answer) or "250 OK: kept"

    async def _answer(self, server: SMTP, answer: str | None) -> str | None:
        if answer and self.hangs_up and isinstance(server.transport, asyncio.WriteTransport):
            await server.push(answer)
            server.transport.close()
        return answer


@contextmanager
def sink(port: int | None = None) -> Iterator[tuple[Sink, str]]:
    """A running sink and its address as a setting."""
    kept, current = Sink(), port or free_port()
    controller: Any = Controller(kept, hostname="127.0.0.1", port=current, data_size_limit=50_000_000)
    controller.start()
    try:
        yield kept, f"smtp://127.0.0.1:{current}"
    finally:
        controller.stop(no_assert=True)


@contextmanager
def slowed(port: int, seconds: float) -> Iterator[int]:
    """A port that passes bytes on to another one, each way late by half of `seconds`."""
    stop = threading.Event()
    with socket.create_server(("127.0.0.1", free_port())) as listener:
        listener.settimeout(0.2)

        def accept() -> None:
            while not stop.is_set():
                try:
                    near = listener.accept()[0]
                except TimeoutError:
                    continue
                far = socket.create_connection(("127.0.0.1", port))
                for source, target in ((near, far), (far, near)):
                    source.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    threading.Thread(target=_pass_on, args=(source, target, seconds / 2), daemon=True).start()

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        stop.set()
        thread.join()


def _pass_on(source: socket.socket, target: socket.socket, delay: float) -> None:
    try:
        while data := source.recv(1 << 20):
            time.sleep(delay)
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        target.close()
