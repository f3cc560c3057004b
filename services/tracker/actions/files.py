"""The long work of tracker that a process beside does: workbooks of many schools out, and back in."""

from services.tracker.actions.exports import write_books
from services.tracker.actions.large_books import read_kept, save_kept
from shared.jobs.writer import Writer, at_once

WRITERS: dict[str, Writer] = {
    "book": at_once(write_books),
    "zip": at_once(write_books),
    "read": read_kept,
    "save": save_kept,
}
