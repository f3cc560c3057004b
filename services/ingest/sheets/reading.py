"""The parent's side: gives the file to a child, reads its lines, ends it when it takes too long.

Soon after a file was read, the child for the next one is started: loading takes it longer than a district's file does.
"""

import atexit
import contextlib
import signal
import subprocess
import sys
import tempfile
import threading
from collections import deque
from collections.abc import Iterator
from typing import Any

import orjson

from services.ingest.sheets.parts import Batch, How, Sheet
from services.ingest.sheets.refusals import UnreadableFile
from shared.files.children import ENVIRONMENT

MOST_SECONDS = 120.0
AHEAD_SECONDS = 1.0
_COMMAND = (sys.executable, "-m", "services.ingest.sheets.child")
# Somebody else ends a child by these: operations, the end of the machine, the kernel when memory is short.
_FROM_OUTSIDE = (-signal.SIGKILL, -signal.SIGTERM, -signal.SIGINT, -signal.SIGHUP)
# Children that are loaded and wait for a file: one, or a few where several files were read at once.
_waiting: deque[subprocess.Popen[bytes]] = deque()


class TakesLong(Exception):
    """The file takes longer to read than the caller would wait."""


class ReadingInterrupted(Exception):
    """The reading ended for a reason that is not the file's: it can be tried again."""


def read_parts(content: bytes, *, seconds: float = MOST_SECONDS, how: How = "table") -> Iterator[Sheet | Batch]:
    """The sheets of a file, each followed by its rows; blank rows are left out, but not blank lines of a text as it is.

    Raises UnreadableFile, TakesLong when the child has not ended after that many seconds, and ReadingInterrupted.
    """
    if not content:
        raise UnreadableFile("file_empty")
    with tempfile.NamedTemporaryFile(prefix="ses-upload-") as kept:
        kept.write(content)
        kept.flush()
        yield from _parts(kept.name, how, seconds)


def _parts(path: str, how: str, seconds: float) -> Iterator[Sheet | Batch]:
    late = threading.Event()
    with _child(path, how) as child:

        def end() -> None:
            late.set()
            child.kill()

        alarm = threading.Timer(seconds, end)
        alarm.start()
        try:
            assert child.stdout is not None
            for line in child.stdout:
                if not line.endswith(b"\n"):
                    break  # the child was ended in the middle of a line, which says nothing of the file
                heard = orjson.loads(line)
                if isinstance(heard, dict) and "name" not in heard:
                    if "done" in heard:
                        return
                    raise _refusal(heard)
                yield _part(heard)
            if late.is_set():
                raise TakesLong
            alarm.cancel()
            raise _reason_of_death(path, how, child.wait())
        finally:
            alarm.cancel()
            child.kill()
            _start_ahead_soon()


def _child(path: str, how: str) -> subprocess.Popen[bytes]:
    """A child that has its order: the one that waits, or a new one where none waits or it has died of something."""
    order = orjson.dumps([path, how]) + b"\n"
    with contextlib.suppress(IndexError):  # none waits, or somebody else was quicker
        while True:
            child = _waiting.popleft()
            if _takes(child, order):
                return child
            child.wait()
    child = _started()
    _takes(child, order)
    return child


def _takes(child: subprocess.Popen[bytes], order: bytes) -> bool:
    assert child.stdin is not None
    try:
        with child.stdin:
            child.stdin.write(order)
    except BrokenPipeError:
        return False
    return child.poll() is None


def _start_ahead_soon() -> None:
    """Not at once: what was just read is still to be checked and stored."""
    soon = threading.Timer(AHEAD_SECONDS, start_ahead)
    soon.daemon = True
    soon.start()


def start_ahead() -> None:
    """Starts the child for the next file, where none waits yet."""
    if not _waiting:
        with contextlib.suppress(OSError):  # a machine without room for it: the next file then starts its own
            _waiting.append(_started())


def _started() -> subprocess.Popen[bytes]:
    pipe = subprocess.PIPE
    return subprocess.Popen(_COMMAND, cwd="/", env=ENVIRONMENT, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL)


@atexit.register
def _end_waiting() -> None:
    for child in _waiting:
        child.kill()
        child.wait()


def _part(heard: Any) -> Sheet | Batch:
    if isinstance(heard, dict):
        return Sheet(**heard)
    rows: Batch = heard
    return rows


def _refusal(heard: dict[str, str]) -> UnreadableFile:
    return UnreadableFile(heard.get("refused", "file_unreadable"), heard.get("place", ""))


def _reason_of_death(path: str, how: str, status: int) -> UnreadableFile | ReadingInterrupted:
    """Why a child died: of its own limits by the file, which a second child that only looks can name, or from outside."""
    if status == -signal.SIGXCPU:
        return UnreadableFile("file_takes_too_long")
    if status in _FROM_OUTSIDE:
        return ReadingInterrupted(f"the reader was ended by signal {-status}")
    if how == "explain":
        return UnreadableFile("file_unreadable")
    try:
        list(_parts(path, "explain", 30.0))
    except UnreadableFile as error:
        return error
    except (ReadingInterrupted, TakesLong) as error:
        return ReadingInterrupted(f"the reader ended with {status}, and the cause could not be read: {error}")
    return UnreadableFile("file_unreadable")
