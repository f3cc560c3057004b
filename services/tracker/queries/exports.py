"""What a person has ordered: large workbooks, how far they are, and their content."""

from collections.abc import Sequence
from uuid import UUID

from sqlmodel import Session, col, select

from services.tracker.tables.books import BookExport, BookPart
from shared.access import Who
from shared.errors import NotFound


def exports_of(session: Session, who: Who) -> Sequence[BookExport]:
    """The person's own exports, newest first: of the role and the schools that they have now."""
    own = select(BookExport).where(BookExport.ordered_by == who.person_id, BookExport.role == who.role)
    own = own.where(col(BookExport.scope) == list(who.scope), col(BookExport.spellings) == list(who.spellings))
    return session.exec(own.order_by(col(BookExport.at).desc())).all()


def export_of(session: Session, who: Who, export_id: UUID) -> BookExport:
    """One of the person's own exports; NotFound for any other."""
    found = session.get(BookExport, export_id)
    now = (who.person_id, who.role, list(who.scope), list(who.spellings))
    if found is None or (found.ordered_by, found.role, found.scope, found.spellings) != now:
        raise NotFound("There is no such export of yours. It may be older than a week, or your schools have changed.")
    return found


def content_of(session: Session, export_id: UUID) -> bytes:
    """The written file."""
    parts = select(BookPart).where(BookPart.export_id == export_id).order_by(col(BookPart.number))
    return b"".join(part.content for part in session.exec(parts))
