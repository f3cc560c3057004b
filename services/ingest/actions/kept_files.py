"""How long the bytes of uploads are kept: their reports and figures stay, the files go."""

from sqlalchemy import text
from sqlmodel import Session

from shared.access import audit

_GONE = text(
    "delete from upload_file f using upload u where u.upload_id = f.upload_id"
    " and u.state not in ('reading', 'preview', 'quarantined')"
    " and u.uploaded_at < now() - make_interval(days => :days) returning u.upload_id"
)


def purge_files(session: Session, days: int) -> int:
    """Removes the files of settled uploads that came more than `days` ago; answers how many."""
    count = len(session.execute(_GONE, {"days": days}).all())
    if count:
        audit(session, "retention", "purge", "upload files", {"days": days, "files": count})
    return count
