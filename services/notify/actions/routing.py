"""Routes: what waits without one is planned again once a directory, a person's match or a mended address gives one."""

from collections import defaultdict

from sqlalchemy import text
from sqlmodel import Session

from services.notify.actions import planning
from services.notify.queries.alert_settings import head_routes
from services.notify.queries.situation import matches, people
from services.notify.rules.routes import HEAD, route_of
from services.notify.tables.facts import AliasMatch, Director
from services.notify.tables.settings import RegionHead
from shared.access import audit
from shared.db import upsert
from shared.delivery.outbox import next_version, publish
from shared.errors import Conflict, Invalid, NotFound
from shared.events import AliasResolved
from shared.names import name_key, spelling_key, tidy

_WAITING = text(
    "select digest_id, term, director, director_key from digest where state = 'unroutable' order by digest_id"
)
# Mails not sent yet whose director the directory no longer has, or has at another address; so for heads of regions.
_ASTRAY = text(
    """
    select distinct d.term, d.kind, d.director, d.director_key from mail m join digest d using (digest_id)
    left join director p on p.person_id = d.person_id left join region_head h on d.director_key = :head || h.region
    where m.kind = 'digest' and m.state in ('queued', 'held') and m.unknown = 0
    and case d.kind when 'escalation' then h.email else p.email end is distinct from m.rcpt
    """
)
_RESOLVED = text(
    "update digest set state = 'superseded', why = :why where digest_id = any(:ids) and state = 'unroutable'"
)


def route_waiting(session: Session) -> int:
    """Plans again for everybody whose waiting digests have a route now, and whose unsent mails have another one.

    Answers how many digests were waiting.
    """
    session.execute(planning.LOCK)
    known, matched, heads = people(session), matches(session), head_routes(session)
    mended: dict[str, set[str]] = defaultdict(set)
    resolved: list[int] = []
    for digest in session.execute(_WAITING).all():
        if digest.director_key.startswith(HEAD):
            route = heads.get(digest.director_key.removeprefix(HEAD))
        else:
            person = next((p for p in known if p.person_id == digest.director_key), None)
            route = route_of(digest.director if person is None else person.name, known, matched)
        if route is not None and route.person_id is not None:
            mended[digest.term].add(route.key)
            resolved.append(digest.digest_id)
    for mail in session.execute(_ASTRAY, {"head": HEAD}).all():
        mended[mail.term].add(mail.director_key)
        if mail.kind == "digest":
            mended[mail.term].add(route_of(mail.director, known, matched).key)
    session.execute(_RESOLVED, {"ids": resolved, "why": "it has a recipient now and was planned again"})
    for term, keys in sorted(mended.items()):
        planning.plan_again(session, term, keys)
    return len(resolved)


def match_alias(session: Session, alias: str, person_id: str, actor: str) -> int:
    """Keeps that a spelling means a director, publishes it to ingest, and sends what waited; how many digests that were."""
    spelled = tidy(alias)
    if not name_key(spelled):
        raise Invalid("An empty name cannot be matched: give the school a director in the next extraction.")
    if not person_id:
        raise Invalid("Choose the right director.")
    director = session.get(Director, person_id)
    if director is None:
        raise NotFound("This person is not in the directory. Load a directory with this director first.")
    match = {"alias_key": spelling_key(spelled), "alias": spelled, "person_id": person_id, "matched_by": actor}
    upsert(session, AliasMatch, [match])
    revision = next_version(session)
    publish(session, AliasResolved(alias=spelled, person_id=person_id, matched_by=actor, revision=revision))
    audit(session, actor, "match name", spelled, {"person_id": person_id, "name": director.name})
    return route_waiting(session)


def trust_address(session: Session, person_id: str, actor: str) -> int:
    """A person says that a refused address works again; sends what waited. Conflict when it was not refused."""
    whose: Director | RegionHead | None = session.get(Director, person_id)
    if person_id.startswith(HEAD):
        whose = session.get(RegionHead, person_id.removeprefix(HEAD))
    if whose is None:
        raise NotFound("This person is neither in the directory nor the head of a region.")
    if not whose.refused:
        raise Conflict(f"The address {whose.email} is not marked as refused.")
    whose.refused_email, whose.refused = "", ""
    session.add(whose)
    session.flush()
    audit(session, actor, "trust address", person_id, {"email": whose.email})
    return route_waiting(session)
