"""The extractions of a group: the one of a date, all of them, and what says that something has changed."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, func, select, tuple_
from sqlmodel import Session, col

from services.rates.tables import DirectoryArrival, Extraction, Mailed, SchoolHistory, Upload, metadata
from shared.events import GROUPS, Group

_AUDIT_ID = metadata.tables["rates.audit"].c.id
_SUMMARY = (
    col(Extraction.term), col(Extraction.extraction_date), col(Extraction.respondent_group), col(Extraction.revision),
    col(Extraction.schools), col(Extraction.state), col(Extraction.window_opens), col(Extraction.window_closes),
    col(Extraction.computed_at), col(Extraction.is_whole),
)  # fmt: skip
_NEWEST_FIRST = (col(Extraction.extraction_date).desc(), col(Extraction.term).desc())


@dataclass(frozen=True)
class ExtractionSummary:
    """One group of one extraction, with how many schools it holds."""

    term: str
    extraction_date: date
    respondent_group: Group
    revision: int
    schools: int
    state: int
    window_opens: date
    window_closes: date
    computed_at: datetime
    is_whole: bool

    @property
    def key(self) -> dict[str, Any]:
        """What names it, by the columns of the tables."""
        return {
            "term": self.term,
            "respondent_group": self.respondent_group,
            "extraction_date": self.extraction_date,
        }


def rows_at(extraction: ExtractionSummary) -> tuple[ColumnElement[bool], ...]:
    """The conditions for the histories at an extraction: one range of the primary key."""
    return (
        col(SchoolHistory.term) == extraction.term,
        col(SchoolHistory.respondent_group) == extraction.respondent_group,
        col(SchoolHistory.extraction_date) == extraction.extraction_date,
    )


def extraction_at(
    session: Session, group: str, day: date | None = None, term: str | None = None
) -> ExtractionSummary | None:
    """The extraction of a group on a date, the newest without one; None where there is none."""
    found = select(*_SUMMARY).where(col(Extraction.schools) > 0, col(Extraction.respondent_group) == group)
    if day is not None:
        found = found.where(col(Extraction.extraction_date) == day)
    if term is not None:
        found = found.where(col(Extraction.term) == term)
    row = session.execute(found.order_by(*_NEWEST_FIRST).limit(1)).first()
    return None if row is None else ExtractionSummary(**row._mapping)


def extractions(
    session: Session, group: str, limit: int | None = None, since: tuple[date, str] | None = None
) -> list[ExtractionSummary]:
    """The extractions of a group, newest first; at most `limit`, from the one of a date and term on."""
    found = select(*_SUMMARY).where(col(Extraction.schools) > 0, col(Extraction.respondent_group) == group)
    if since is not None:
        found = found.where(tuple_(col(Extraction.extraction_date), col(Extraction.term)) <= tuple_(*since))
    return [ExtractionSummary(**row._mapping) for row in session.execute(found.order_by(*_NEWEST_FIRST).limit(limit))]


def newest_group(session: Session, day: date | None) -> Group:
    """The group with the newest extraction; parents where several are as new."""
    found = {name: extraction_at(session, name, day) for name in GROUPS}
    dated = [(each.extraction_date, name == "parents", name) for name, each in found.items() if each is not None]
    return max(dated)[2] if dated else "parents"


def version(session: Session) -> str:
    """Changes whenever anything changes that a page of rates shows to everybody."""
    parts = select(
        select(func.concat(func.count(), " ", func.sum(Extraction.state), " ", func.max(Extraction.computed_at)))
        .select_from(Extraction)
        .scalar_subquery(),
        select(func.coalesce(func.max(_AUDIT_ID), 0)).scalar_subquery(),
        select(func.coalesce(func.max(DirectoryArrival.revision), 0)).scalar_subquery(),
        select(func.count()).select_from(Mailed).scalar_subquery(),
        select(func.count()).select_from(Upload).where(col(Upload.published_at).is_(None)).scalar_subquery(),
    )
    return " ".join(map(str, session.execute(parts).one()))
