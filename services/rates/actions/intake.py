"""What rates keeps of other services' events: the directory's schools, and what was mailed about which school."""

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col

from services.rates.tables import Mailed, School
from shared.db import fields_of, upsert
from shared.delivery.arrivals import directory_arrives
from shared.events import DigestsSent, DirectoryLoaded


def store_directory(session: Session, event: DirectoryLoaded) -> None:
    """Keeps a part of the newest directory; with its last part, what it no longer has is dropped."""
    is_whole = directory_arrives(session, event)
    if is_whole is None:
        return
    rows = [{**fields_of(School, school._asdict()), "revision": event.revision} for school in event.schools]
    upsert(session, School, rows, newer="revision")
    if is_whole:
        session.execute(delete(School).where(col(School.revision) < event.revision))


def note_sent(session: Session, event: DigestsSent) -> None:
    """Keeps which schools a mail to a director named."""
    rows = [
        {"mail_id": mail.mail_id, "school_key": key, "upload_id": event.upload_id, "director": mail.director}
        for mail in event.mails
        for key in mail.school_keys
    ]
    if rows:
        session.execute(insert(Mailed).on_conflict_do_nothing(), rows)
