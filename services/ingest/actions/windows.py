"""The survey windows: which days belong to which term."""

from datetime import date

from sqlmodel import Session, col, select

from services.ingest.rules.dates import YEARS
from services.ingest.rules.headers import split_suffix
from services.ingest.tables import SurveyWindow
from shared.access import audit
from shared.errors import Invalid, NotFound


def keep_window(session: Session, term: str, opens: date, closes: date, actor: str) -> SurveyWindow:
    """Adds or changes the window of a term. Raises Invalid for an unknown form of term, or days that cannot be."""
    if split_suffix(f"x_{term}")[1] != term:
        raise Invalid(
            "A term is written as Sp26 for spring 2026 or Fa26 for fall 2026.",
            code="term_unreadable",
            problems=[{"code": "term_unreadable", "field": "term", "message": "Enter a term such as Sp26."}],
        )
    if opens.year not in YEARS or closes.year not in YEARS:
        raise Invalid("The years of the window cannot be right. Correct the dates.", code="window_year")
    if closes < opens:
        raise Invalid("The window closes before it opens. Correct the dates.", code="window_backwards")
    overlapping = select(SurveyWindow.term).where(
        col(SurveyWindow.term) != term, col(SurveyWindow.opens) <= closes, col(SurveyWindow.closes) >= opens
    )
    other = session.exec(overlapping.limit(1)).first()
    if other is not None:
        raise Invalid(f"The window overlaps with that of {other}. Correct the dates.", code="windows_overlap")
    before = session.get(SurveyWindow, term)
    detail = {"opens": opens, "closes": closes, "before": before.model_dump() if before else None}
    kept = session.merge(SurveyWindow(term=term, opens=opens, closes=closes))
    session.flush()
    audit(session, actor, "survey window", term, detail)
    return kept


def drop_window(session: Session, term: str, actor: str) -> None:
    """Removes the window of a term. Raises NotFound."""
    kept = session.get(SurveyWindow, term)
    if kept is None:
        raise NotFound(f"There is no survey window of the term {term}.")
    session.delete(kept)
    session.flush()
    audit(session, actor, "survey window removed", term, kept.model_dump())
