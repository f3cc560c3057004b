"""Does to the programs, the servers and the network between them what the schedule says."""

import contextlib
import os
import signal
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial

import psutil

from deploy.embedded.installation import Servers
from tests.chaos.mails import MailServer
from tests.chaos.proxy import Proxy
from tests.chaos.schedule import Fault
from tests.stack import Programs

DATABASE_ENDS = {"crash": signal.SIGQUIT, "restart": signal.SIGINT}
PAUSE_SECONDS = 15.0


class Injuries:
    """The faults by their names; `counts` tells how many of each were done.

    `proxies` stand before the servers `broker` and `database`; what stands before neither is not silenced or cut.
    """

    not_possible: tuple[type[Exception], ...] = (OSError, KeyError, psutil.Error)

    def __init__(self, programs: Programs, servers: Servers, proxies: Mapping[str, Proxy], mails: MailServer) -> None:
        self.programs = programs
        self.servers = servers
        self.counts: dict[str, int] = {}
        self.kinds: dict[str, Callable[[str], None]] = {
            "kill": self._kill,
            "stop": self._stop,
            "pause program": self._pause_program,
            "kill everything": lambda _: self._kill_everything(),
            "kill broker": lambda _: os.kill(self.servers.pids["broker"], signal.SIGKILL),
            "pause broker": lambda seconds: pause([self.servers.pids["broker"]], float(seconds)),
            "pause database": lambda seconds: pause(_with_children(self.servers.pids["database"]), float(seconds)),
            "end database": lambda how: os.kill(self.servers.pids["database"], DATABASE_ENDS[how]),
            "mail": mails.become,
        }
        for server, proxy in proxies.items():
            self.kinds[f"silence {server}"] = partial(_sever, proxy, "silent")
            self.kinds[f"half-open {server}"] = partial(_half_open, proxy)
            self.kinds[f"cut {server}"] = partial(_sever, proxy, "cut")

    def do(self, fault: Fault) -> None:
        injure = self.kinds[fault.kind]
        try:
            injure(fault.what)
        except self.not_possible as error:
            print(f"{fault.at:6.1f} s  {fault.kind} {fault.what}: not possible now: {error}")
            return
        self.counts[fault.kind] = self.counts.get(fault.kind, 0) + 1
        print(f"{fault.at:6.1f} s  {fault.kind} {fault.what}", flush=True)

    def run(self, faults: Sequence[Fault], mended: Callable[[], object]) -> None:
        """Does the faults at their times; meanwhile starts again what left by itself."""
        began = time.monotonic()
        waiting = list(faults)
        while waiting:
            if time.monotonic() - began >= waiting[0].at:
                self.do(waiting.pop(0))
            mended()
            time.sleep(0.2)

    def _kill(self, name: str) -> None:
        if name in self.programs.running:
            command, env = self.programs.commands[name]
            self.programs.kill(name)
            self.programs.start(name, *command, **env)

    def _kill_everything(self) -> None:
        """As a machine that loses its power, and comes up again."""
        os.kill(self.servers.pids["broker"], signal.SIGKILL)
        os.kill(self.servers.pids["database"], signal.SIGQUIT)
        for name in list(self.programs.running):
            self._kill(name)

    def _stop(self, name: str) -> None:
        if name in self.programs.running:
            self.programs.stop(name)

    def _pause_program(self, name: str) -> None:
        """As a machine that sleeps for a while, and then goes on where it was."""
        pause(_with_children(self.programs.running[name].pid), PAUSE_SECONDS)


def _with_children(pid: int) -> list[int]:
    return [pid, *(child.pid for child in psutil.Process(pid).children(recursive=True))]


def pause(pids: Sequence[int], seconds: float) -> None:
    """Stops processes for some seconds; their connections stay open and say nothing."""
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    threading.Timer(seconds, wake, (pids,)).start()


def wake(pids: Sequence[int]) -> None:
    """Lets paused processes go on, unless something killed them meanwhile."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)


def _sever(proxy: Proxy, mood: str, seconds: str) -> None:
    """For some seconds no program reaches the server."""
    proxy.become(mood)
    threading.Timer(float(seconds), proxy.become, ("open",)).start()


def _half_open(proxy: Proxy, _: str) -> None:
    """What is connected now hears nothing more, for ever."""
    proxy.become("half-open")
