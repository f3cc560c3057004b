"""The kinds of files: how each is read, which needs no database, and how what was read is loaded, in a transaction."""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

from sqlmodel import Session

from services.ingest.actions.directory import load_directory, read_directory
from services.ingest.actions.extraction import read_extraction
from services.ingest.actions.lcap import load_lcap, read_plan
from services.ingest.actions.participation import load_participation
from services.ingest.actions.reading import Watch
from services.ingest.actions.results import load_results, read_results
from services.ingest.tables import Upload


class FileKind(NamedTuple):
    """`read` takes the bytes, how long it may take, and the file's name; what it answers is what `load` takes.

    `read` raises UnreadableFile, TakesLong, ReadingInterrupted or Invalid, `load` Invalid.
    """

    read: Callable[[bytes, Watch, str], Any]
    load: Callable[[Session, Upload, Any], None]


def _by_content(read: Callable[[bytes, Watch], Any]) -> Callable[[bytes, Watch, str], Any]:
    """A reader to whom the file's name says nothing."""
    return lambda content, watch, _file_name: read(content, watch)


FILE_KINDS: dict[str, FileKind] = {
    "participation": FileKind(_by_content(read_extraction), load_participation),
    "directory": FileKind(_by_content(read_directory), load_directory),
    "survey-results": FileKind(_by_content(read_results), load_results),
    "lcap-actions": FileKind(partial(read_plan, "lcap-actions"), load_lcap),
    "lcap-measures": FileKind(partial(read_plan, "lcap-measures"), load_lcap),
}
