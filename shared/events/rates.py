"""What rates publishes: the tiers of a group of an extraction, and the calendar."""

from datetime import date, datetime
from decimal import Decimal
from typing import ClassVar, NamedTuple
from uuid import UUID

from shared.events.event import Event, Group

__all__ = ["CalendarChanged", "ExtractionDay", "NamedDay", "TermDates", "TierRow", "TiersComputed"]


class TierRow(NamedTuple):
    """A school's computed state for one group; `tier` 1-4 or None (no rate), `needed` for the next tier or None.

    `final_*`: the forecast of its surveys when the window closes, if nothing changes, with the range that holds 80 of 100
    schools; None where nothing can be said. `outlook`, of a school in Tier 1: `stays` (will end in it), `may`, `leaves`,
    or empty. `needed_per_day`: of `needed`, surveys per school day that is left.
    """

    school_key: str
    ploc: str
    school: str
    region: str
    cos: str
    director: str
    total: int | None
    submitted: int | None
    tier: int | None
    needed: int | None
    rate: Decimal | None
    final_low: int | None = None
    final_likely: int | None = None
    final_high: int | None = None
    outlook: str = ""
    needed_per_day: Decimal | None = None


class TiersComputed(Event):
    """Tiers of one group of an upload, in parts; published once all of its extraction has arrived.

    The rows are the whole state of (term, date, group), whichever upload led to it; `state` grows each time the group is
    published, and a subscriber keeps the greatest. `is_whole` is false where a person published it although parts had
    not arrived: a school that is not in it may be in those, and is not missing.
    """

    topic: ClassVar[str] = "rates.tiers_computed"
    subscribers: ClassVar[dict[str, str]] = {
        "notify": "notify.plan_digests",
        "tracker": "tracker.store_rates",
        "ingest": "ingest.note_tiers",
    }

    upload_id: UUID
    term: str
    extraction_date: date
    revision: int
    state: int
    groups: tuple[Group, ...]
    group: Group
    part: int
    parts: int
    thin: bool
    hold_mails: bool = False
    is_undo: bool
    window_closes: date
    is_whole: bool = True
    rows: list[TierRow]
    removed: list[str]

    @property
    def key(self) -> str:
        return f"{self.term}/{self.extraction_date}/{self.group}/{self.upload_id}/{self.part}"

    @property
    def version(self) -> int:
        return self.state


class NamedDay(NamedTuple):
    """A weekday without school."""

    day: date
    name: str


class TermDates(NamedTuple):
    """The survey window of a term: its first and its last day."""

    term: str
    opens: date
    closes: date


class ExtractionDay(NamedTuple):
    """A day from which there is an extraction of a term."""

    term: str
    day: date


class CalendarChanged(Event):
    """The whole calendar at a revision: days off, the window of each term, and the days of its extractions."""

    topic: ClassVar[str] = "rates.calendar_changed"
    subscribers: ClassVar[dict[str, str]] = {"notify": "notify.store_calendar", "sesr": "sesr.store_calendar"}

    revision: int
    changed_at: datetime
    days_off: list[NamedDay]
    windows: list[TermDates]
    extraction_days: list[ExtractionDay]

    @property
    def key(self) -> str:
        return "calendar"

    @property
    def version(self) -> int:
        return self.revision
