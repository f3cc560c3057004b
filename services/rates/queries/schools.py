"""One school: its rows at all extractions, how it stands now in each group, and the mails about it."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import text
from sqlmodel import Session

_ROWS = text(
    'select term, "on", "group", revision, ploc, school, region, cos, director, director_key, level, total, submitted, tier, rate,'
    " needed, file_tier, file_rate from rate where school_key = :school_key and not removed"
    ' order by "on", term, "group" limit 3000'
)
_NOW = text(
    'select distinct on ("group") "group", term, "on", present, last_on, first_on, total, submitted, tier, rate, needed,'
    " was_total, was_submitted, was_tier, gained, moved, mark, stalled, was_on"
    ' from standing s where school_key = :school_key and (term, "group", "on") in'
    ' (select term, "group", "on" from (select distinct on ("group") term, "group", "on" from extraction'
    '  where schools > 0 order by "group", "on" desc, term desc) newest)'
)
_DIRECTORY = text(
    "select name, ploc, cost_center, level, region, cos, director from school where school_key = :school_key"
)
_MAILS = text("select mail_id, director, at from mailed where school_key = :school_key order by at desc limit 5")
_NEIGHBOURS = text(
    "select distinct on (school_key) school_key, school from rate where ploc = :ploc and school_key <> :school_key"
    ' order by school_key, "on" desc limit 20'
)


def rows_of(session: Session, school_key: str) -> Sequence[Any]:
    """The school's rows of all groups at all extractions, oldest first."""
    return session.execute(_ROWS, {"school_key": school_key}).all()


def standings_of(session: Session, school_key: str) -> dict[str, Any]:
    """group -> how the school stands at that group's newest extraction; a group it never had is missing."""
    return {row.group: row for row in session.execute(_NOW, {"school_key": school_key})}


def directory_entry(session: Session, school_key: str) -> Any | None:
    return session.execute(_DIRECTORY, {"school_key": school_key}).one_or_none()


def mails_about(session: Session, school_key: str) -> Sequence[Any]:
    """The last mails that told a director of this school."""
    return session.execute(_MAILS, {"school_key": school_key}).all()


def neighbours(session: Session, school_key: str, ploc: str) -> Sequence[Any]:
    """Other units that share the PLOC, such as magnet centers; never summed with this one."""
    return session.execute(_NEIGHBOURS, {"school_key": school_key, "ploc": ploc}).all()
