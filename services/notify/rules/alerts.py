"""The values of alerts: a school's state for a group, a line of a digest with its mark, and the last digest."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import NamedTuple

from shared.tiers import ALERT_TIER

GROUP_ORDER = ("students", "staff", "parents")
NEW, HANDED, STILL, SNOOZED, MISSING = "new", "handed over", "still", "snoozed", "missing"
LEFT, NOT_EXPECTED, MOVED = "left", "not expected", "moved"
OPEN = (NEW, HANDED, STILL, SNOOZED, MISSING)
LISTED = (NEW, HANDED, STILL)
IN_TIER_1 = (NEW, HANDED, STILL, SNOOZED)
CLOSED = (LEFT, NOT_EXPECTED)
BLOCKS = "▁▂▃▄▅▆▇█"
TREND_LENGTH = 6

Place = tuple[str, str]


class AlertState(NamedTuple):
    """A school's state for one group at the newest extraction that has the group.

    `final_*` and `outlook` are the forecast, as in `TierRow`; `per_day` is what is needed each school day, rounded up.
    """

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
    final_low: int | None = None
    final_likely: int | None = None
    final_high: int | None = None
    outlook: str = ""
    per_day: int | None = None


class AlertHistory(NamedTuple):
    """How a place came here: extractions in Tier 1 without a break, surveys gained since the one before, rates.

    `first_seen`: no earlier extraction of the term has this school for this group, though there is one.
    """

    lasted: int
    gained: int | None
    rates: Sequence[float | None]
    first_seen: bool = False


class AlertLine(NamedTuple):
    """One row of a digest. `extraction_date` is the day of the numbers; `was_...` are those that a correction replaces.

    The forecast is that of `AlertState`. `since_plan`: surveys since the extraction for which the director last sent a plan.
    """

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
    was_total: int | None = None
    was_submitted: int | None = None
    was_rate: str = ""
    final_low: int | None = None
    final_likely: int | None = None
    final_high: int | None = None
    outlook: str = ""
    per_day: int | None = None
    since_plan: int | None = None

    @property
    def place(self) -> Place:
        return (self.school_key, self.group)

    @property
    def is_corrected(self) -> bool:
        """Whether the mail has to say what the numbers were."""
        return self.was_submitted is not None or self.was_total is not None


class LastDigest(NamedTuple):
    """What a director was last mailed: the day of the extraction, the lines, the day of each group's numbers."""

    extraction_date: date
    lines: Sequence[AlertLine]
    as_of: Mapping[str, date]


class MailPreference(NamedTuple):
    """A director's preference: only changes instead of the whole list each time; a mail also when nothing is due."""

    only_changes: bool = False
    also_when_none: bool = False


class SchoolOwner(NamedTuple):
    """Whose a place is for mails: the director's key and name. `note` says why, where the newest row does not.

    `waiting_key` is the key under which central staff see that the newest row's director has no route.
    """

    key: str
    name: str
    note: str = ""
    waiting_key: str = ""


AlertStates = Mapping[Place, AlertState]
NO_HISTORY = AlertHistory(1, None, ())


def history_of(
    tiers: Sequence[int | None],
    submitted: Sequence[int | None],
    rates: Sequence[float | None],
    *,
    first_seen: bool = False,
) -> AlertHistory:
    """The history of a place from its extractions, oldest first; one where it was absent does not break it."""
    lasted = 0
    for tier in reversed(tiers):
        if tier != ALERT_TIER:
            break
        lasted += 1
    last, before = submitted[-1], submitted[-2] if len(submitted) > 1 else None
    gained = last - before if last is not None and before is not None else None
    return AlertHistory(max(lasted, 1), gained, rates, first_seen)


def trend_of(rates: Sequence[float | None]) -> str:
    """The last rates as small blocks from 0 to 50 percent, a dot where one is missing."""
    shown = rates[-TREND_LENGTH:]
    if len(shown) < 2:
        return ""
    return "".join("·" if rate is None else BLOCKS[min(7, max(0, int(rate / 50 * 8)))] for rate in shown)


def line_of(state: AlertState, mark: str, history: AlertHistory, note: str = "") -> AlertLine:
    own = {field: getattr(state, field) for field in AlertState._fields if field != "tier"}
    return AlertLine(
        mark=mark, gained=history.gained, lasted=history.lasted, trend=trend_of(history.rates), note=note, **own
    )


def open_places(last: LastDigest | None) -> dict[Place, AlertLine]:
    """The lines of the last digest that it left open, by place."""
    return {} if last is None else {line.place: line for line in last.lines if line.mark in OPEN}
