"""The survey windows."""

from collections.abc import Sequence

from sqlmodel import Session, col, select

from services.ingest.rules.dates import Window
from services.ingest.tables import SurveyWindow


def survey_windows(session: Session) -> Sequence[SurveyWindow]:
    """The survey windows, newest first."""
    return session.exec(select(SurveyWindow).order_by(col(SurveyWindow.opens).desc())).all()


def windows(session: Session) -> list[Window]:
    """The survey windows as the rules read them."""
    return [Window(each.term, each.opens, each.closes) for each in survey_windows(session)]
