"""Whether a report may be taken: its incident, its day, a zero that is meant."""

from datetime import date, datetime
from typing import NamedTuple

from services.sesr.rules.counts import Counts


class Days(NamedTuple):
    """The days of an incident and when it was closed, if it was."""

    first: date
    last: date
    closed_at: datetime | None


class Refusal(NamedTuple):
    """Why a report is not taken: a stable code, a field where there is one, and what to do."""

    code: str
    sentence: str
    field: str = ""


def refusal(
    days: Days | None, day: date, counted_at: datetime, counted_on: date, today: date, *, late_ok: bool
) -> Refusal | None:
    """Why not; None when it may be taken. `days` is None where no incident is open. `counted_on` is the district's day of `counted_at`.

    A report that was counted in time and only travelled long is taken after its day, and after the closing.
    """
    if day > today:
        return Refusal("day_in_future", "That day is still to come. Choose today, or the day of the count.", "day")
    if days is None:
        return Refusal("incident_closed", "No incident is open for this school now. There is nothing to report.")
    if not days.first <= day <= days.last:
        text = f"The incident runs from {days.first:%b %d} to {days.last:%b %d}. Choose a day within it."
        return Refusal("day_outside", text, "day")
    if days.closed_at is not None and counted_at >= days.closed_at:
        return Refusal(
            "incident_closed", "The incident is closed and takes no more reports. Ask the duty desk to open it."
        )
    if counted_on != day and not late_ok:
        text = f"The day {day:%b %d} is over. Ask the duty desk of your region to allow a late entry or to enter it."
        return Refusal("day_over", text, "day")
    return None


def zero_refusal(counts: Counts, confirmed: bool) -> Refusal | None:
    """Zero students has to be confirmed, for a blank that was typed as 0 looks the same."""
    if counts.get("students_present") != 0 or confirmed:
        return None
    text = "Confirm that there are really no students on site, or enter how many there are"
    return Refusal("zero_unconfirmed", text, "confirmed_zero")
