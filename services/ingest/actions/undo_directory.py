"""Undoing a directory: schools and people as they were before the file, granted and published again."""

from sqlalchemy import text
from sqlmodel import Session, col, delete, func, select

from services.ingest.actions.directory import publish_directory
from services.ingest.actions.kept_directory import restore_roster
from services.ingest.tables import DirectoryRevision, Person, ReplacedDirectory, School, Upload

# A school that the file brought stays known, because extractions may name it, but is in no directory.
_SCHOOLS_BACK = text(
    """
    with before as (
      select b.* from replaced_directory d, jsonb_populate_recordset(null::school, d.schools) b
      where d.upload_id = :upload_id
    )
    merge into school s using before b on s.school_key = b.school_key
    when matched then update set
      ploc = b.ploc, cost_center = b.cost_center, name = b.name, name_key = b.name_key, level = b.level,
      region = b.region, cos = b.cos, director = b.director, enrolled = b.enrolled,
      classified_classroom = b.classified_classroom, classified_other = b.classified_other,
      certificated_admin = b.certificated_admin, certificated_other = b.certificated_other,
      principal = b.principal, landline = b.landline, in_directory = b.in_directory
    when not matched by source then update set in_directory = false
    """
)
_PEOPLE_BACK = text(
    """
    insert into person
    select b.* from replaced_directory d, jsonb_populate_recordset(null::person, d.people) b
    where d.upload_id = :upload_id
    """
)


def why_not_directory(session: Session, upload: Upload) -> str:
    """Why a directory cannot be taken back; empty where it can."""
    newest = session.exec(select(DirectoryRevision.revision)).first()
    if newest != upload.revision:
        return "The directory was changed since: by another file, or by hand. Load the file before once more."
    if session.get(ReplacedDirectory, upload.upload_id) is None:
        return "What was there before this file is not kept any more. Load the file before once more."
    return ""


def directory_returns(session: Session, upload: Upload) -> str:
    """What the undo brings back, in a sentence."""
    before = session.get_one(ReplacedDirectory, upload.upload_id)
    sentences = []
    if before.schools is not None:
        there = {school["school_key"] for school in before.schools if school["in_directory"]}
        now = set(session.exec(select(School.school_key).where(col(School.in_directory))).all())
        sentences.append(f"{len(there)} schools as they were: {len(there - now)} come back, {len(now - there)} go.")
    if before.people is not None:
        there = {person["person_id"] for person in before.people}
        now = set(session.exec(select(Person.person_id)).all())
        sentences.append(f"{len(there)} people as they were: {len(there - now)} come back, {len(now - there)} go.")
    return " ".join(sentences)


def undo_directory(session: Session, upload: Upload, undo: Upload) -> None:
    """Restores the schools and people before a file; everybody's access follows."""
    before = session.get_one(ReplacedDirectory, upload.upload_id)
    values = {"upload_id": upload.upload_id}
    if before.schools is not None:
        session.execute(_SCHOOLS_BACK, values)
    if before.people is not None:
        session.execute(delete(Person))
        session.execute(_PEOPLE_BACK, values)
    restore_roster(session, before)
    session.delete(before)
    session.expire_all()
    undo.revision = publish_directory(session)
    schools = session.exec(select(func.count()).select_from(School).where(col(School.in_directory))).one()
    people = session.exec(select(func.count()).select_from(Person)).one()
    undo.counts = {"accepted": schools + people, "rejected": 0, "schools": schools, "people": people}
