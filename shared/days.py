"""Days as people of the district write them."""

from datetime import date


def date_words(day: date | str) -> str:
    """A day, or its ISO form as JSON keeps it: `Feb 21, 2025`."""
    day = date.fromisoformat(day) if isinstance(day, str) else day
    return f"{day_words(day)}, {day:%Y}"


def day_words(day: date) -> str:
    """A day where the year is plain: `Feb 21`."""
    return f"{day:%b} {day.day}"
