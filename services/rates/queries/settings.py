"""What the district set for its survey window: dates, days off and goals."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlmodel import Session, col

from services.rates.tables import DayOff, DayOffChange, Extraction, Goal, SurveyWindow, metadata
from shared.events import GROUPS

_AUDIT = metadata.tables["rates.audit"].c
CHANGES_SHOWN = 20
UNDOABLE_SHOWN = 5


@dataclass(frozen=True)
class TermWindow:
    """A term's survey window; `is_set` where it was set here and did not come with an extraction."""

    term: str
    opens: date
    closes: date
    is_set: bool


@dataclass(frozen=True)
class SettingChange:
    """One change of a setting."""

    at: datetime
    actor: str
    action: str
    subject: str
    detail: dict[str, object]


def window_of(session: Session, term: str) -> TermWindow | None:
    """The survey window of a term: as set here, else as it came with the newest extraction."""
    own = session.get(SurveyWindow, term)
    if own is not None:
        return TermWindow(term, own.opens, own.closes, True)
    newest = (
        select(Extraction)
        .where(col(Extraction.term) == term)
        .order_by(col(Extraction.extraction_date).desc(), col(Extraction.revision).desc())
    )
    found = session.scalars(newest.limit(1)).first()
    return None if found is None else TermWindow(term, found.window_opens, found.window_closes, False)


def days_off(session: Session) -> dict[date, str]:
    """The weekdays without school, with their names, oldest first."""
    return {each.day: each.name for each in session.scalars(select(DayOff).order_by(col(DayOff.day)))}


def day_off_changes(session: Session) -> list[DayOffChange]:
    """The last UNDOABLE_SHOWN changes of the days off that are not undone, newest first."""
    open_ones = select(DayOffChange).where(col(DayOffChange.undone_at).is_(None))
    return list(session.scalars(open_ones.order_by(col(DayOffChange.change_id).desc()).limit(UNDOABLE_SHOWN)))


def extraction_days(session: Session) -> list[tuple[str, date]]:
    """The terms and days of the extractions that have schools, oldest first."""
    place = (col(Extraction.term), col(Extraction.extraction_date))
    found = select(*place).where(col(Extraction.schools) > 0).distinct().order_by(place[1], place[0])
    return [(row.term, row.extraction_date) for row in session.execute(found)]


def goals(session: Session) -> dict[str, int | None]:
    """The goal of each group in percent, None where none is set."""
    found = {each.respondent_group: each.percent for each in session.scalars(select(Goal))}
    return {group: found.get(group) for group in GROUPS}


def terms(session: Session) -> list[str]:
    """The terms that have extractions, newest first."""
    newest = func.max(Extraction.extraction_date)
    return list(session.scalars(select(col(Extraction.term)).group_by(col(Extraction.term)).order_by(newest.desc())))


def changes(session: Session) -> list[SettingChange]:
    """The last CHANGES_SHOWN changes of the settings, newest first; the audit page has all."""
    found = (
        select(_AUDIT.at, _AUDIT.actor, _AUDIT.action, _AUDIT.object.label("subject"), _AUDIT.detail)
        .where(_AUDIT.action.like("settings.%"))
        .order_by(_AUDIT.id.desc())
    )
    return [SettingChange(**row._mapping) for row in session.execute(found.limit(CHANGES_SHOWN))]
