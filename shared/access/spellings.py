"""Whose each spelling of a director's name in the district's files is; written by ingest, read with the person (`Who`)."""

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import text
from sqlmodel import Session

from shared.names import Spellings

_KNOWN = text("select spelling from access.director_spelling")
_KEEP = text("""
    insert into access.director_spelling(spelling, person_id)
    select * from unnest(cast(:spellings as text[]), cast(:people as text[]))
    on conflict (spelling) do update set person_id = excluded.person_id
    where director_spelling.person_id is distinct from excluded.person_id
""")


def keep_spellings(session: Session, seen: Iterable[str], directors: Mapping[str, Sequence[str]]) -> None:
    """Notes spellings seen in a file, and whose each is; `directors` are all directors by person id of `access.person`."""
    owners = Spellings(directors)
    spellings = sorted({spelling for spelling in seen if spelling})
    people = [owners.person(spelling) for spelling in spellings]
    session.execute(_KEEP, {"spellings": spellings, "people": people})


def match_spellings(session: Session, seen: Iterable[str], directors: Mapping[str, Sequence[str]]) -> None:
    """Decides again whose every spelling is that was ever seen: the directory has changed."""
    keep_spellings(session, [*session.execute(_KNOWN).scalars(), *seen], directors)
