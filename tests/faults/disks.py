"""A small disk of its own that can be filled: a tmpfs, for which the mount needs root or sudo."""

import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

FILLER = "filler"


def as_root(*command: str) -> None:
    prefix = [] if os.geteuid() == 0 else ["sudo", "-n"]
    subprocess.run([*prefix, *command], check=True, capture_output=True)


@contextmanager
def small_disk(megabytes: int) -> Iterator[Path]:
    """A folder, which every user can enter, on a disk of so many megabytes."""
    with tempfile.TemporaryDirectory(prefix="ses-disk-") as folder:
        os.chmod(folder, 0o711)
        disk = Path(folder) / "disk"
        disk.mkdir()
        as_root("mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=1777", "tmpfs", str(disk))
        try:
            yield disk
        finally:
            as_root("umount", "--lazy", str(disk))


def fill(disk: Path) -> None:
    """Leaves not one free block."""
    with open(disk / FILLER, "wb", buffering=0) as filler:
        for size in (1 << 20, 4096):
            try:
                while filler.write(b"x" * size) == size:
                    pass
            except OSError:
                continue


def empty(disk: Path) -> None:
    """The space is there again."""
    (disk / FILLER).unlink()
