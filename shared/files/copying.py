"""Many rows into PostgreSQL at once: lines in the text form of COPY."""

from collections.abc import Iterator
from itertools import islice

from sqlmodel import Session

from shared.db import raw

LINES_AT_ONCE = 1000
# What the text form of COPY would read as something else.
_ESCAPES = str.maketrans({"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r"})


def copy_line(*values: object) -> str:
    """The values in the text form of COPY, separated by tabs; the caller ends the line."""
    line = "\t".join([r"\N" if value is None else str(value) for value in values])
    plain = line.count("\\") == values.count(None) and line.count("\t") == len(values) - 1
    if plain and "\n" not in line and "\r" not in line:
        return line
    return "\t".join([r"\N" if value is None else str(value).translate(_ESCAPES) for value in values])


def copy_lines(session: Session, into: str, lines: Iterator[str]) -> None:
    """Copies whole lines into a table and its columns, many at a time, inside the session's transaction."""
    with raw(session).cursor().copy(f"copy {into} from stdin".encode()) as copy:
        while block := "".join(islice(lines, LINES_AT_ONCE)):
            copy.write(block)
