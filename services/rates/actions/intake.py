"""What rates keeps of other services' events: the directory's schools, and what was mailed about which school."""

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col

from services.rates.tables import Mailed, School
from shared.delivery.arrivals import directory_arrives
from shared.events import DigestsSent, DirectoryLoaded


def store_directory(session: Session, event: DirectoryLoaded) -> None:
    """Keeps a part of the newest directory; with its last part, what it no longer has is dropped."""
    is_whole = directory_arrives(session, event)
    if is_whole is None:
        return
    names = [name for name in School.model_fields if name != "revision"]
    rows = [{name: getattr(school, name) for name in names} for school in event.schools]
    if rows:
        fresh = insert(School)
        newer = {name: fresh.excluded[name] for name in (*names, "revision") if name != "school_key"}
        keep = fresh.on_conflict_do_update(
            index_elements=["school_key"], set_=newer, where=col(School.revision) < fresh.excluded.revision
        )
        session.execute(keep, [{**row, "revision": event.revision} for row in rows])
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
