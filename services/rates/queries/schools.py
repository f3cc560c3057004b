"""One school: its rows at all extractions, what it is now in each group, and the mails about it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Row, and_, func, select, tuple_
from sqlalchemy.dialects.postgresql import distinct_on
from sqlmodel import Session, col

from services.rates.tables import Extraction, Mailed, Rate, School, SchoolHistory

MAILS_SHOWN = 5
_T = SchoolHistory.__table__.c  # type: ignore[attr-defined]
_OWN = and_(
    col(Rate.term) == _T.term,
    col(Rate.respondent_group) == _T.respondent_group,
    col(Rate.extraction_date) == _T.extraction_date,
    col(Rate.school_key) == _T.school_key,
)
# What the pages show of it, with what the file itself said, which only the stored row has.
_ROW = select(
    _T.term, _T.extraction_date, _T.respondent_group, _T.school_key, _T.ploc, _T.school, _T.region, _T.cos, _T.director,
    _T.director_key, _T.level, _T.total, _T.submitted, _T.tier, _T.rate, _T.needed, col(Rate.file_tier),
    col(Rate.file_rate),
).join(Rate, _OWN).where(_T.present)  # fmt: skip


def rows_of(session: Session, school_key: str) -> Sequence[Row[Any]]:
    """The school's rows of all groups at all extractions, oldest first."""
    own = _ROW.where(_T.school_key == school_key, col(Rate.school_key) == school_key)
    return session.execute(own.order_by(_T.extraction_date, _T.term, _T.respondent_group)).all()


def absences(session: Session, school_key: str, term: str, group: str) -> Sequence[date]:
    """The extractions of a term and group that lack the school, although one before had it."""
    own = (_T.term == term, _T.respondent_group == group, _T.school_key == school_key, ~_T.present)
    return session.scalars(select(_T.extraction_date).where(*own).order_by(_T.extraction_date)).all()


def current_of(session: Session, school_key: str) -> dict[str, SchoolHistory]:
    """group -> the school's history at that group's newest extraction; a group it never had is missing."""
    newest = (
        select(col(Extraction.term), col(Extraction.respondent_group), col(Extraction.extraction_date))
        .ext(distinct_on(col(Extraction.respondent_group)))
        .where(col(Extraction.schools) > 0)
        .order_by(col(Extraction.respondent_group), col(Extraction.extraction_date).desc(), col(Extraction.term).desc())
    )
    own = select(SchoolHistory).where(
        _T.school_key == school_key, tuple_(_T.term, _T.respondent_group, _T.extraction_date).in_(newest)
    )
    return {row.respondent_group: row for row in session.scalars(own)}


def directory_entry(session: Session, school_key: str) -> School | None:
    return session.get(School, school_key)


@dataclass(frozen=True)
class MailsAbout:
    """The last mails to directors that named a school, and how many there were."""

    newest: Sequence[Mailed]
    of: int


def mails_about(session: Session, school_key: str) -> MailsAbout:
    """The last MAILS_SHOWN mails that named this school to a director."""
    own = select(Mailed).where(col(Mailed.school_key) == school_key).order_by(col(Mailed.at).desc())
    counted = select(func.count()).select_from(Mailed).where(col(Mailed.school_key) == school_key)
    return MailsAbout(session.scalars(own.limit(MAILS_SHOWN)).all(), session.scalar(counted) or 0)


@dataclass(frozen=True)
class Neighbor:
    """Another unit at the same PLOC."""

    school_key: str
    school: str


def neighbors(session: Session, school_key: str, ploc: str) -> list[Neighbor]:
    """Other units that share the PLOC, such as magnet centers; never summed with this one."""
    others = (
        select(col(Rate.school_key), col(Rate.school))
        .ext(distinct_on(col(Rate.school_key)))
        .where(col(Rate.ploc) == ploc, col(Rate.school_key) != school_key, ~col(Rate.removed))
        .order_by(col(Rate.school_key), col(Rate.extraction_date).desc())
    )
    return [Neighbor(**row._mapping) for row in session.execute(others)]


def newest_date(session: Session, group: str) -> tuple[date, str] | None:
    """The date and term of a group's newest extraction."""
    own = select(col(Extraction.extraction_date), col(Extraction.term)).where(
        col(Extraction.schools) > 0, col(Extraction.respondent_group) == group
    )
    newest = own.order_by(col(Extraction.extraction_date).desc(), col(Extraction.term).desc())
    found = session.execute(newest.limit(1)).first()
    return None if found is None else (found.extraction_date, found.term)
