"""Measures the whole installation: first start, second start, stop, memory (`make bench`).

Prints medians with the spread; asserts nothing, because machines are shared.
"""

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from bench.figures import Figure, keep
from deploy.embedded.servers import free_port
from deploy.setup import remove_data

ROOT = Path(__file__).resolve().parent.parent
ROUNDS = 5
# Idle is a length of time in which nobody asks for anything: what starting took is given back in it.
SETTLE_SECONDS = 5.0


@contextmanager
def started(data: Path) -> Iterator[tuple[subprocess.Popen[str], float]]:
    """A runner that is ready, and the seconds it took; it is stopped by Ctrl-C afterwards."""
    ports = {name: str(free_port()) for name in ("SES_PORT", "SES_FLOWER_PORT", "SES_MAIL_PORT")}
    environ = {**os.environ, **ports, "SES_DATA": str(data)}
    began = time.monotonic()
    runner = subprocess.Popen(
        [sys.executable, "-m", "deploy.embedded.runner"], cwd=ROOT, env=environ, stdout=subprocess.PIPE, text=True
    )
    assert runner.stdout is not None
    try:
        for line in runner.stdout:
            if line.startswith("Ready in"):
                break
        yield runner, time.monotonic() - began
    finally:
        runner.send_signal(signal.SIGINT)
        runner.communicate()


def memory(pid: int) -> dict[str, float]:
    """PSS in MB of a process and all below it, by kind of program."""
    kinds: dict[str, float] = {}
    for process in (psutil.Process(pid), *psutil.Process(pid).children(recursive=True)):
        kind = kind_of(process)
        kinds[kind] = kinds.get(kind, 0) + process.memory_full_info().pss / 1e6
    return kinds


def kind_of(process: psutil.Process) -> str:
    """A forked program has its own name; the others show in their command line what they are."""
    words = " ".join(process.cmdline())
    named = re.search(r"(guardian|valkey|postgres|deploy\.runner)", words)
    return named.group(1) if named else process.name()


def measure(data: Path) -> list[Figure]:
    with started(data) as (_, first):
        print(f"first start to ready {first:.1f} s", flush=True)
    ready, stop = [], []
    for number in range(ROUNDS):
        with started(data) as (runner, seconds):
            ready.append(seconds)
            if number == ROUNDS - 1:
                time.sleep(SETTLE_SECONDS)
                kinds = memory(runner.pid)
            began = time.monotonic()
        stop.append(time.monotonic() - began)
    for kind, size in sorted(kinds.items(), key=lambda pair: -pair[1]):
        print(f"  PSS {kind:<22} {size:7.1f} MB")
    return [
        Figure("first start to ready, demo loaded", "s", [first], "-"),
        Figure("second start to ready", "s", ready, "<= 8 s"),
        Figure("stop", "s", stop, "<= 3 s"),
        Figure("memory of the whole stack, idle (PSS)", "MB", [sum(kinds.values())], "<= 1200 MB"),
    ]


def main() -> None:
    data = Path(tempfile.mkdtemp(prefix="ses-bench-")) / "data"
    try:
        measured = measure(data)
    finally:
        remove_data(data)
        data.parent.rmdir()
    keep("stack", measured)
    print("\n".join(figure.line() for figure in measured))


if __name__ == "__main__":
    main()
