"""Routes: what waits without one is planned again once a directory, a person's match or a mended address gives one."""

from collections import defaultdict

from sqlalchemy import text
from sqlmodel import Session

from services.notify.actions import planning
from services.notify.queries.world import matches, people
from services.notify.rules.routes import route_of
from services.notify.tables import AliasMatch, Director
from shared.access import audit
from shared.errors import Conflict, Invalid, NotFound
from shared.events import AliasResolved
from shared.names import name_key, tidy
from shared.outbox import say

_WAITING = text(
    "select digest_id, term, director, director_key from digest where state = 'unroutable' order by digest_id"
)
_RESOLVED = text(
    "update digest set state = 'superseded', why = :why where digest_id = any(:ids) and state = 'unroutable'"
)
_NEXT = text("select coalesce(max(revision), 0) + 1 from alias_match")


def route_waiting(session: Session) -> int:
    """Plans again for every director whose waiting digests have a route now; how many digests that were."""
    session.execute(planning.LOCK)
    known, matched = people(session), matches(session)
    mended: dict[str, set[str]] = defaultdict(set)
    resolved: list[int] = []
    for digest in session.execute(_WAITING).all():
        person = next((p for p in known if p.person_id == digest.director_key), None)
        route = route_of(digest.director if person is None else person.name, known, matched)
        if route.person_id is not None:
            mended[digest.term].add(route.key)
            resolved.append(digest.digest_id)
    session.execute(_RESOLVED, {"ids": resolved, "why": "it has a route now and was planned again"})
    for term, keys in sorted(mended.items()):
        planning.plan_again(session, term, keys)
    return len(resolved)


def match_alias(session: Session, alias: str, person_id: str, actor: str) -> int:
    """Keeps that a spelling means a director, tells ingest, and sends what waited; how many digests that were."""
    spelled = tidy(alias)
    if not name_key(spelled):
        raise Invalid("An empty name cannot be matched: give the school a director in the next extraction.")
    director = session.get(Director, person_id)
    if director is None:
        raise NotFound("This person is not in the directory. Load a directory with this director first.")
    revision: int = session.execute(_NEXT).scalar_one()
    session.merge(
        AliasMatch(alias_key=name_key(spelled), alias=spelled, person_id=person_id, revision=revision, by=actor)
    )
    session.flush()
    say(session, AliasResolved(alias=spelled, person_id=person_id, by=actor, revision=revision))
    audit(session, actor, "match name", spelled, {"person_id": person_id, "name": director.name})
    return route_waiting(session)


def trust_address(session: Session, person_id: str, actor: str) -> int:
    """A person says that a refused address works again; sends what waited. Conflict when it was not refused."""
    director = session.get(Director, person_id)
    if director is None:
        raise NotFound("This person is not in the directory.")
    if not director.refused:
        raise Conflict(f"The address {director.email} is not marked as refused.")
    director.refused_email, director.refused = "", ""
    session.add(director)
    session.flush()
    audit(session, actor, "trust address", person_id, {"email": director.email})
    return route_waiting(session)
