"""The address of a person's calendar: made, replaced, turned off, noted as read."""

import secrets
from datetime import UTC, datetime, timedelta

from sqlmodel import Session, col, delete

from services.sesr.tables import CalendarAddress
from shared.access import Who, audit

NOTED_EVERY = timedelta(days=1)


def make_address(session: Session, who: Who) -> None:
    """A new address in the role that the person is in; the one before shows nothing from now on."""
    _remove(session, who)
    session.add(CalendarAddress(address_id=secrets.token_hex(16), person_id=who.person_id, role=who.role))
    audit(session, who.actor, "calendar.address", who.role)


def remove_address(session: Session, who: Who) -> None:
    """Turns the address off; whoever has it reads nothing more."""
    if _remove(session, who):
        audit(session, who.actor, "calendar.address_off", who.role)


def note_read(session: Session, address: CalendarAddress) -> None:
    """Notes that the calendar was read, once a day."""
    now = datetime.now(UTC)
    if now - address.read_at >= NOTED_EVERY:
        address.read_at = now
        session.add(address)


def _remove(session: Session, who: Who) -> bool:
    own = (col(CalendarAddress.person_id) == who.person_id, col(CalendarAddress.role) == who.role)
    found = session.exec(delete(CalendarAddress).where(*own).returning(col(CalendarAddress.address_id))).all()
    session.flush()
    return bool(found)
