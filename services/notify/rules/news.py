"""What is news for a director: the lines of a digest, the reason for it, and when there is nothing to say."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import NamedTuple

ALERT_TIER = 1
GROUP_ORDER = ("students", "staff", "parents")
NEW, STILL, SNOOZED, MISSING, LEFT, MOVED = "new", "still", "snoozed", "missing", "left", "moved"
OPEN = (NEW, STILL, SNOOZED, MISSING)
LISTED = (NEW, STILL)
IN_TIER_1 = (NEW, STILL, SNOOZED)
BLOCKS = "▁▂▃▄▅▆▇█"
TREND_LENGTH = 6

Place = tuple[str, str]


class AlertState(NamedTuple):
    """A school's state for one group at the newest extraction that has the group."""

    school_key: str
    group: str
    extraction_date: date
    ploc: str
    school: str
    region: str
    cos: str
    director: str
    total: int | None
    submitted: int | None
    tier: int | None
    needed: int | None
    rate: str


class AlertHistory(NamedTuple):
    """How a place came here: extractions in Tier 1 without a break, surveys gained since the one before, rates."""

    lasted: int
    gained: int | None
    rates: Sequence[float | None]


class AlertLine(NamedTuple):
    """One row of a digest. `mark` is new, still, snoozed, missing, left or moved; `on` the day of the numbers."""

    mark: str
    school_key: str
    group: str
    extraction_date: date
    ploc: str
    school: str
    region: str
    cos: str
    director: str
    total: int | None
    submitted: int | None
    needed: int | None
    rate: str
    gained: int | None
    lasted: int
    trend: str
    note: str

    @property
    def place(self) -> Place:
        return (self.school_key, self.group)


class LastDigest(NamedTuple):
    """What a director was last told: the day of the extraction told last, its lines, the day of each group."""

    extraction_date: date
    lines: Sequence[AlertLine]
    as_of: Mapping[str, date]


class MailPreference(NamedTuple):
    """A director's preference: only changes instead of the whole list each time; a mail also when nothing is due."""

    only_changes: bool = False
    also_when_none: bool = False


class SchoolOwner(NamedTuple):
    """Whose a place is: the director's key, and the name as the school's latest row spells it."""

    key: str
    spelling: str


AlertStates = Mapping[Place, AlertState]
NO_HISTORY = AlertHistory(1, None, ())


def history_of(
    tiers: Sequence[int | None], submitted: Sequence[int | None], rates: Sequence[float | None]
) -> AlertHistory:
    """The course of a place from its extractions, oldest first; one where it was absent does not break it."""
    lasted = 0
    for tier in reversed(tiers):
        if tier != ALERT_TIER:
            break
        lasted += 1
    last, before = submitted[-1], submitted[-2] if len(submitted) > 1 else None
    gained = last - before if last is not None and before is not None else None
    return AlertHistory(max(lasted, 1), gained, rates)


def trend_of(rates: Sequence[float | None]) -> str:
    """The last rates as small blocks from 0 to 50 percent, a dot where one is missing."""
    shown = rates[-TREND_LENGTH:]
    if len(shown) < 2:
        return ""
    return "".join("·" if rate is None else BLOCKS[min(7, max(0, int(rate / 50 * 8)))] for rate in shown)


def line_of(alert: AlertState, mark: str, history: AlertHistory, note: str = "") -> AlertLine:
    own = {field: getattr(alert, field) for field in AlertState._fields if field != "tier"}
    return AlertLine(
        mark=mark, gained=history.gained, lasted=history.lasted, trend=trend_of(history.rates), note=note, **own
    )


def open_lines(
    mine: Iterable[AlertState],
    last: LastDigest | None,
    histories: Mapping[Place, AlertHistory],
    snoozed: Mapping[Place, str],
) -> list[AlertLine]:
    """The lines of the schools that are in Tier 1 now."""
    known = set() if last is None else {line.place for line in last.lines if line.mark in OPEN}
    lines = []
    for alert in mine:
        place = (alert.school_key, alert.group)
        if alert.tier != ALERT_TIER:
            continue
        mark = STILL if last is None or place in known else NEW
        mark = SNOOZED if place in snoozed else mark
        lines.append(line_of(alert, mark, histories.get(place, NO_HISTORY), snoozed.get(place, "")))
    return lines


