"""The directory as it was before its newest file, kept for the undo of that file."""

from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session, delete

from services.ingest.tables import ReplacedDirectory

_KEEP = text(
    """
    insert into replaced_directory (upload_id, schools, people)
    select
      :upload_id,
      case when :schools then (select coalesce(jsonb_agg(to_jsonb(s)), '[]') from school s) end,
      case when :people then (select coalesce(jsonb_agg(to_jsonb(p)), '[]') from person p) end
    """
)


def keep_directory(session: Session, upload_id: UUID, *, schools: bool, people: bool) -> None:
    """Keeps the schools and the people that a file is about to replace; only the newest file can be undone."""
    session.execute(delete(ReplacedDirectory))
    session.execute(_KEEP, {"upload_id": upload_id, "schools": schools, "people": people})
