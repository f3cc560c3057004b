"""A crash at the k-th executed line of the protocol's own code: a forked child that kills itself there."""

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

from shared.db import engine
from shared.settings import SERVICES

ROOT = Path(__file__).parent.parent.parent


class Lines:
    """Counts the lines executed in some files; at the `fatal` one the process is gone."""

    def __init__(self, files: tuple[str, ...], fatal: int) -> None:
        self.files = frozenset(str(ROOT / name) for name in files)
        self.fatal = fatal
        self.count = 0

    def trace(self, frame: FrameType, event: str, _argument: Any) -> Callable[..., Any] | None:
        if frame.f_code.co_filename not in self.files:
            return None
        if event == "line":
            self.count += 1
            if self.count == self.fatal:
                os.kill(os.getpid(), signal.SIGKILL)
        return self.trace


def fresh_connections() -> None:
    """Closes what a child would otherwise share with this process."""
    for service in SERVICES:
        engine(service).dispose()


def lines_until_death(work: Callable[[], None], files: tuple[str, ...], fatal: int) -> int | None:
    """Runs the work in a child that dies at its line `fatal`; how many lines there were when it came to its end."""
    fresh_connections()
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        _run_and_leave(work, Lines(files, fatal), writer)
    os.close(writer)
    with os.fdopen(reader) as told:
        words = told.read()
    _, status = os.waitpid(pid, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return None
    assert words.isdigit(), words
    return int(words)


def _run_and_leave(work: Callable[[], None], lines: Lines, writer: int) -> None:
    said = "it did not come to its end"
    with contextlib.suppress(BaseException):
        threading.settrace(lines.trace)  # each connection to the mail server is a thread
        sys.settrace(lines.trace)
        try:
            work()
        except BaseException as error:
            said = f"{type(error).__name__}: {error}"
            raise
        finally:
            sys.settrace(None)
        said = str(lines.count)
    os.write(writer, said.encode())
    os._exit(0)