def closed_lines(last: LastDigest, now: AlertStates, owners: Mapping[Place, SchoolOwner], key: str) -> list[AlertLine]:
    """The lines of what was told as open and is no longer this director's in Tier 1.

    Absent is unknown, not solved: such a school stays listed as missing, with the day it was last seen.
    """
    lines = []
    for line in last.lines:
        if line.mark not in OPEN:
            continue
        alert = now.get(line.place)
        if alert is None:
            note = line.note if line.mark == MISSING else ""
            lines.append(line._replace(mark=MISSING, gained=None, note=note))
        elif owners[line.place].key != key:
            history = AlertHistory(line.lasted, None, ())
            lines.append(line_of(alert, MOVED, history, owners[line.place].spelling)._replace(trend=line.trend))
        elif alert.tier is None:
            lines.append(line._replace(mark=MISSING, gained=None, note="no surveys are expected there any more"))
        elif alert.tier != ALERT_TIER:
            gained = None if None in (alert.submitted, line.submitted) else alert.submitted - line.submitted  # type: ignore[operator]
            lines.append(line_of(alert, LEFT, AlertHistory(line.lasted, gained, ()))._replace(trend=line.trend))
    return lines


def in_order(lines: Iterable[AlertLine]) -> list[AlertLine]:
    """By group, then fewest surveys needed first."""
    return sorted(
        lines, key=lambda line: (GROUP_ORDER.index(line.group), line.needed or 0, line.school, line.school_key)
    )


def changed_places(lines: Sequence[AlertLine], last: LastDigest) -> set[Place]:
    """Places that came into Tier 1 or left it, or whose numbers are not those of the last digest. A snooze changes neither."""
    before = {line.place: line for line in last.lines if line.mark in OPEN}
    return {line.place for line in lines if _differs(line, before.get(line.place))}


def _differs(line: AlertLine, was: AlertLine | None) -> bool:
    if was is None or (line.mark in IN_TIER_1) != (was.mark in IN_TIER_1):
        return True
    return (line.submitted, line.total, line.extraction_date) != (was.submitted, was.total, was.extraction_date)


def is_correction(
    lines: Sequence[AlertLine], last: LastDigest | None, extraction_date: date, as_of: Mapping[str, str]
) -> bool:
    """Whether numbers that were told are different now though nothing newer has come: loaded again, or taken back."""
    if last is None or last.extraction_date < extraction_date:
        return False
    groups = {group for _, group in changed_places(lines, last)} & last.as_of.keys()
    return any(as_of.get(group, "") <= last.as_of[group].isoformat() for group in groups)


def taken_back(last: LastDigest | None, as_of: Mapping[str, str]) -> date | None:
    """The day of an extraction that was told and of which a group's numbers are there no more; the last such day."""
    last_days = {} if last is None else last.as_of
    return max((day for group, day in last_days.items() if as_of.get(group, "") < day.isoformat()), default=None)


def reason_of(
    lines: Sequence[AlertLine], last: LastDigest | None, extraction_date: date, preference: MailPreference
) -> str | None:
    """Why a mail is due, as Alertmanager's pipeline names it; None when there is nothing to say.

    The clock is the extraction, not the hour: the same list is told again only by a newer extraction.
    """
    marks = {line.mark for line in lines}
    listed = marks & set(LISTED)
    fresh = last is None or extraction_date > last.extraction_date
    if last is None:
        return "first" if listed else "none in Tier 1" if preference.also_when_none and not lines else None
    known_missing = {line.place for line in last.lines if line.mark == MISSING}
    newly_missing = any(line.mark == MISSING and line.place not in known_missing for line in lines)
    if LEFT in marks and not marks & {*OPEN, MOVED}:
        return "all left"
    for due, reason in (
        (NEW in marks, "new schools"),
        (LEFT in marks, "some left"),
        (MOVED in marks, "moved"),
        (newly_missing, "missing"),
        (bool(listed) and fresh and not preference.only_changes, "still"),
        (bool(listed) and not fresh and bool(changed_places(lines, last)), "corrected"),
        (fresh and not lines and preference.also_when_none, "none in Tier 1"),
    ):
        if due:
            return reason
    return None
