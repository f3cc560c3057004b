"""Single cells: PLOC, counts, rates and tiers, each in every form that files were seen with."""

import re
import unicodedata
from datetime import date, datetime
from typing import NamedTuple

from services.ingest.rules.findings import BadCell
from shared.names import tidy

Cell = str | int | float | bool | date | datetime | None
MOST_SURVEYS = 100_000_000
# Sums of a spreadsheet miss their whole number by this much at most.
NOISE = 1e-6
# The tiers are quarters of the expected surveys; at the very edge a file's tier is never called wrong.
TIER_SPAN = 25
TIERS = (1, 2, 3, 4)
LABEL_TIERS = {"less than": 1, "between 25": 2, "between 50": 3, "greater than": 4, "more than": 4}
# Excel's errors, of today and of later: `#REF!`, `#N/A`, `#NAME?`, `#DIV/0!`, `#SPILL!`, `#GETTING_DATA`, `#BUSY!`.
_ERROR = re.compile(r"^#(?:N/A|GETTING_DATA|[A-Z][A-Z0-9/_]*[!?])$")
_PERCENT = re.compile(r"^(\d{1,4}(?:\.\d+)?)\s*(%?)$")
_POINTED = re.compile(r"^\d{1,3}(?:\.\d{3})+$")
_DECIMAL = re.compile(r"^-?\d{1,9}\.\d{6,20}$")
_TURNED = str.maketrans(",.", ".,")
# Excel is made to take a number as a text by writing ="2337".
_GUARDED = re.compile(r'^="([^"]*)"$')
_WHOLE = re.compile(r"^\+?(\d{1,9}|\d{1,3}(?:,\d{3}){1,2})(?:\.0+)?$")


class Ploc(NamedTuple):
    """A PLOC as four digits, the cost center code where the cell held one, and what had to be mended."""

    ploc: str
    cost_center: str | None
    code: str


def shown(cell: Cell) -> str:
    """A cell as the person sees it; a whole number without its `.0`."""
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell)


def is_noise(number: float) -> bool:
    """Whether a number that a sum computed misses its whole number by what Excel does not show."""
    return 0 < number <= MOST_SURVEYS and 0 < abs(number - round(number)) < NOISE


def unguarded(text: str) -> str:
    """The text without the guard that keeps Excel from reading it as a number: `="2337"` is 2337."""
    found = _GUARDED.match(text) if text.startswith("=") else None
    return found.group(1).strip() if found else text


def is_error(cell: Cell) -> bool:
    """Whether a cell holds an error of Excel, such as `#REF!`, instead of a value."""
    return isinstance(cell, str) and "#" in cell and _ERROR.match(cell.strip()) is not None


def read_ploc(cell: Cell) -> Ploc:
    """The PLOC of a cell; BadCell for anything that is none."""
    if type(cell) is str and len(cell) == 4 and cell.isascii() and cell.isdigit():
        return Ploc(cell, None, "")
    if isinstance(cell, float) and is_noise(cell):
        cell = f"{round(cell)}.0"
    text = unguarded(tidy(shown(cell)))
    digits = text.lstrip("'\u2019").replace(",", "").strip()
    digits = digits.partition(".")[0] if re.fullmatch(r"\d{1,20}\.0{1,20}", digits) else digits
    if not digits or digits.casefold() in ("-", "n/a", "na", "none", "null", "#n/a"):
        raise BadCell("ploc", "ploc_missing")
    if not re.fullmatch(r"\d{3,4}|1\d{6}", digits, re.ASCII):
        raise BadCell("ploc", "ploc_unreadable")
    if len(digits) == 7:
        return Ploc(digits[1:5], digits, "ploc_fixed")
    code = "ploc_padded" if len(digits) == 3 else "" if digits == str(cell) or isinstance(cell, float) else "ploc_fixed"
    return Ploc(digits.zfill(4), None, code)


class ReadCount(NamedTuple):
    """A whole number of surveys, None for a blank, and what had to be mended."""

    number: int | None
    code: str


