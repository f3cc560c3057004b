"""Changing the survey window, the days off and the goals; each change leaves an audit row."""

from datetime import date, timedelta

from sqlmodel import Session

from services.rates.queries.settings import window_of
from services.rates.rules.days import RangeOff, listed_ranges, wrong_with
from services.rates.tables import DayOff, Goal, SurveyWindow
from shared.access import audit
from shared.errors import Invalid, NotFound, first_of
from shared.events import Group

LONGEST_WINDOW = timedelta(days=366)
MOST_PROBLEMS, LINES_NAMED = 20, 5


def set_window(session: Session, actor: str, term: str, opens: date, closes: date) -> None:
    """Sets a term's survey window. Raises NotFound for an unknown term, Invalid for dates that are no window."""
    was = window_of(session, term)
    if was is None:
        raise NotFound(f"There is no extraction of the term {term}. Upload one first.")
    if not timedelta(0) < closes - opens < LONGEST_WINDOW:
        problems = [{"code": "window_wrong", "field": "closes", "message": "Enter a last day after the first day"}]
        raise Invalid("The window's last day must come after its first, within a year.", problems=problems)
    session.merge(SurveyWindow(term=term, opens=opens, closes=closes))
    detail = {"was": [was.opens.isoformat(), was.closes.isoformat()], "now": [opens.isoformat(), closes.isoformat()]}
    audit(session, actor, "settings.window", term, detail)


def add_days_off(session: Session, actor: str, off: RangeOff) -> None:
    """Adds the weekdays of a range without school, or renames them. Raises Invalid for a range that cannot be."""
    code, sentence = wrong_with(off)
    if code:
        field = "name" if code == "name_long" else "day"
        problems = [{"code": code, "field": field, "message": sentence}]
        raise Invalid(f"These days off were not added: {sentence}.", code=code, problems=problems)
    for day in off.weekdays():
        was = session.get(DayOff, day)
        session.merge(DayOff(day=day, name=off.name))
        audit(session, actor, "settings.day_off", day.isoformat(), {"was": was and was.name, "now": off.name})


def add_listed_days_off(session: Session, actor: str, text: str) -> int:
    """Adds every range of a list, all or none; how many weekdays. Raises Invalid with a sentence for each wrong line."""
    found, wrong = listed_ranges(text)
    if wrong or not found:
        problems = [{"code": "line_wrong", "field": "days", "message": sentence} for sentence in wrong]
        more = len(wrong) - LINES_NAMED
        named = [*wrong[:LINES_NAMED], *([f"And {more} more lines."] if more > 0 else [])]
        reason = " ".join(named) or "The list is empty: write a day or a range to a line."
        raise Invalid(f"No day was added. {reason}", code="list_wrong", problems=first_of(problems, MOST_PROBLEMS))
    for off in found:
        add_days_off(session, actor, off)
    return sum(len(off.weekdays()) for off in found)


def remove_day_off(session: Session, actor: str, day: date) -> None:
    """Makes a day a school day again. Raises NotFound for a day that is none of the days off."""
    was = session.get(DayOff, day)
    if was is None:
        raise NotFound("That day is not a day off any more. Reload the page.")
    session.delete(was)
    audit(session, actor, "settings.day_off", day.isoformat(), {"was": was.name, "now": None})


def set_goal(session: Session, actor: str, group: Group, percent: int | None) -> None:
    """Sets a group's goal in percent, 1 to 100; None takes it away. Raises Invalid otherwise."""
    if percent is not None and not 1 <= percent <= 100:
        problems = [{"code": "goal_wrong", "field": f"goal-{group}", "message": "Enter a percentage from 1 to 100"}]
        raise Invalid("A goal is a whole percentage from 1 to 100.", problems=problems)
    was = session.get(Goal, group)
    detail = {"was": was.percent if was is not None else None, "now": percent}
    if percent is not None:
        session.merge(Goal(respondent_group=group, percent=percent))
    elif was is not None:
        session.delete(was)
    audit(session, actor, "settings.goal", group, detail)
