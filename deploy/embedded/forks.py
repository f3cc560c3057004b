"""The supervisor's side of the fork server: programs that it forks, as if they were our own processes."""

import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from deploy.embedded.child import REPOSITORY, Child, tied
from deploy.embedded.fork_server import LARGEST, StartOrder


class ServerGone(Exception):
    """The fork server ended before it answered."""


class Forked:
    """A program that was forked; the part of asyncio's Process that the supervisor uses."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._ended = asyncio.Event()

    def end(self, code: int) -> None:
        self.returncode = code
        self._ended.set()

    async def wait(self) -> int:
        await self._ended.wait()
        assert self.returncode is not None
        return self.returncode


class Forks:
    """Starts the fork server when it is needed, and again when it died (its forks die with it)."""

    def __init__(self, log: Path, tell: Callable[[str], None]) -> None:
        self._log = log
        self._tell = tell
        self._living: dict[int, Forked] = {}
        self._born: asyncio.Queue[Forked | None] = asyncio.Queue()
        self._one = asyncio.Lock()
        self._door: socket.socket | None = None
        self._server: subprocess.Popen[bytes] | None = None

    def open(self) -> None:
        """Starts the fork server; it loads while other things start."""
        if self._door is not None:
            return
        self._door, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with other, self._log.open("ab") as log:
            self._server = subprocess.Popen(
                [sys.executable, "-m", "deploy.embedded.fork_server", str(other.fileno())],
                cwd=REPOSITORY, pass_fds=[other.fileno()], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True, preexec_fn=tied(signal.SIGKILL),  # noqa: PLW1509 - it takes no lock
            )  # fmt: skip
        self._tell(f"+{self._server.pid} {int(signal.SIGKILL)}")
        asyncio.get_running_loop().add_reader(self._door.fileno(), self._hear)

    async def start(self, child: Child, output: int) -> Forked:
        """Forks the program of a child whose command is `python -m MODULE ...`; ServerGone when that cannot be."""
        order = StartOrder(
            name=child.name, words=list(child.command[2:]), env={**os.environ, **child.env}, cwd=str(child.cwd),
            death_signal=child.death_signal,
        )  # fmt: skip
        async with self._one:
            self.open()
            assert self._door is not None
            with contextlib.suppress(BrokenPipeError):
                socket.send_fds(self._door, [json.dumps(order).encode()], [output])
            forked = await self._born.get()
        if forked is None:
            raise ServerGone(f"The programs cannot be forked; see {self._log}.")
        return forked

    def close(self) -> None:
        """Ends the fork server."""
        if self._door is not None:
            asyncio.get_running_loop().remove_reader(self._door.fileno())
            self._door.close()
            self._door = None
        if self._server is not None:
            self._server.kill()
            self._server.wait()
            self._tell(f"-{self._server.pid}")
            self._server = None

    def _hear(self) -> None:
        assert self._door is not None
        try:
            text = self._door.recv(LARGEST)
        except ConnectionResetError:
            text = b""
        if not text:
            self._lost()
            return
        said = json.loads(text)
        if "born" in said:
            forked = self._living[said["born"]] = Forked(said["born"])
            self._born.put_nowait(forked)
        else:
            self._living.pop(said["pid"]).end(said["code"])

    def _lost(self) -> None:
        self.close()
        for forked in self._living.values():
            forked.end(-signal.SIGKILL)
        self._living.clear()
        if self._one.locked():
            self._born.put_nowait(None)