def read_count(cell: Cell, field: str) -> int | None:
    """A whole number of surveys up to MOST_SURVEYS, None for a blank; BadCell for anything else."""
    return count_of(cell, field).number


def count_of(cell: Cell, field: str, *, points: bool | None = None) -> ReadCount:
    """As `read_count`, with what had to be mended. `points`: whether `1.000` is one thousand; None: nobody knows."""
    if cell is None or cell == "":
        return ReadCount(None, "")
    if type(cell) is str and len(cell) < 9 and cell.isascii() and cell.isdigit():
        return ReadCount(int(cell), "")
    if isinstance(cell, float):
        return _whole(cell, field)
    if isinstance(cell, bool):
        raise BadCell(field, "count_unreadable")
    if is_error(cell):
        raise BadCell(field, "cell_error")
    return _count_in(tidy(shown(cell)), field, points=points)


def _whole(number: float, field: str) -> ReadCount:
    """The integer that Excel shows, where the number is within NOISE of it."""
    near = round(number) if -NOISE <= number <= MOST_SURVEYS else -1
    if near < 0 or abs(number - near) > NOISE:
        raise BadCell(field, "count_unreadable")
    return ReadCount(near, "" if number == near else "count_rounded")


def _count_in(text: str, field: str, *, points: bool | None) -> ReadCount:
    text = unguarded(text)
    if not text:
        return ReadCount(None, "")
    if any(unicodedata.category(character) in ("Cf", "Cc") for character in text):
        raise BadCell(field, "count_invisible")
    if text.isascii() and _POINTED.match(text):
        if points is None:
            raise BadCell(field, "count_ambiguous")
        if points:
            return ReadCount(int(text.replace(".", "")), "count_thousands")
    if text.isascii() and _DECIMAL.match(text):
        return _whole(float(text), field)
    found = _WHOLE.match(text) if text.isascii() else None
    count = int(found.group(1).replace(",", "")) if found else -1
    if not 0 <= count <= MOST_SURVEYS:
        raise BadCell(field, "count_unreadable")
    return ReadCount(count, "")


def is_pointed(cell: Cell) -> bool:
    """Whether a count is written with a point before three digits: `1.000`, `1.911`."""
    return isinstance(cell, str) and _POINTED.match(tidy(cell)) is not None


def with_points(cell: Cell) -> Cell:
    """A count of a table whose cells are separated by `;`, where the comma begins the decimals: `1.911,00` is `1,911.00`."""
    return cell.translate(_TURNED) if isinstance(cell, str) and "," in cell else cell


def read_rates(cell: Cell) -> tuple[float, ...]:
    """The percents that a rate cell can mean (`0.86` is 86 or 0.86); none for a blank or an error."""
    text = tidy(shown(cell))
    found = _PERCENT.match(text) if text.isascii() else None
    if found is None:
        return ()
    number = float(found.group(1))
    return (number,) if found.group(2) or number > 2 else (number, number * 100)


def read_tier(cell: Cell) -> int | None:
    """The tier that a cell names (`Tier-4`, `tier 4`, `4`, `Between 25% and 50%`); None where it names none."""
    text = tidy(shown(cell)).casefold().replace("%", "")
    for start, number in LABEL_TIERS.items():
        if text.startswith(start):
            return number
    found = re.fullmatch(r"(?:tier)?[ _-]{0,9}([1-4])", text)
    return int(found.group(1)) if found else None


def rate_fits(rates: tuple[float, ...], submitted: int, total: int) -> bool:
    """Whether one reading of the file's rate lies within a point of its counts."""
    exact = 100 * submitted / total
    for rate in rates:
        if -1 <= rate - exact <= 1:
            return True
    return False


def tier_fits(tier: int, submitted: int, total: int) -> bool:
    """Whether the counts lie in the tier's quarter, its edges included."""
    reached = 100 * submitted
    return reached >= TIER_SPAN * (tier - 1) * total and (tier == TIERS[-1] or reached <= TIER_SPAN * tier * total)
