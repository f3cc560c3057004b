"""What a file is read as: for each sheet what is special about it, then batches of its rows."""

from datetime import date, datetime
from typing import Literal, NamedTuple

Cell = str | int | float | bool | date | datetime | None
# How a file is read: as a table, with the percents that its formats show, with cells separated by tabs, line by line, or
# as a package of rosters where it is one, else as a table.
How = Literal["table", "percents", "tabs", "lines", "rosters"]


class Sheet(NamedTuple):
    """A sheet begins. `uncached` names the first formula cell without a calculated value; `epoch_1904` is the workbook's.

    `roster`: of which source it is, where it is a file of a roster; `left_out`: its rows of students and families.
    """

    name: str
    hidden: bool = False
    hidden_rows: int = 0
    filtered: bool = False
    uncached: str = ""
    epoch_1904: bool = False
    encoding: str = ""
    delimiter: str = ""
    bad_line: int = 0
    roster: str = ""
    left_out: int = 0


# Rows that are not blank: each its number as the person sees it, and its cells.
Batch = list[tuple[int, list[Cell]]]
