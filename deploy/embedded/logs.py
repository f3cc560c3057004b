"""One log file per child, bounded in size: the full file becomes NAME.log.1 and a new one begins."""

from pathlib import Path
from typing import BinaryIO

LIMIT = 5_000_000
TAIL_BYTES = 8_000


class LogFile:
    """Appends bytes; holds at most twice `limit` bytes on disk."""

    def __init__(self, path: Path, limit: int = LIMIT) -> None:
        self.path = path
        self._limit = limit
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file: BinaryIO = path.open("ab")

    def write(self, chunk: bytes) -> None:
        if self._file.tell() + len(chunk) > self._limit:
            self._rotate()
        self._file.write(chunk)
        self._file.flush()

    def _rotate(self) -> None:
        self._file.close()
        self.path.replace(self.path.with_name(self.path.name + ".1"))
        self._file = self.path.open("ab")

    def tail(self, lines: int = 12) -> str:
        """The last lines, to show why a child ended."""
        with self.path.open("rb") as file:
            file.seek(max(0, self.path.stat().st_size - TAIL_BYTES))
            return "\n".join(file.read().decode(errors="replace").splitlines()[-lines:])

    def close(self) -> None:
        self._file.close()
