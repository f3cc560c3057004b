"""How long alerts take: planning a district's digests, and sending mails beside bare loops over smtplib.

`python -m bench.notify` starts its own PostgreSQL and mail server (aiosmtpd as a program of its own).
"""

import gc
import random
import smtplib
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

from sqlalchemy import text

from bench.figures import Figure, keep, timed
from bench.installation import database
from deploy.embedded.servers import free_port
from services.notify.actions import intake, planning, sending
from services.notify.mailer.messages import message
from services.notify.mailer.smtp import Interrupted, connection
from services.notify.queries import alert_settings
from shared.db import transaction
from shared.events import GROUPS, TiersComputed
from shared.settings import settings
from tests.deploy.waiting import until
from tests.notify.sinks import slowed
from tests.notify.telling import FEB7, TERM, person, row, tell_directory, tiers

DIRECTORS, SCHOOLS, MAILS, RUNS = 48, 1100, 50, 7
NAMES = [f"Person{chr(97 + n // 26)}{chr(97 + n % 26)}, Ana" for n in range(64)]
AGAIN = (
    "with m as (update mail set state = 'queued', attempts = 0, next_at = now(), sent_at = null"
    " where mail_id in (select mail_id from mail order by mail_id desc limit :count) returning 1)"
    " select count(*) from m"
)


def extraction(week: int) -> list[TiersComputed]:
    """The tiers of all groups of a whole district, about a fifth in Tier 1."""
    rng = random.Random(week)
    first = tiers([], FEB7)
    told = []
    for group in GROUPS:
        rows = [
            row(f"School {2000 + n}", max(0, min(100, int(rng.gauss(30 + week % RUNS, 12)))), 100, NAMES[n % DIRECTORS])
            for n in range(SCHOOLS)
        ]  # fmt: skip
        on = FEB7 + timedelta(days=7 * week)
        told.append(tiers(rows, on, group=group, groups=GROUPS, upload_id=first.upload_id))
    return told


def plan_time(week: int) -> float:
    """Seconds from the last group's arrival to the planned digests and mails, in the transaction."""
    events = extraction(week)
    for event in events:
        with transaction("notify") as session:
            intake.keep_tiers(session, event)
    began = time.perf_counter()
    with transaction("notify") as session:
        planning.plan_extraction(session, TERM, events[0].extraction_date)
    taken = time.perf_counter() - began
    with transaction("notify") as session:
        session.execute(text("update mail set state = 'sent', sent_at = now() where state = 'queued'"))
    return taken


def last_group_to_last_mail(week: int) -> float:
    """Seconds from the last group's arrival to the last mail kept as sent, as the worker does both."""
    *before, last = extraction(week)
    for event in before:
        with transaction("notify") as session:
            intake.keep_tiers(session, event)
    began = time.perf_counter()
    with transaction("notify") as session:
        complete = intake.keep_tiers(session, last)
        planning.plan_extraction(session, TERM, last.extraction_date)
    sending.send_due()
    taken = time.perf_counter() - began
    with transaction("notify") as session:
        assert complete and session.execute(text("select count(*) from mail where state <> 'sent'")).scalar_one() == 0
    return taken


def digests_of(week: int) -> int:
    with transaction("notify") as session:
        on = FEB7 + timedelta(days=7 * week)
        counted = session.execute(
            text("select count(*) from digest where extraction_date = :on"), {"on": on}
        ).scalar_one()
        return int(counted)


@contextmanager
def mail_server() -> Iterator[int]:
    """A mail server in a program of its own, which forgets what it takes."""
    port = free_port()
    command = [sys.executable, "-m", "aiosmtpd", "-n", "-l", f"127.0.0.1:{port}", "-c", "aiosmtpd.handlers.Sink"]
    server = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        until(lambda: _reached(port), Interrupted)
        yield port
    finally:
        server.kill()
        server.wait()


def _reached(port: int) -> bool:
    with connection(f"smtp://127.0.0.1:{port}") as server:
        return server.round_trip >= 0


def letters(count: int) -> list[Callable[[], bytes]]:
    """How to build each of the newest mails, as the sender does."""
    chosen = settings()
    with transaction("notify") as session:
        claimed = session.execute(
            text(
                "select m.*, d.term, d.extraction_date, d.content, d.planned_at from mail m join digest d using (digest_id)"
                " order by mail_id desc limit :count"
            ),
            {"count": count},
        ).all()
        link_days = alert_settings.settings_of(session).link_days
    now = sending.Round(0, link_days, 0.0)
    return [
        lambda mail=mail: message(sending._letter(mail, now), chosen.mail_from, chosen.support_email)  # type: ignore[misc]
        for mail in claimed
    ]


def bare_loop(port: int, makers: list[Callable[[], bytes]]) -> None:
    """The plain loop: one connection, build and hand over."""
    with smtplib.SMTP("127.0.0.1", port) as server:
        for make in makers:
            server.sendmail("ses@lausd.example", ["somebody@lausd.example"], make())


def queue_again(count: int) -> None:
    with transaction("notify") as session:
        assert session.execute(text(AGAIN), {"count": count}).scalar_one() == count


def ours(count: int) -> float:
    """Seconds in which the sender has everything accepted and settled."""
    queue_again(count)
    began = time.perf_counter()
    sending.send_due()
    taken = time.perf_counter() - began
    with transaction("notify") as session:
        assert session.execute(text("select count(*) from mail where state = 'queued'")).scalar_one() == 0
    return taken


def figures() -> list[Figure]:
    tell_directory([person(f"p{n}@lausd.example", name) for n, name in enumerate(NAMES)])
    planned = [plan_time(week) for week in range(RUNS)]
    assert digests_of(RUNS - 1) == DIRECTORS
    made = [Figure("48 digests and mails planned from 3,300 rows", "ms", [t * 1000 for t in planned], "< 300 ms")]
    with mail_server() as port:
        chosen = settings()
        chosen.smtp_url = f"smtp://127.0.0.1:{port}"
        makers = letters(MAILS)
        built = [make() for make in makers]
        loop, ready = [], []
        mine = []
        for _ in range(RUNS):
            loop += timed(lambda: bare_loop(port, makers), 1)
            ready += timed(lambda: bare_loop(port, [lambda raw=raw: raw for raw in built]), 1)  # type: ignore[misc]
            mine.append(ours(MAILS))
        beside = {
            "bare smtplib loop that builds the same mails": [t * 1000 for t in loop],
            "the same loop with mails built before": [t * 1000 for t in ready],
        }
        goal = "<= 1.67x the bare loop (60 % of its rate)"
        made.append(
            Figure("50 mails with workbook: claim, build, send, settle", "ms", [t * 1000 for t in mine], goal, beside)
        )
        with slowed(port, 0.02) as late:
            chosen.smtp_url = f"smtp://127.0.0.1:{late}"
            far = [ours(60) for _ in range(RUNS)]
        made.append(Figure("60 mails to a server 20 ms away", "ms", [t * 1000 for t in far], "< 1,500 ms"))
        chosen.smtp_url = f"smtp://127.0.0.1:{port}"
        chain = [last_group_to_last_mail(week) for week in range(RUNS, 2 * RUNS)]
        name = "48 mails: last group heard to last mail sent"
        made.append(Figure(name, "ms", [t * 1000 for t in chain], "part of district upload to last mail <= 500 ms"))
    return made


if __name__ == "__main__":
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 50, 50)  # as workers do at their start
    with database():
        found = figures()
    for figure in found:
        print(figure.line())
    keep("notify", found)
