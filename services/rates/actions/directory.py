"""Keeping the directory's schools, and what was mailed about which school."""

from sqlalchemy import text
from sqlmodel import Session

from shared.delivery.arrivals import directory_arrives
from shared.events import DigestsSent, DirectoryLoaded

_SCHOOLS = text(
    "insert into school(school_key, revision, ploc, cost_center, name, level, region, cos, director)"
    " values (:school_key, :revision, :ploc, :cost_center, :name, :level, :region, :cos, :director)"
    " on conflict (school_key) do update set revision = excluded.revision, ploc = excluded.ploc,"
    " cost_center = excluded.cost_center, name = excluded.name, level = excluded.level, region = excluded.region,"
    " cos = excluded.cos, director = excluded.director where school.revision < excluded.revision"
)
_MAILED = text(
    "insert into mailed(mail_id, school_key, upload_id, director)"
    " values (:mail_id, :school_key, :upload_id, :director) on conflict do nothing"
)
_GONE = text("delete from school where revision < :revision")


def store_directory(session: Session, event: DirectoryLoaded) -> None:
    """Keeps a part of the newest directory; with its last part, what it no longer has is dropped."""
    is_whole = directory_arrives(session, event)
    if is_whole is None:
        return
    schools = [{**school._asdict(), "revision": event.revision} for school in event.schools]
    if schools:
        session.execute(_SCHOOLS, schools)
    if is_whole:
        session.execute(_GONE, {"revision": event.revision})


def note_sent(session: Session, event: DigestsSent) -> None:
    """Keeps which schools a director was told of."""
    rows = [
        {"mail_id": mail.mail_id, "school_key": key, "upload_id": event.upload_id, "director": mail.director}
        for mail in event.mails
        for key in mail.school_keys
    ]
    if rows:
        session.execute(_MAILED, rows)
