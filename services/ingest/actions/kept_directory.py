"""The directory as it was before its newest file, kept for the undo of that file."""

from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session, col, delete, update

from services.ingest.tables import KeptRoster, ReplacedDirectory

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


def keep_roster_before(session: Session, upload_id: UUID, source: str) -> None:
    """Keeps beside them what was kept of the source's roster before; nothing where there was none."""
    before = session.get(KeptRoster, source)
    rows = [before.model_dump() if before else {"source": source}]
    session.execute(update(ReplacedDirectory).where(col(ReplacedDirectory.upload_id) == upload_id).values(roster=rows))


def restore_roster(session: Session, before: ReplacedDirectory) -> None:
    """Brings back what was kept of a roster before a file, or forgets what there was none of."""
    for row in before.roster or ():
        session.execute(delete(KeptRoster).where(col(KeptRoster.source) == row["source"]))
        if "rows" in row:
            session.add(KeptRoster(**row))
    session.flush()
