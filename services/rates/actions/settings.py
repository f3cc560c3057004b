"""Changing the survey window, the days off and the goals; each change leaves an audit row."""

from datetime import date, timedelta

from sqlalchemy import text
from sqlmodel import Session

from services.rates.queries.settings import days_off, goals, window_of
from shared.access import audit
from shared.errors import Invalid, NotFound
from shared.events import Group

LONGEST_WINDOW = timedelta(days=366)
_WINDOW = text(
    "insert into survey_window(term, opens, closes) values (:term, :opens, :closes)"
    " on conflict (term) do update set opens = excluded.opens, closes = excluded.closes"
)
_DAY = text("insert into day_off(day, name) values (:day, :name) on conflict (day) do update set name = excluded.name")
_NO_DAY = text("delete from day_off where day = :day")
_GOAL = text(
    'insert into goal("group", percent) values (:group, :percent)'
    ' on conflict ("group") do update set percent = excluded.percent'
)
_NO_GOAL = text('delete from goal where "group" = :group')


def set_window(session: Session, actor: str, term: str, opens: date, closes: date) -> None:
    """Sets a term's survey window. Raises NotFound for an unknown term, Invalid for dates that are no window."""
    was = window_of(session, term)
    if was is None:
        raise NotFound(f"There is no extraction of the term {term}. Upload one first.")
    if not timedelta(0) < closes - opens < LONGEST_WINDOW:
        problems = [{"code": "window_wrong", "field": "closes", "message": "Enter a last day after the first day"}]
        raise Invalid("The window's last day must come after its first, within a year.", problems=problems)
    session.execute(_WINDOW, {"term": term, "opens": opens, "closes": closes})
    detail = {"was": [was.opens.isoformat(), was.closes.isoformat()], "now": [opens.isoformat(), closes.isoformat()]}
    audit(session, actor, "settings.window", term, detail)


def add_day_off(session: Session, actor: str, day: date, name: str) -> None:
    """Adds a weekday without school, or names it anew. Raises Invalid for a weekend."""
    if day.weekday() >= 5:
        problems = [{"code": "weekend", "field": "day", "message": "Enter a weekday; weekends are never school days"}]
        raise Invalid("That day is on a weekend, which is no school day anyway.", problems=problems)
    was = days_off(session).get(day)
    session.execute(_DAY, {"day": day, "name": name.strip()[:80]})
    audit(session, actor, "settings.day_off", day.isoformat(), {"was": was, "now": name.strip()[:80]})


def remove_day_off(session: Session, actor: str, day: date) -> None:
    """Makes a day a school day again. Raises NotFound for a day that is none of the days off."""
    was = days_off(session).get(day)
    if was is None:
        raise NotFound("That day is no day off any more. Reload the page.")
    session.execute(_NO_DAY, {"day": day})
    audit(session, actor, "settings.day_off", day.isoformat(), {"was": was, "now": None})


def set_goal(session: Session, actor: str, group: Group, percent: int | None) -> None:
    """Sets a group's goal in percent, 1 to 100; None takes it away. Raises Invalid otherwise."""
    if percent is not None and not 1 <= percent <= 100:
        problems = [{"code": "goal_wrong", "field": f"goal-{group}", "message": "Enter a percentage from 1 to 100"}]
        raise Invalid("A goal is a whole percentage from 1 to 100.", problems=problems)
    was = goals(session)[group]
    if percent is None:
        session.execute(_NO_GOAL, {"group": group})
    else:
        session.execute(_GOAL, {"group": group, "percent": percent})
    audit(session, actor, "settings.goal", group, {"was": was, "now": percent})
