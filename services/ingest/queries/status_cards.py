"""What the home page says of uploads: those that wait for a decision, the last extraction, windows about to close."""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from sqlalchemy import func, select
from sqlmodel import Session, col

from services.ingest.tables import ExtractionCount, School, SurveyWindow, Upload


class LastExtraction(NamedTuple):
    """The newest extraction that was published: its groups, its schools with counts, and how many the directory has."""

    term: str
    extraction_date: date
    groups: int
    schools: int
    directory: int


def waiting(session: Session, state: str) -> int:
    """How many uploads are in a state; a dry run is none."""
    found = select(func.count()).where(col(Upload.state) == state, col(Upload.intent) != "dry")
    count: int = session.execute(found).scalar_one()
    return count


def last_extraction(session: Session) -> LastExtraction | None:
    """None before the first extraction."""
    when = (col(ExtractionCount.term), col(ExtractionCount.extraction_date))
    newest = session.execute(select(*when).order_by(when[1].desc(), when[0].desc()).limit(1)).first()
    if newest is None:
        return None
    counts = select(
        func.count(func.distinct(col(ExtractionCount.respondent_group))).label("groups"),
        func.count(func.distinct(col(ExtractionCount.school_key))).label("schools"),
    ).where(when[0] == newest.term, when[1] == newest.extraction_date)
    row = session.execute(counts).one()
    size = session.execute(select(func.count()).where(col(School.in_directory))).scalar_one()
    return LastExtraction(newest.term, newest.extraction_date, row.groups, row.schools, size)


def closing_windows(session: Session, day: date, until: date) -> Sequence[SurveyWindow]:
    """Survey windows that close between two days, both included, the first to close first."""
    closes = col(SurveyWindow.closes)
    found = select(SurveyWindow).where(closes >= day, closes <= until, col(SurveyWindow.opens) <= day)
    return session.scalars(found.order_by(closes, col(SurveyWindow.term))).all()
