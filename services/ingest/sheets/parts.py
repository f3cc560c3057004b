"""What a file is read as: for each sheet what is special about it, then batches of its rows."""

from datetime import date, datetime
from typing import Literal, NamedTuple

Cell = str | int | float | bool | date | datetime | None
# How a file is read: as a table, with the percents that its formats show, with cells separated by tabs, or line by line.
How = Literal["table", "percents", "tabs", "lines"]


class Sheet(NamedTuple):
    """A sheet begins. `uncached` names the first formula cell without a calculated value; `epoch_1904` is the workbook's."""

    name: str
    hidden: bool = False
    hidden_rows: int = 0
    filtered: bool = False
    uncached: str = ""
    epoch_1904: bool = False
    encoding: str = ""
    delimiter: str = ""
    bad_line: int = 0


# Rows that are not blank: each its number as the person sees it, and its cells.
Batch = list[tuple[int, list[Cell]]]
