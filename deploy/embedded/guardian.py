"""Outlives a runner that was killed: when its input ends, it stops every group of processes it was given.

Started by path with `python -I -S`, so that it stays small; standard library only. Each line is `+PGID SIGNAL` for a
group that lives, `-PGID` for one that is gone.
"""

import os
import signal
import sys
import time
from collections.abc import Iterable

GRACE = 2.0


def groups(lines: Iterable[str]) -> dict[int, int]:
    """The groups that still live when the lines end, each with its stop signal."""
    living: dict[int, int] = {}
    for line in lines:
        if line.startswith("+"):
            pgid, number = line[1:].split()
            living[int(pgid)] = int(number)
        elif line.startswith("-"):
            living.pop(int(line[1:]), None)
    return living


def send(pgid: int, number: int) -> bool:
    """Whether the group still had somebody to signal."""
    try:
        os.killpg(pgid, number)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def end(living: dict[int, int]) -> None:
    """Each group gets its own stop signal, then SIGKILL after GRACE seconds."""
    for pgid, number in living.items():
        send(pgid, number)
    until = time.monotonic() + GRACE
    while time.monotonic() < until and any(send(pgid, 0) for pgid in living):
        time.sleep(0.05)
    for pgid in living:
        send(pgid, signal.SIGKILL)


if __name__ == "__main__":
    os.chdir("/")
    end(groups(sys.stdin))
