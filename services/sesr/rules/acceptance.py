"""Whether a report may be taken: its incident, its day, a zero that is meant, numbers that are older than others."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from services.sesr.rules.counts import EXTRAS, INPUTS, Counts
from shared.days import date_words


class IncidentDays(NamedTuple):
    """The days of an incident and when it was closed, if it was."""

    first: date
    last: date
    closed_at: datetime | None


class Refusal(NamedTuple):
    """Why a report is not taken: a stable code, a field where there is one, and what to do."""

    code: str
    sentence: str
    field: str = ""


class Earlier(NamedTuple):
    """A report of the same school and day that is here already."""

    report_id: UUID
    number: int
    counted_at: datetime
    counts: Counts
    flags: Mapping[str, bool]


class Merged(NamedTuple):
    """The counts of a report that started from an older one, and which of them are of the `newest` report.

    `asks`: the students present themselves are still those of the older one, so only its sender can tell which are right.
    """

    counts: Counts
    carried: tuple[str, ...]
    asks: bool


def refusal(
    days: IncidentDays | None, day: date, made_at: datetime, made_on: date, today: date, *, late_ok: bool
) -> Refusal | None:
    """Why not; None when it may be taken. `days` is None where no incident is open.

    `made_at` is when a report was counted or a correction was made, `made_on` the district's day of it: what was made in
    time and only traveled long is taken after its day, and after the closing.
    """
    if day > today:
        return Refusal("day_in_future", "That day is still to come. Choose today, or the day of the count.", "day")
    if days is None:
        return Refusal("incident_closed", "No incident is open for this school now. There is nothing to report.")
    if not days.first <= day <= days.last:
        text = f"The incident runs from {date_words(days.first)} to {date_words(days.last)}. Choose a day within it."
        return Refusal("day_outside", text, "day")
    if days.closed_at is not None and made_at >= days.closed_at:
        return Refusal(
            "incident_closed", "The incident is closed and takes no more reports. Ask the duty desk to open it."
        )
    if made_on != day and not late_ok:
        text = (
            f"The day {date_words(day)} is over. Ask the duty desk of your region to allow a late entry or to enter it."
        )
        return Refusal("day_over", text, "day")
    return None


def zero_refusal(counts: Counts, confirmed: bool) -> Refusal | None:
    """Zero students has to be confirmed, for a blank that was typed as 0 looks the same."""
    if counts.get("students_present") != 0 or confirmed:
        return None
    text = "Confirm that there are really no students on site, or enter how many there are"
    return Refusal("zero_unconfirmed", text, "confirmed_zero")


def merged(counts: Counts, start: Counts, newest: Earlier) -> Merged:
    """What a report says that was filled in from `start` while `newest` came in between.

    A number that its sender left as it was in the older report is not a statement against a newer one.
    """
    left = [count.name for count in (*INPUTS, *EXTRAS) if counts.get(count.name) == start.get(count.name)]
    carried = tuple(name for name in left if newest.counts.get(name) != counts.get(name))
    taken = {name: newest.counts.get(name) for name in carried}
    return Merged({**counts, **taken}, carried, "students_present" in carried)
