"""Starts programs in stages, keeps them running, and stops them in the reverse order leaving nothing behind."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import BinaryIO, cast

from deploy.embedded.child import Child, tied
from deploy.embedded.forks import Forked, Forks, ServerGone
from deploy.embedded.logs import LogFile

FIRST_DELAY, LONGEST_DELAY, STEADY = 1.0, 30.0, 60.0
ASK_EVERY, REMIND_EVERY = 0.05, 5.0


class StartFailed(Exception):
    """A child or step ended, or did not answer in time; the text says which, with the end of its log."""


class Running:
    """One child while it is supervised: its process now, and the log of all its lives."""

    def __init__(self, child: Child, log: LogFile) -> None:
        self.child = child
        self.log = log
        self.process: asyncio.subprocess.Process | Forked
        self.pump: asyncio.Task[None]
        self.keeper: asyncio.Task[None] | None = None
        self.stopping = asyncio.Event()
        self.restarted = False

    @property
    def pid(self) -> int:
        return self.process.pid

    def failure(self) -> str:
        code = self.process.returncode
        return f"{self.child.name} ended with code {code}. The end of {self.log.path}:\n{self.log.tail()}"


class Supervisor:
    """Runs children; `say` gets short lines for a person, `logs` is the folder of their output."""

    def __init__(self, logs: Path, say: Callable[[str], None]) -> None:
        self._logs = logs
        self._say = say
        self._stages: list[list[Running]] = []
        self._hurry = asyncio.Event()
        self._guardian = _start_guardian()
        self._forks = Forks(logs / "fork-server.log", self._tell)

    @property
    def pids(self) -> dict[str, int]:
        """Name -> process id of all that is supervised now."""
        return {run.child.name: run.pid for stage in self._stages for run in stage}

    async def start(self, stage: Sequence[Child], patience: float = 90.0) -> None:
        """Starts all of a stage at once and returns when each is alive and answers; else StartFailed."""
        began = time.monotonic()
        runs: list[Running] = []
        self._stages.append(runs)
        for child in stage:
            run = Running(child, LogFile(self._logs / f"{child.name}.log"))
            await self._spawn(run)
            runs.append(run)
        waits = {asyncio.create_task(self._ready(run, began, patience)) for run in runs}
        try:
            await _all(waits)
        finally:
            for wait in waits:
                wait.cancel()
        for run in runs:
            run.keeper = asyncio.create_task(self._keep(run))

    async def step(self, child: Child, echo: bool = False) -> None:
        """Runs a program to its end; StartFailed unless it ends with 0. `echo` shows its lines to the person."""
        began = time.monotonic()
        run = Running(child, LogFile(self._logs / f"{child.name}.log"))
        runs = [run]
        await self._spawn(run, echo)
        self._stages.append(runs)
        await run.process.wait()
        await self._settle(run)
        self._stages.remove(runs)
        if run.process.returncode != 0:
            raise StartFailed(run.failure())
        self._say(f"  {child.name:<16} done   {time.monotonic() - began:5.1f} s")

    async def stop(self) -> None:
        """Stops the stages, last first; all of a stage at once."""
        while self._stages:
            stage = self._stages.pop()
            await asyncio.gather(*(self._end(run) for run in stage))
        self._forks.close()
        if self._guardian.stdin is not None:
            self._guardian.stdin.close()
        self._guardian.wait()

    def restart(self, begins: Sequence[str]) -> None:
        """Asks the children whose names begin with one of `begins` to end; each is started again at once."""
        for run in (run for stage in self._stages for run in stage):
            if run.child.name.startswith(tuple(begins)) and run.process.returncode is None:
                run.restarted = True
                _signal_group(run.pid, run.child.stop_signal, leader_only=True)

    def hurry(self) -> None:
        """Ends a stop that is under way by killing what still runs."""
        self._hurry.set()

    def warm_up(self) -> None:
        """Starts to load the libraries for the forked children."""
        self._forks.open()

    async def _spawn(self, run: Running, echo: bool = False) -> None:
        reader, writer = os.pipe()  # not asyncio's own: with those, wait() lasts until the last grandchild is gone
        try:
            run.process = await self._started(run.child, writer)
        finally:
            os.close(writer)
        self._tell(f"+{run.pid} {run.child.stop_signal}")
        run.pump = asyncio.create_task(self._pump(run, cast(BinaryIO, os.fdopen(reader, "rb", 0)), echo))

    async def _started(self, child: Child, output: int) -> asyncio.subprocess.Process | Forked:
        if not child.forked or sys.platform != "linux":
            return await _started_anew(child, output)
        try:
            return await self._forks.start(child, output)
        except ServerGone:
            return await _started_anew(child, output)

    async def _pump(self, run: Running, pipe: BinaryIO, echo: bool) -> None:
        stream = asyncio.StreamReader()
        loop = asyncio.get_running_loop()
        transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(stream), pipe)
        try:
            while chunk := await (stream.readline() if echo else stream.read(65536)):
                run.log.write(chunk)
                if echo:
                    self._say("    " + chunk.decode(errors="replace").rstrip())
        finally:
            transport.close()

    async def _ready(self, run: Running, began: float, patience: float) -> None:
        remind = began + REMIND_EVERY
        while True:
            if run.process.returncode is not None:
                await self._settle(run)
                raise StartFailed(run.failure())
            if await asyncio.to_thread(run.child.ready) and run.process.returncode is None:
                break
            now = time.monotonic()
            if now > began + patience:
                raise StartFailed(f"{run.child.name} did not answer in {patience:.0f} s. See {run.log.path}.")
            if now > remind:
                remind += REMIND_EVERY
                self._say(f"  {run.child.name:<16} still starting, {now - began:.0f} s")
            await asyncio.sleep(ASK_EVERY)
        self._say(f"  {run.child.name:<16} ready  {time.monotonic() - began:5.1f} s")

    async def _keep(self, run: Running) -> None:
        delay = FIRST_DELAY
        while True:
            since = time.monotonic()
            code = await run.process.wait()
            await self._settle(run)
            if run.stopping.is_set():
                return
            delay = 0.0 if run.restarted else max(FIRST_DELAY, delay if time.monotonic() - since <= STEADY else 0.0)
            run.restarted = False
            self._say(f"  {run.child.name:<16} ended with code {code}; started again in {delay:.0f} s")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(run.stopping.wait(), delay)
                return
            delay = min(delay * 2, LONGEST_DELAY)
            await self._spawn(run)
            if run.stopping.is_set():
                _signal_group(run.pid, signal.SIGKILL)

    async def _settle(self, run: Running) -> None:
        """After its leader is gone: nothing of its group stays, and its last words are in the log."""
        _signal_group(run.pid, signal.SIGKILL)
        self._tell(f"-{run.pid}")
        await asyncio.wait({run.pump}, timeout=1.0)
        run.pump.cancel()

    async def _end(self, run: Running) -> None:
        run.stopping.set()
        if run.process.returncode is None:
            _signal_group(run.pid, run.child.stop_signal, leader_only=True)
            await self._wait(run, run.child.grace)
        if run.process.returncode is None and not self._hurry.is_set():
            self._say(f"  {run.child.name:<16} did not stop in {run.child.grace:.0f} s: killed")
        if run.process.returncode is None:
            _signal_group(run.pid, run.child.kill_signal)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(run.process.wait(), 2.0)
            _signal_group(run.pid, signal.SIGKILL)
        await (run.keeper or self._settled(run))
        run.log.close()

    async def _settled(self, run: Running) -> None:
        await run.process.wait()
        await self._settle(run)

    async def _wait(self, run: Running, grace: float) -> None:
        ended = asyncio.create_task(run.process.wait())
        hurried = asyncio.create_task(self._hurry.wait())
        await asyncio.wait({ended, hurried}, timeout=grace, return_when=asyncio.FIRST_COMPLETED)
        for task in (ended, hurried):
            task.cancel()

    def _tell(self, line: str) -> None:
        if self._guardian.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                self._guardian.stdin.write(f"{line}\n".encode())
                self._guardian.stdin.flush()


async def _started_anew(child: Child, output: int) -> asyncio.subprocess.Process:
    owner = child.owner
    given = _filled_pipe(child.stdin)
    try:
        return await asyncio.create_subprocess_exec(
            *child.command,
            stdin=given,
            stdout=output,
            stderr=asyncio.subprocess.STDOUT,
            env={**os.environ, **child.env},
            cwd=child.cwd,
            start_new_session=True,
            preexec_fn=tied(child.death_signal),
            user=owner.uid if owner else None,
            group=owner.gid if owner else None,
            extra_groups=[] if owner else None,
        )
    finally:
        os.close(given)


async def _all(waits: set[asyncio.Task[None]]) -> None:
    done, _ = await asyncio.wait(waits, return_when=asyncio.FIRST_EXCEPTION)
    for task in done:
        task.result()


def _start_guardian() -> subprocess.Popen[bytes]:
    script = Path(__file__).with_name("guardian.py")
    return subprocess.Popen(
        [sys.executable, "-I", "-S", str(script)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def _filled_pipe(text: bytes) -> int:
    """The reading end of a pipe that holds `text` and then ends; at most 64 KB, the size of a pipe."""
    reader, writer = os.pipe()
    with os.fdopen(writer, "wb") as file:
        file.write(text)
    return reader


def _signal_group(pgid: int, number: int, leader_only: bool = False) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if leader_only:
            os.kill(pgid, number)
        else:
            os.killpg(pgid, number)
