"""Dates and instants as people of the district read them."""

from datetime import UTC, date, datetime
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AwareDatetime, Field

from shared.settings import settings

# What a clock may show that is wrong or was never set; what lies outside has no day in the district.
FIRST, LAST = datetime(1970, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
# A moment from outside: `2026-11-21T10:42:00Z`.
Moment = Annotated[AwareDatetime, Field(ge=FIRST, le=LAST)]


def district_zone() -> ZoneInfo:
    return ZoneInfo(settings().timezone)


def instant_words(instant: datetime) -> str:
    """An instant in the district's time zone: `Feb 21, 2025, 9:12 AM PST`."""
    local = instant.astimezone(district_zone())
    return f"{local:%b} {local.day}, {local:%Y}, {local.hour % 12 or 12}:{local:%M %p %Z}"


def second_words(instant: datetime) -> str:
    """An instant to the second, for what follows quickly on one another: `Feb 21, 2025, 9:12:41 AM PST`."""
    local = instant.astimezone(district_zone())
    return f"{local:%b} {local.day}, {local:%Y}, {local.hour % 12 or 12}:{local:%M:%S %p %Z}"


def today() -> date:
    """The district's calendar day now."""
    return datetime.now(UTC).astimezone(district_zone()).date()
