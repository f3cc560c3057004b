"""What the district set for its survey window: dates, days off and goals."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import text
from sqlmodel import Session

from shared.events import GROUPS

_WINDOW = text("select opens, closes from survey_window where term = :term")
_TOLD = text(
    "select window_opens as opens, window_closes as closes from extraction"
    ' where term = :term order by "on" desc, revision desc limit 1'
)
_OFF = text("select day, name from day_off order by day limit 400")
_GOALS = text('select "group", percent from goal')
_TERMS = text('select term, max("on") as newest from extraction group by term order by newest desc limit 20')
_AUDIT = text(
    "select at, actor, action, object, detail from audit where action like 'settings.%' order by id desc limit 20"
)


@dataclass(frozen=True)
class Window:
    """A term's survey window; `is_set` where it was set here and did not come with an extraction."""

    term: str
    opens: date
    closes: date
    is_set: bool


@dataclass(frozen=True)
class Change:
    """One change of a setting."""

    at: object
    actor: str
    action: str
    subject: str
    detail: dict[str, object]


def window_of(session: Session, term: str) -> Window | None:
    """The survey window of a term: as set here, else as it came with the newest extraction."""
    for statement, is_set in ((_WINDOW, True), (_TOLD, False)):
        row = session.execute(statement, {"term": term}).one_or_none()
        if row is not None:
            return Window(term, row.opens, row.closes, is_set)
    return None


def days_off(session: Session) -> dict[date, str]:
    """The weekdays without school, with their names, oldest first."""
    return {row.day: row.name for row in session.execute(_OFF)}


def goals(session: Session) -> dict[str, int | None]:
    """The goal of each group in percent, None where none is set."""
    found = {row.group: row.percent for row in session.execute(_GOALS)}
    return {group: found.get(group) for group in GROUPS}


def terms(session: Session) -> list[str]:
    """The terms that have extractions, newest first."""
    return list(session.execute(_TERMS).scalars())


def changes(session: Session) -> list[Change]:
    """The last changes of the settings, newest first."""
    return [Change(*row) for row in session.execute(_AUDIT)]
