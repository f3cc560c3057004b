"""The directory as it comes to a subscriber: in parts, in any order, a part twice, an older one after a newer."""

from sqlalchemy import text
from sqlmodel import Session

from shared.events import DirectoryLoaded

# The one row is also the lock: parts that come at the same moment take turns.
_ARRIVE = text(
    """
    insert into directory_arrival(id, revision, parts) values (1, :revision, array[:part]::smallint[])
    on conflict (id) do update set revision = excluded.revision, parts = case
     when directory_arrival.revision < excluded.revision then excluded.parts
     when cast(:part as smallint) = any(directory_arrival.parts) then directory_arrival.parts
     else array_append(directory_arrival.parts, cast(:part as smallint)) end
    where directory_arrival.revision <= excluded.revision returning cardinality(parts)
    """
)


def directory_arrives(session: Session, event: DirectoryLoaded) -> bool | None:
    """Whether all parts of the newest directory are here with this one; None for one that is older than the newest."""
    values = {"revision": event.revision, "part": event.part}
    here: int | None = session.execute(_ARRIVE, values).scalar_one_or_none()
    return None if here is None else here == event.parts
