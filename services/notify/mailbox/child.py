"""Reads mails in a process of its own with little memory and time: `python -m ... FOLDER SECONDS SERVER ADDRESS...`, JSON out."""

import sys
import tempfile
from collections.abc import Iterator, Sequence
from email.errors import MessageError
from pathlib import Path

from pydantic import TypeAdapter

from services.notify.rules.replies import MailRead, read_mail
from shared.files.children import Bounds, ChildFailed, run_child
from shared.files.confinement import confine

MEMORY = 384 * 1024 * 1024
BOUNDS = Bounds(memory=MEMORY, output=8 * 1024 * 1024, cpu_seconds=4, seconds=60.0)
# Of a mail that is read alone, because one of those that were read together ended their child.
ALONE = BOUNDS._replace(output=1024 * 1024, cpu_seconds=2, seconds=40.0)
BROKEN = (
    ArithmeticError, AssertionError, AttributeError, LookupError, MemoryError, MessageError, RecursionError, TypeError,
    ValueError,
)  # fmt: skip
_ANSWER = TypeAdapter(list[MailRead | None])


def read_mails(raws: Sequence[bytes], server: str, own_addresses: Sequence[str]) -> Iterator[MailRead | None]:
    """What each mail says, in their order; None for one that cannot be read within its bounds.

    One child reads them all; where it ends, each is read by one of its own, when its turn comes. Raises ChildrenBusy.
    """
    try:
        yield from _read(raws, server, own_addresses, BOUNDS) if raws else []
        return
    except ChildFailed:
        pass
    for raw in raws:
        try:
            yield from _read([raw], server, own_addresses, ALONE)
        except ChildFailed:
            yield None


def _read(raws: Sequence[bytes], server: str, own_addresses: Sequence[str], bounds: Bounds) -> list[MailRead | None]:
    with tempfile.TemporaryDirectory(prefix="ses-mails-") as folder:
        for number, raw in enumerate(raws):
            (Path(folder) / f"{number:06}").write_bytes(raw)
        cpu_seconds = str(bounds.cpu_seconds)
        output = run_child("services.notify.mailbox.child", folder, cpu_seconds, server, *own_addresses, bounds=bounds)
    found = _ANSWER.validate_json(output)
    if len(found) != len(raws):
        raise ChildFailed(f"{len(found)} of {len(raws)} mails")
    return found


def _read_one(raw: bytes, server: str, own_addresses: Sequence[str]) -> MailRead | None:
    """A mail, or None where the library's readers raise at it; what is not in BROKEN ends the child, and this mail alone."""
    try:
        return read_mail(raw, server, own_addresses)
    except BROKEN:
        return None


def _main(folder: str, cpu_seconds: str, server: str, *own_addresses: str) -> None:
    confine(MEMORY, int(cpu_seconds))
    found = [_read_one(path.read_bytes(), server, own_addresses) for path in sorted(Path(folder).iterdir())]
    sys.stdout.buffer.write(_ANSWER.dump_json(found))


if __name__ == "__main__":
    _main(*sys.argv[1:])
