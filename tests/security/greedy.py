"""A child that wants more than it may: memory, processor time, the clock, output or a file (`python -m ... HOW`)."""

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

from shared.files.children import Bounds
from shared.files.confinement import confine

SMALL = Bounds(memory=300 * 1024 * 1024, output=1000, cpu_seconds=2, seconds=3)


HOWS: dict[str, Callable[[], object]] = {
    "memory": lambda: bytearray(SMALL.memory),
    "time": lambda: [None for _ in iter(int, 1)],
    "sleep": lambda: time.sleep(60),
    "output": lambda: print("x" * 5000),
    "file": lambda: Path("/tmp/greedy").write_text("x" * 100),
    "environment": lambda: print(*os.environ),
}

if __name__ == "__main__":
    confine(SMALL.memory, SMALL.cpu_seconds)
    HOWS[sys.argv[1]]()
