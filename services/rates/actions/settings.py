"""Changing the survey window and the goals; each change leaves an audit row."""

from datetime import date, timedelta

from sqlmodel import Session

from services.rates.actions.calendar import publish_calendar
from services.rates.queries.settings import window_of
from services.rates.tables import Goal, SurveyWindow
from shared.access import audit
from shared.errors import Invalid, NotFound
from shared.events import Group

LONGEST_WINDOW = timedelta(days=366)


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
    publish_calendar(session)


def leave_window(session: Session, actor: str, term: str) -> None:
    """Takes the window that was set for a term away: the one that came with its newest extraction counts again."""
    was = session.get(SurveyWindow, term)
    if was is None:
        raise NotFound(f"No window was set for {term}. Reload the page.")
    session.delete(was)
    session.flush()
    audit(
        session, actor, "settings.window", term, {"was": [was.opens.isoformat(), was.closes.isoformat()], "now": None}
    )
    publish_calendar(session)


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
