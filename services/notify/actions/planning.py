"""Planning: one digest per director and extraction once all groups are here, a mail for each that has a route."""

from collections.abc import Sequence
from datetime import date
from decimal import ROUND_DOWN, Decimal
from typing import Any, NamedTuple

from sqlalchemy import text
from sqlmodel import Session, col, select

from services.notify.mailer.letters import DigestFacts, Site, write
from services.notify.rules import News, Route, Standing, fingerprint, news_by_director, reason_of, route_of
from services.notify.tables import Digest, Director, Mail
from shared.events import DigestsPlanned, TiersComputed
from shared.names import name_key
from shared.outbox import call_job, say
from shared.settings import settings

_NEWEST = text('select max("on") from tier_state where term = :term and "group" = any(:groups)')
_PLAN = text(
    'insert into plan(upload_id, term, "on", revision, outcome) values (:upload_id, :term, :on, :revision, :outcome)'
    " on conflict do nothing returning upload_id"
)
_STANDINGS = text(
    'select t.* from tier_state t join (select "group", max("on") as newest from tier_state'
    '  where term = :term and "on" <= :upto group by "group") g on t."group" = g."group" and t."on" = g.newest'
    " where t.term = :term and not t.removed"
)
_BEFORE = text(
    'select t.* from tier_state t join (select "group", max("on") as newest from tier_state'
    '  where term = :term and "on" < :on group by "group") g on t."group" = g."group" and t."on" = g.newest'
    " where t.term = :term and not t.removed"
)
_TOLD = text(
    'select distinct on (director_key) director_key, fingerprint, "on" from digest where term = :term'
    " order by director_key, digest_id desc"
)


class Planned(NamedTuple):
    """How many digests an upload led to."""

    planned: int
    held: int
    unroutable: int


def plan_digests(session: Session, event: TiersComputed) -> None:
    """Plans the digests of an upload, once; an older extraction mails nobody."""
    newest = session.execute(_NEWEST, {"term": event.term, "groups": list(event.groups)}).scalar_one()
    outcome = "planned" if event.on >= newest else "older extraction"
    values = {**event.model_dump(include={"upload_id", "term", "on", "revision"}), "outcome": outcome}
    if session.execute(_PLAN, values).scalar() is None:
        return
    planned = _plan_all(session, event) if outcome == "planned" else Planned(0, 0, 0)
    say(session, DigestsPlanned(upload_id=event.upload_id, revision=event.revision, **planned._asdict()))
    if planned.planned:
        call_job(session, "notify.send_mail")


def _plan_all(session: Session, event: TiersComputed) -> Planned:
    told = {row.director_key: row for row in session.execute(_TOLD, {"term": event.term})}
    now = _standings(session, _STANDINGS, {"term": event.term, "upto": event.on})
    before = _standings(session, _BEFORE, {"term": event.term, "on": event.on})
    aliases = {director.person_id: director.aliases for director in session.exec(select(Director))}
    counts = {"planned": 0, "held": 0, "unroutable": 0}
    for (route, spelling), news in _by_person(news_by_director(now, before), aliases).items():
        key = route.person_id or f"?{name_key(spelling)}"
        earlier = told.get(key)
        reason = reason_of(news, first=earlier is None)
        if reason is None or (
            earlier is not None and earlier.on == event.on and earlier.fingerprint == fingerprint(news)
        ):
            continue
        digest = _add_digest(session, event, (route, spelling, key), reason, news)
        counts[digest.state] += 1
        if digest.state == "planned":
            add_mail(session, digest)
    return Planned(**counts)


def _standings(session: Session, query: Any, values: dict[str, Any]) -> dict[tuple[str, str], Standing]:
    rows: Sequence[Any] = session.execute(query, values).all()
    return {
        (row.school_key, row.group): Standing(
            row.school_key,
            row.group,
            row.on,
            row.ploc,
            row.school,
            row.region,
            row.cos,
            row.director,
            row.total,
            row.submitted,
            row.tier,
            row.needed,
            shown(row.rate),
        )
        for row in rows
    }


def shown(rate: Decimal | None) -> str:
    """A rate for a mail: one decimal, rounded down so that a school in Tier 1 never reads 25 %."""
    return "" if rate is None else f"{rate.quantize(Decimal('0.1'), ROUND_DOWN)}%"


def _by_person(found: dict[str, News], aliases: dict[str, list[str]]) -> dict[tuple[Route, str], News]:
    """The news under each person; two spellings of one person are one digest."""
    merged: dict[tuple[Route, str], News] = {}
    for spelling, news in sorted(found.items()):
        route = route_of(spelling, aliases)
        place = next((p for p in merged if route.person_id is not None and p[0].person_id == route.person_id), None)
        if place is None:
            merged[route, spelling] = news
        else:
            for listed, more in zip(merged[place], news, strict=True):
                listed.extend(more)
    return merged


def _add_digest(
    session: Session, event: TiersComputed, addressed: tuple[Route, str, str], reason: str, news: News
) -> Digest:
    route, spelling, key = addressed
    state = "unroutable" if route.person_id is None else "held" if event.thin else "planned"
    why = route.why or ("a group has fewer than 80 % of its schools" if event.thin else "")
    content = {
        "lists": {name: [_plain(s) for s in listed] for name, listed in news._asdict().items()},
        "closes": event.window_closes.isoformat(),
        "correction": event.revision > 1,
    }
    digest = Digest(
        upload_id=event.upload_id,
        term=event.term,
        on=event.on,
        revision=event.revision,
        director=spelling,
        director_key=key,
        person_id=route.person_id,
        reason=reason,
        state=state,
        why=why,
        fingerprint=fingerprint(news),
        content=content,
    )
    session.add(digest)
    session.flush()
    return digest


def _plain(standing: Standing) -> dict[str, Any]:
    return {**standing._asdict(), "on": standing.on.isoformat()}


def add_mail(session: Session, digest: Digest) -> None:
    """Queues the mail of a digest to its director; its key makes it one mail, however often this runs."""
    director = session.exec(select(Director).where(col(Director.person_id) == digest.person_id)).one()
    facts = DigestFacts(
        dedupe_key=f"digest/{digest.director_key}/{digest.term}/{digest.on}/{digest.revision}/{digest.upload_id}",
        director=director.name,
        email=director.email,
        term=digest.term,
        on=digest.on,
        closes=date.fromisoformat(digest.content["closes"]),
        reason=digest.reason,
        correction=bool(digest.content["correction"]),
        lists=digest.content["lists"],
    )
    letter = write(facts, site())
    assert digest.digest_id is not None
    session.add(
        Mail(digest_id=digest.digest_id, upload_id=digest.upload_id, dedupe_key=facts.dedupe_key, **letter._asdict())
    )


def site() -> Site:
    """Where mails link to, from the settings."""
    chosen = settings()
    return Site(chosen.public_url, chosen.mail_domain, chosen.support_email, chosen.support_phone)
