"""Readers and writers of people's files as children: little memory, time and output, and none of our environment."""

import subprocess
import sys
import threading
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parent.parent.parent
# All that a child is given of an environment: no setting, no secret, no proxy, no home.
ENVIRONMENT = {"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1", "LC_ALL": "C.UTF-8"}
# At once in one process; a few who come later wait this long and are then refused, more are refused at once: each of
# them holds one of the threads that all requests share.
AT_ONCE, WAITING, WAIT_SECONDS = 2, 6, 30.0
_room, _places = threading.BoundedSemaphore(AT_ONCE), threading.BoundedSemaphore(AT_ONCE + WAITING)


class Bounds(NamedTuple):
    """What a child may use: bytes of memory and of output, seconds of processor time and of the clock."""

    memory: int = 512 * 1024 * 1024
    output: int = 24 * 1024 * 1024
    cpu_seconds: int = 20
    seconds: float = 40.0


class ChildFailed(Exception):
    """The child has ended without an answer, by its bounds or by the file."""


class ChildrenBusy(Exception):
    """As many files as allowed are being read and wait, or stayed so for WAIT_SECONDS."""


def run_child(module: str, *words: str, bounds: Bounds) -> bytes:
    """What `python -m module words` writes to its output.

    Raises ChildFailed when it fails, writes or lasts more than its bounds allow, and ChildrenBusy.
    """
    if not _places.acquire(blocking=False):
        raise ChildrenBusy
    try:
        if not _room.acquire(timeout=WAIT_SECONDS):
            raise ChildrenBusy
        try:
            return _output(module, words, bounds)
        finally:
            _room.release()
    finally:
        _places.release()


def _output(module: str, words: tuple[str, ...], bounds: Bounds) -> bytes:
    command = (sys.executable, "-m", module, *words)
    nothing = subprocess.DEVNULL
    with subprocess.Popen(
        command, cwd="/", env=ENVIRONMENT, stdin=nothing, stdout=subprocess.PIPE, stderr=nothing
    ) as child:
        alarm = threading.Timer(bounds.seconds, child.kill)
        alarm.start()
        try:
            assert child.stdout is not None
            found = child.stdout.read(bounds.output + 1)
            if len(found) > bounds.output:
                child.kill()
            status = child.wait()
        finally:
            alarm.cancel()
            child.kill()
    if status != 0 or len(found) > bounds.output:
        raise ChildFailed(f"status {status}, {len(found)} bytes")
    return found
