"""Changing the days off: by range, by list, by a calendar file, and back; each change is kept whole and can be undone."""

from collections.abc import Mapping
from datetime import UTC, date, datetime

from sqlmodel import Session

from services.rates.actions.calendar import publish_calendar
from services.rates.queries.settings import days_off
from services.rates.rules.days import RangeOff, day_changes, days_of, listed_ranges, wrong_with
from services.rates.tables import DayOff, DayOffChange
from shared.access import audit
from shared.errors import Conflict, Invalid, NotFound, first_of

MOST_PROBLEMS, LINES_NAMED = 20, 5


def add_days_off(session: Session, actor: str, off: RangeOff) -> int | None:
    """Adds the weekdays of a range without school, or renames them. Raises Invalid for a range that cannot be."""
    code, sentence = wrong_with(off)
    if code:
        field = "name" if code == "name_long" else "day"
        problems = [{"code": code, "field": field, "message": sentence}]
        raise Invalid(f"These days off were not added: {sentence}.", code=code, problems=problems)
    return _change(session, actor, "a range", days_of([off]))


def read_list(text: str) -> dict[date, str]:
    """The days of a list with their names, all or none. Raises Invalid with a sentence for each wrong line."""
    found, wrong = listed_ranges(text)
    if wrong or not found:
        problems = [{"code": "line_wrong", "field": "days", "message": sentence} for sentence in wrong]
        more = len(wrong) - LINES_NAMED
        named = [*wrong[:LINES_NAMED], *([f"And {more} more lines."] if more > 0 else [])]
        reason = " ".join(named) or "The list is empty: write one day or range per line."
        raise Invalid(f"No day was added. {reason}", code="list_wrong", problems=first_of(problems, MOST_PROBLEMS))
    return days_of(found)


def save_listed_days(
    session: Session, actor: str, text: str, source: str = "a list", *, replaces: bool = False
) -> int | None:
    """Saves a list; where it `replaces` the calendar, the other days off from its first to its last day are school days.

    Answers the number of the change, by which it is undone; None where nothing changed. Raises Invalid.
    """
    listed = read_list(text)
    removed = day_changes(days_off(session), listed, replaces=replaces).removed
    return _change(session, actor, source, {**listed, **dict.fromkeys(removed)})


def remove_day_off(session: Session, actor: str, day: date) -> int | None:
    """Makes a day a school day again; the number of the change. Raises NotFound for a day that is none of the days off."""
    if session.get(DayOff, day) is None:
        raise NotFound("That day is no longer a day off. Reload the page.")
    return _change(session, actor, "removing a day", {day: None})


def undo_change(session: Session, actor: str, change_id: int) -> int:
    """Gives the days of a change back what they were before it; how many were changed again since and stay as they are.

    Raises NotFound, Conflict where it is undone already.
    """
    kept = session.get(DayOffChange, change_id, with_for_update=True)
    if kept is None:
        raise NotFound("There is no such change of the days off. Reload the page.")
    if kept.undone_at is not None:
        raise Conflict("This change is undone already. Reload the page.", code="undone_already")
    now = days_off(session)
    back = {day: kept.before[day] for day, name in kept.after.items() if now.get(date.fromisoformat(day)) == name}
    kept.undone_at, kept.undone_by = datetime.now(UTC), actor
    session.add(kept)
    _write(session, actor, {date.fromisoformat(day): name for day, name in back.items()}, now)
    return len(kept.after) - len(back)


def _change(session: Session, actor: str, source: str, new: Mapping[date, str | None]) -> int | None:
    """Writes the days that become others, and keeps what they were; the number of the change, None without any."""
    now = days_off(session)
    changed = {day: name for day, name in new.items() if now.get(day) != name}
    if not changed:
        return None
    kept = DayOffChange(
        actor=actor,
        source=source,
        before={day.isoformat(): now.get(day) for day in changed},
        after={day.isoformat(): name for day, name in changed.items()},
    )
    session.add(kept)
    _write(session, actor, changed, now)
    return kept.change_id


def _write(session: Session, actor: str, days: Mapping[date, str | None], now: Mapping[date, str]) -> None:
    for day, name in sorted(days.items()):
        was = session.get(DayOff, day)
        if name is not None:
            session.merge(DayOff(day=day, name=name))
        elif was is not None:
            session.delete(was)
        audit(session, actor, "settings.day_off", day.isoformat(), {"was": now.get(day), "now": name})
    session.flush()
    publish_calendar(session)
