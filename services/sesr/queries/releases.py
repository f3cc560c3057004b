"""Figures that are public now."""

from sqlmodel import Session, col, select

from services.sesr.tables import PublicRelease


def current_release(session: Session) -> PublicRelease | None:
    """The release that is public; None where there is none, or it was taken back."""
    found = select(PublicRelease).where(col(PublicRelease.withdrawn_at).is_(None))
    return session.exec(found.order_by(col(PublicRelease.id).desc()).limit(1)).one_or_none()
