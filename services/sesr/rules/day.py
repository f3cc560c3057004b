"""A school's day against its report times: which were met, which were missed, from which it was excused."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal, NamedTuple

from services.sesr.rules.timing import ReportWindow

WindowState = Literal["on_time", "late", "missed", "due", "to_come", "excused", "not_expected"]
WINDOW_STATES: Mapping[WindowState, str] = {
    "on_time": "On time",
    "late": "Late",
    "missed": "Missed",
    "due": "Due now",
    "to_come": "To come",
    "excused": "Excused",
    "not_expected": "Not expected",
}


class Expectation(NamedTuple):
    """That a school was expected, or excused, over a time; until now where `until` is None."""

    since: datetime
    until: datetime | None
    excused: bool


class SchoolTimes(NamedTuple):
    """A school with its state at each report time of a day, and when its valid reports were counted."""

    school_key: str
    name: str
    region: str
    level: str
    director: str
    states: list[WindowState]
    times: tuple[datetime, ...]


class WindowSums(NamedTuple):
    """Of one report time, how many schools were in which state."""

    window: ReportWindow
    states: dict[WindowState, int]


class DayTimes(NamedTuple):
    """The report times of a day, every school's state at each of them, and their sums."""

    windows: list[ReportWindow]
    schools: list[SchoolTimes]
    sums: list[WindowSums]


class CallLine(NamedTuple):
    """A row of the list to call; `called` is the result of the last call, `caller` who is to call."""

    school_key: str
    name: str
    region: str
    state: str
    overdue_since: datetime | None
    last_report: datetime | None
    commander: str
    phone: str
    office: str
    caller: str
    called_at: datetime | None
    called: str


class CallMade(NamedTuple):
    """A call that was noted."""

    name: str
    school_key: str
    called_at: datetime
    author: str
    outcome: str
    note: str


def window_states(
    times: Sequence[datetime], expectations: Sequence[Expectation], windows: Sequence[ReportWindow], now: datetime
) -> list[WindowState]:
    """A state per window; a report counts for the window in whose time it was counted, up to the start of the next one.

    Whether the school was expected or excused is asked at the end of the window, or now where that is still to come.
    """
    ends = [following.starts for following in windows[1:]]
    return [
        _state(times, expectations, window, end, now)
        for window, end in zip(windows, [*ends, None], strict=bool(windows))
    ]


def _state(
    times: Sequence[datetime],
    expectations: Sequence[Expectation],
    window: ReportWindow,
    end: datetime | None,
    now: datetime,
) -> WindowState:
    answers = [at for at in times if at >= window.starts and (end is None or at < end)]
    if answers:
        return "on_time" if min(answers) <= window.until else "late"
    at = min(window.until, now)
    known = [each for each in expectations if each.since <= at and (each.until is None or each.until > at)]
    if not known:
        return "not_expected"
    if known[-1].excused:
        return "excused"
    if now >= window.until:
        return "missed"
    return "due" if now >= window.due else "to_come"


def window_sums(windows: Sequence[ReportWindow], schools: Sequence[Sequence[WindowState]]) -> list[WindowSums]:
    """How many schools are in each state, per window."""
    sums = []
    for place, window in enumerate(windows):
        states: dict[WindowState, int] = dict.fromkeys(WINDOW_STATES, 0)
        for states_of_school in schools:
            states[states_of_school[place]] += 1
        sums.append(WindowSums(window, states))
    return sums
