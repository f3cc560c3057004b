"""Does to the running stack what the schedule says."""

import contextlib
import os
import random
import signal
import threading
import time
from collections.abc import Callable

import psutil
import redis
from kombu.exceptions import KombuError
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from deploy.embedded.installation import Servers
from shared.db import transaction
from shared.delivery.envelope import Envelope, event_message
from shared.events import EVENTS
from shared.settings import SERVICES, settings
from tests.faults.mails import MailServer
from tests.faults.proxy import Proxy
from tests.faults.schedule import Fault
from tests.stack import Programs, bus_of

DATABASE_ENDS = {"crash": signal.SIGQUIT, "restart": signal.SIGINT}
_SAID = text("select event_id, topic, key, version, payload from outbox_event order by random() limit :n")


class Injuries:
    """The faults by their names; `counts` tells how many of each were done."""

    def __init__(self, programs: Programs, servers: Servers, proxy: Proxy, mails: MailServer, seed: int) -> None:
        self.programs = programs
        self.servers = servers
        self.proxy = proxy
        self.mails = mails
        self.dice = random.Random(seed)
        self.counts: dict[str, int] = {}
        self._done: dict[str, Callable[[str], None]] = {
            "kill": self._kill,
            "stop": self._stop,
            "deafen": deafen,
            "freeze": self._freeze,
            "silence broker": lambda seconds: self._sever("silent", float(seconds)),
            "cut broker": lambda seconds: self._sever("cut", float(seconds)),
            "kill broker": lambda _: os.kill(self.servers.pids["broker"], signal.SIGKILL),
            "empty broker": lambda _: empty_broker(),
            "pause broker": lambda seconds: self._pause("broker", float(seconds)),
            "end database": lambda how: os.kill(self.servers.pids["database"], DATABASE_ENDS[how]),
            "mail": self.mails.become,
            "repeat events": lambda number: repeat_events(int(number), self.dice),
        }

    def do(self, fault: Fault) -> None:
        injure = self._done[fault.kind]
        try:
            injure(fault.what)
        except (OSError, KeyError, psutil.Error, redis.RedisError, KombuError, SQLAlchemyError) as error:
            print(f"{fault.at:6.1f} s  {fault.kind} {fault.what}: not possible now: {error}")
            return
        self.counts[fault.kind] = self.counts.get(fault.kind, 0) + 1
        print(f"{fault.at:6.1f} s  {fault.kind} {fault.what}", flush=True)

    def _kill(self, name: str) -> None:
        if name in self.programs.running:
            command, env = self.programs.commands[name]
            self.programs.kill(name)
            self.programs.start(name, *command, **env)

    def _stop(self, name: str) -> None:
        if name in self.programs.running:
            self.programs.stop(name)

    def _freeze(self, name: str) -> None:
        """One child of a worker does nothing any more and does not end: for ever, unless something ends it."""
        children = psutil.Process(self.programs.running[name].pid).children()
        if children:
            children[0].suspend()

    def _sever(self, mood: str, seconds: float) -> None:
        """For some seconds no program reaches the broker."""
        self.proxy.become(mood)
        threading.Timer(seconds, self.proxy.become, ("open",)).start()

    def _pause(self, server: str, seconds: float) -> None:
        """Stops the server for some seconds; its connections stay open and say nothing."""
        pid = self.servers.pids[server]
        os.kill(pid, signal.SIGSTOP)
        threading.Timer(seconds, wake, (pid,)).start()


def deafen(service: str) -> None:
    """The service's workers hear nothing any more, and go on living: as after a lost prefetch credit."""
    for kind in ("events", "receipts", "ticks"):
        bus_of(service).celery.control.cancel_consumer(f"{service}.{kind}")


def wake(pid: int) -> None:
    """Lets a paused server go on, unless something killed it meanwhile."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGCONT)


def empty_broker() -> None:
    """Takes everything out of the broker, as FLUSHALL does; no user of ours may say FLUSHALL."""
    for service in SERVICES:
        with redis.Redis.from_url(settings().redis_url_of(service), socket_timeout=5) as client:
            kinds = [f"{service}.{kind}" for kind in ("events", "receipts", "ticks", "unacked", "unacked_index")]
            bindings = [f"_kombu.binding.{name}" for name in (*kinds, "celery", "celery.pidbox", "celeryev")]
            client.delete(*kinds, *bindings)


def repeat_events(number: int, dice: random.Random) -> None:
    """Sends events that were said once more, in any order, to all that hear them."""
    for service in SERVICES:
        with transaction(service) as session:
            rows = list(session.execute(_SAID, {"n": number}))
        dice.shuffle(rows)
        for row in rows:
            message = event_message(Envelope(row.event_id, service, row.topic, row.key, row.version, row.payload))
            for subscriber, task in EVENTS[row.topic].subscribers.items():
                bus_of(service).celery.send_task(task, kwargs=message, queue=f"{subscriber}.events", ignore_result=True)


def run(injuries: Injuries, faults: list[Fault], mended: Callable[[], object]) -> None:
    """Does the faults at their times; meanwhile starts again what left by itself."""
    began = time.monotonic()
    waiting = list(faults)
    while waiting:
        if time.monotonic() - began >= waiting[0].at:
            injuries.do(waiting.pop(0))
        mended()
        time.sleep(0.2)
