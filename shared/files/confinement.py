"""What a child that reads or writes people's files takes from itself before it begins, on every platform alike."""

import resource
import sys

# Elsewhere (macOS) no value is taken for memory: there the parent's clock and its bound of output are what holds.
MEMORY_CAN_BE_LIMITED = sys.platform == "linux"


def confine(memory: int, cpu_seconds: int, *, may_write: bool = False) -> None:
    """Takes memory (bytes), processor time and the right to dump, and unless `may_write` to write files, for good."""
    if MEMORY_CAN_BE_LIMITED:
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds + 5))  # first a signal that says why
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if not may_write:
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
