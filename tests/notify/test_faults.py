"""A sender killed at every step it takes: each director gets exactly one mail, or two with one Message-ID at one instant."""

import os
import signal
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from types import FrameType
from typing import Any

import pytest

from services.notify.actions import sending
from shared.db import engine
from shared.settings import settings
from tests.notify.sinks import Sink, sink
from tests.notify.telling import FRISCH, row, rows_of, tell, tell_directory

# Every step; FAULTS_EVERY=4 kills at every fourth.
EVERY = int(os.environ.get("FAULTS_EVERY", "1"))
# The steps between database and mail server; building the message touches neither.
STEPS = {
    "send_due", "_waiting", "_any_waiting", "_send", "_handover", "connection", "_connect", "_connect_and_drain", "_drain",
    "_hand_over", "send", "keep_sent", "announce_sent",
}  # fmt: skip
FRESH = (
    "with m as (update mail set state = 'queued', announced = false, attempts = 0, unknown = 0, sent_at = null, next_at = now() returning 1),"
    " d as (delete from outbox_delivery returning 1), l as (delete from mail_pause returning 1) select 1"
)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, clean: None) -> Iterator[Sink]:
    with sink() as (kept, url):
        monkeypatch.setattr(settings(), "smtp_url", url)
        tell_directory()
        tell([row("Alder 4001", 10, 100), row("Cedar 4003", 5, 100, FRISCH)])
        yield kept


class Killer:
    """Kills this process with SIGKILL when the step of that number is about to be taken."""

    def __init__(self, line: int) -> None:
        self.left = line

    def __call__(self, frame: FrameType, event: str, _argument: Any) -> Any:
        if "services/notify" not in frame.f_code.co_filename or frame.f_code.co_name not in STEPS:
            return None
        if event == "line":
            self.left -= 1
            if self.left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
        return self


def send_and_die(line: int) -> bool:
    """Sends in a child process that dies before its `line`-th line; False when it ended before that."""
    child = os.fork()
    if child == 0:
        try:
            engine.cache_clear()
            killer = Killer(line)
            threading.settrace(killer)  # each connection is a thread
            sys.settrace(killer)
            sending.send_due()
        finally:
            os._exit(0)
    return os.waitpid(child, 0)[1] != 0


def test_whenever_the_sender_dies_nothing_is_lost_and_a_second_copy_has_the_same_message_id(server: Sink) -> None:
    doubled = died = 0
    line = 1
    while True:
        rows_of(FRESH)
        rows_of("delete from outbox_event returning 1")
        server.accepted.clear()
        if not send_and_die(line):
            break
        died += 1
        unsure = {r.rcpt for r in rows_of("select rcpt from mail where state = 'sending'")}
        accepted_before = {rcpt for rcpt, _ in server.accepted}
        rows_of("update mail set next_at = now() where state = 'sending' returning 1")
        sending.send_due()
        copies = Counter(rcpt for rcpt, _ in server.accepted)
        twice = {rcpt for rcpt, count in copies.items() if count == 2}
        assert set(copies) == {"director@lausd.example", "soren.frisch@lausd.example"}, line
        assert twice == unsure & accepted_before, line
        assert max(copies.values()) <= 2
        assert len({message["Message-ID"] for _, message in server.messages()}) == 2
        states = {r.rcpt: (r.state, r.unknown) for r in rows_of("select rcpt, state, unknown from mail")}
        assert states == {rcpt: ("sent", int(rcpt in unsure)) for rcpt in copies}
        earlier = [
            mail[0]
            for r in rows_of("select cast(payload as jsonb) as payload from outbox_event")
            for mail in r.payload.get("mails", [])
        ]
        assert sorted(earlier) == sorted(r.mail_id for r in rows_of("select mail_id from mail")), line
        doubled += len(twice)
        line += EVERY
    assert died > 80 / EVERY
    assert 0 < doubled < died / 4
