"""Dates of extraction, terms and survey windows."""

import re
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import NamedTuple

from services.ingest.rules.cells import NOISE, Cell, is_error, shown
from services.ingest.rules.findings import BadCell
from shared.names import tidy

# After a window has closed, late paper still comes in for a while.
LATE_DAYS = 60
_EPOCH = date(1899, 12, 30)
_EPOCH_1904 = date(1904, 1, 1)
_FORMS = (
    "%m/%d/%Y", "%m/%d/%y", "%m-%d-%Y", "%m.%d.%Y", "%d/%m/%Y", "%d/%m/%y", "%d-%b-%y", "%d-%b-%Y", "%d %b %Y",
    "%b %d %Y", "%B %d %Y", "%d %B %Y", "%Y/%m/%d", "%Y%m%d",
)  # fmt: skip
_ISO = re.compile(r"^(\d{4}-\d{2}-\d{2})(?:[T ]\d{1,2}:\d{2}.*)?$")
# What a computed midnight misses by NOISE of a day at most.
_NEARLY_MIDNIGHT = re.compile(r"[T ]23:59:59\.9[2-9]")
_TIME = re.compile(r"[T ]\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?( ?[ap]m)?$", re.IGNORECASE)
_SERIAL = re.compile(r"^[2-6]\d{4}(\.\d+)?$")
_NUMERIC = re.compile(r"^(\d{1,2})[/.-](\d{1,2})[/.-]\d{2,4}$")
YEARS = range(2000, 2101)


class Window(NamedTuple):
    """A term's survey window, both days included."""

    term: str
    opens: date
    closes: date


class ReadDate(NamedTuple):
    """A date and what had to be mended: empty, date_fixed or date_ambiguous."""

    extraction_date: date
    code: str


def read_date(cell: Cell, *, epoch_1904: bool = False) -> ReadDate:
    """A date as text, date or Excel serial number; BadCell otherwise."""
    if isinstance(cell, date):
        return ReadDate(cell.date() if isinstance(cell, datetime) else cell, "")
    text = tidy(shown(cell)).lstrip("'")
    if is_error(cell):
        raise BadCell("extraction_date", "cell_error")
    if not text:
        raise BadCell("extraction_date", "date_missing")
    iso = _ISO.match(text)
    found = _of_iso(iso.group(1), text) if iso else _of_serial(text, epoch_1904) or _of_forms(text)
    if found is None or found.year not in YEARS:
        raise BadCell("extraction_date", "date_unreadable")
    return ReadDate(found, "" if iso and text == iso.group(1) else _doubt(text))


def _of_iso(day: str, text: str) -> date | None:
    try:
        return date.fromisoformat(day) + timedelta(days=bool(_NEARLY_MIDNIGHT.search(text)))
    except (ValueError, OverflowError):
        return None


def _of_serial(text: str, epoch_1904: bool) -> date | None:
    if not _SERIAL.match(text):
        return None
    return (_EPOCH_1904 if epoch_1904 else _EPOCH) + timedelta(days=int(float(text) + NOISE))


def _of_forms(text: str) -> date | None:
    plain = _TIME.sub("", text).replace(",", "").replace("Sept ", "Sep ")
    for form in _FORMS:
        try:
            return datetime.strptime(plain, form).date()
        except ValueError:
            continue
    return None


def _doubt(text: str) -> str:
    found = _NUMERIC.match(_TIME.sub("", text))
    if found and int(found.group(1)) <= 12 and int(found.group(2)) <= 12 and found.group(1) != found.group(2):
        return "date_ambiguous"
    return "date_fixed"


def term_of(day: date) -> str:
    """The label of the term that a day falls in by the calendar, for a date without a survey window."""
    return f"{'Sp' if day.month <= 6 else 'Fa'}{day.year % 100:02d}"


def default_window(day: date) -> Window:
    """The half year that a day falls in, where no survey windows are set."""
    if day.month <= 6:
        return Window(term_of(day), date(day.year, 1, 1), date(day.year, 6, 30))
    return Window(term_of(day), date(day.year, 7, 1), date(day.year, 12, 31))


def window_of(day: date, windows: Iterable[Window], named: str = "") -> tuple[Window, str]:
    """The survey window of a date and a doubt: empty, date_before_window or date_after_window.

    `named`: the term that the upload names, which decides.
    """
    listed = sorted(windows, key=lambda window: window.opens)
    found = next((window for window in listed if window.term == named), None)
    opened = [window for window in listed if window.opens <= day]
    if found is None:
        found = opened[-1] if opened else listed[0] if listed else default_window(day)
    if day < found.opens:
        return found, "date_before_window"
    late = day > found.closes + timedelta(days=LATE_DAYS)
    return found, "date_after_window" if late else ""
