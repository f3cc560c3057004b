"""Keeping the directory's schools and directors, and what was mailed about which school."""

from sqlalchemy import text
from sqlmodel import Session

from shared.delivery.arrivals import directory_arrives
from shared.events import DigestsSent, DirectoryLoaded, DirectoryPerson

_SCHOOLS = text(
    "insert into school(school_key, revision, ploc, cost_center, name, level, region, cos, director)"
    " values (:school_key, :revision, :ploc, :cost_center, :name, :level, :region, :cos, :director)"
    " on conflict (school_key) do update set revision = excluded.revision, ploc = excluded.ploc,"
    " cost_center = excluded.cost_center, name = excluded.name, level = excluded.level, region = excluded.region,"
    " cos = excluded.cos, director = excluded.director where school.revision < excluded.revision"
)
_PEOPLE = text(
    "insert into person(person_id, revision, name, email, spellings)"
    " values (:person_id, :revision, :name, :email, :spellings)"
    " on conflict (person_id) do update set revision = excluded.revision, name = excluded.name,"
    " email = excluded.email, spellings = excluded.spellings where person.revision < excluded.revision"
)
_MAILED = text(
    "insert into mailed(mail_id, school_key, upload_id, director)"
    " values (:mail_id, :school_key, :upload_id, :director) on conflict do nothing"
)
_GONE = (text("delete from person where revision < :revision"), text("delete from school where revision < :revision"))


def store_directory(session: Session, event: DirectoryLoaded) -> None:
    """Keeps a part of the newest directory; with its last part, what it no longer has is dropped."""
    is_whole = directory_arrives(session, event)
    if is_whole is None:
        return
    schools = [{**school._asdict(), "revision": event.revision} for school in event.schools]
    if schools:
        session.execute(_SCHOOLS, schools)
    directors = [_director(person, event.revision) for person in event.people if person.role == "director"]
    if directors:
        session.execute(_PEOPLE, directors)
    if is_whole:
        for statement in _GONE:
            session.execute(statement, {"revision": event.revision})


def _director(person: DirectoryPerson, revision: int) -> dict[str, object]:
    spellings = list(dict.fromkeys([person.name, *person.aliases]))
    return {**person._asdict(), "revision": revision, "spellings": spellings}


def note_sent(session: Session, event: DigestsSent) -> None:
    """Keeps which schools a director was told of."""
    rows = [
        {"mail_id": mail.mail_id, "school_key": key, "upload_id": event.upload_id, "director": mail.director}
        for mail in event.mails
        for key in mail.school_keys
    ]
    if rows:
        session.execute(_MAILED, rows)
