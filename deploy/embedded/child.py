"""One program that the supervisor runs: what to start, when it is ready, how to stop it."""

import ctypes
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent.parent
_PR_SET_PDEATHSIG, _PR_SET_NAME = 1, 15
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


def _at_once() -> bool:
    return True


@dataclass(frozen=True)
class Owner:
    """The user a child runs as."""

    uid: int
    gid: int


@dataclass(frozen=True)
class Child:
    """`ready` is asked in a thread until it is true; `grace` seconds after `stop_signal` its group is killed.

    `death_signal` reaches it when the runner itself dies (Linux). A `forked` one, whose command is `python -m MODULE
    ...`, comes from the fork server, which has the libraries loaded.
    """

    name: str
    command: Sequence[str]
    ready: Callable[[], bool] = _at_once
    env: Mapping[str, str] = field(default_factory=dict)
    stdin: bytes = b""
    owner: Owner | None = None
    cwd: Path = REPOSITORY
    stop_signal: int = signal.SIGTERM
    death_signal: int = signal.SIGKILL
    kill_signal: int = signal.SIGKILL
    grace: float = 10.0
    forked: bool = False


def tied(number: int) -> Callable[[], None]:
    """Run between fork and exec: the child gets the signal when the thread that started it is gone."""
    parent = os.getpid()

    def tie() -> None:
        if _libc is not None:
            _libc.prctl(_PR_SET_PDEATHSIG, number)
        if os.getppid() != parent:
            os._exit(1)

    return tie


def end_with_parent(number: int) -> None:
    """This very process gets the signal when its parent is gone (Linux)."""
    if _libc is not None:
        _libc.prctl(_PR_SET_PDEATHSIG, number)


def name_process(name: str) -> None:
    """The name that `ps` and `top` show for this process (Linux, 15 characters)."""
    if _libc is not None:
        _libc.prctl(_PR_SET_NAME, name.encode()[:15], 0, 0, 0)
