"""What of the directory's schools can be seen."""

from sqlalchemy import text
from sqlmodel import Session

_SCHOOLS = text("select count(*) from school")


def school_count(session: Session) -> int:
    """How many schools the directory holds."""
    count: int = session.execute(_SCHOOLS).scalar_one()
    return count
