"""`python -m deploy.demo`: `write` the demo files, `load` them over HTTP, `example` rewrites the committed ones."""

import argparse
import sys
from datetime import date, datetime
from pathlib import Path
from typing import cast, get_args
from zoneinfo import ZoneInfo

from deploy.demo.drill import open_drill
from deploy.demo.example import EXAMPLES, write_examples
from deploy.demo.files import Written, write, written_before
from deploy.demo.loading import Door, LoadFailed, load
from deploy.demo.shapes import Size
from shared.access import issue_token
from shared.settings import settings


def main(words: list[str]) -> int:
    """The exit code: 0, or 1 with a sentence on standard error."""
    arguments = _parser().parse_args(words)
    if arguments.command == "example":
        write_examples(EXAMPLES)
        return 0
    size = cast(Size, arguments.size or settings().demo_size)
    if arguments.command == "write":
        written = write(arguments.folder, size, arguments.today or _today())
        print(f"Wrote {len(written.uploads)} files to load and {written.example} to {arguments.folder}.")
        return 0
    return _load(Path(settings().data) / "demo", size)


def _load(folder: Path, size: Size) -> int:
    written = written_before(folder, size) or _write_aloud(folder, size)
    try:
        door = Door(settings().public_url, issue_token("central", label="demo"))
        load(door, folder, written, _say)
        _say(f"A drill of a strike: {open_drill(door.client, size, _today())}")
    except LoadFailed as failure:
        print(failure, file=sys.stderr)
        return 1
    _say(f"The demo district is loaded. An extraction to upload by hand: {folder / written.example}")
    return 0


def _write_aloud(folder: Path, size: Size) -> Written:
    _say(f"Writing the demo district ({size}) to {folder}")
    return write(folder, size, _today())


def _say(line: str) -> None:
    print(line, flush=True)


def _today() -> date:
    return datetime.now(ZoneInfo(settings().timezone)).date()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m deploy.demo", description="The demo district.")
    parser.add_argument("command", choices=("write", "load", "example"))
    parser.add_argument("folder", nargs="?", type=Path, default=Path("demo"), help="where to write (write only)")
    parser.add_argument("--size", choices=get_args(Size), help="default: SES_DEMO_SIZE")
    parser.add_argument("--today", type=date.fromisoformat, help="the day the files look current on (write only)")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
