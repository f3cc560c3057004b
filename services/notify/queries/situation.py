"""What planning looks at: states, histories, directors, the last digests, what is snoozed and what is retired."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

import structlog
from sqlalchemy import text
from sqlmodel import Session, col, select

from services.notify.queries.content import UnknownContent, days_of, lines_of
from services.notify.rules.alerts import LISTED, AlertHistory, AlertState, LastDigest, MailPreference, Place, history_of
from services.notify.rules.clock import is_snoozed
from services.notify.rules.planning import Situation
from services.notify.rules.plans import GivenPlan
from services.notify.rules.routes import DirectorRoute, Route, route_to, routes_of
from services.notify.tables.answers import Preference, RetiredSchool, Snooze
from services.notify.tables.facts import AliasMatch, Director
from shared.tiers import shown_rate

log = structlog.get_logger()
# The newest day of each group of which every part is here: what has not arrived is not missing.
_NEWEST = """
    newest as materialized (
      select a.respondent_group, max(u.extraction_date) as extraction_date
      from arrival a join upload u using (upload_id)
      where u.term = :term and cardinality(a.parts) = a.part_count
        and exists (select 1 from tier_state t where t.term = u.term and t.extraction_date = u.extraction_date
                    and t.respondent_group = a.respondent_group and not t.removed)
      group by a.respondent_group
    )
"""
_STATES = text(
    f"""
    with {_NEWEST}
    select t.school_key, t.respondent_group, t.extraction_date, t.ploc, t.school, t.region, t.cos, t.director,
      t.total, t.submitted, t.tier, t.needed, t.final_low, t.final_likely, t.final_high, t.outlook,
      cast(ceil(t.needed_per_day) as int) as per_day
    from tier_state t join newest using (respondent_group, extraction_date)
    where t.term = :term and not t.removed
    """
)
# Where rates published a group before all of it had arrived, a school that is not in it keeps its last known numbers;
# a forecast made from those is not shown.
_NOT_ARRIVED = text(
    f"""
    with {_NEWEST}, partly as (
      select n.respondent_group, n.extraction_date from newest n where not (
        select a.is_whole from arrival a join upload u using (upload_id)
        where u.term = :term and u.extraction_date = n.extraction_date and a.respondent_group = n.respondent_group
        order by u.revision desc limit 1)
    )
    select distinct on (t.school_key, t.respondent_group) t.school_key, t.respondent_group, t.extraction_date, t.ploc,
      t.school, t.region, t.cos, t.director, t.total, t.submitted, t.tier, t.needed,
      null as final_low, null as final_likely, null as final_high, '' as outlook, null as per_day
    from tier_state t join partly p using (respondent_group)
    where t.term = :term and not t.removed and t.extraction_date < p.extraction_date and not exists (
      select 1 from tier_state x where x.term = :term and x.extraction_date = p.extraction_date
        and x.respondent_group = t.respondent_group and x.school_key = t.school_key)
    order by t.school_key, t.respondent_group, t.extraction_date desc
    """
)
# Only places that are in Tier 1 now have a history.
_HISTORIES = text(
    f"""
    with {_NEWEST}, low as materialized (
      select t.school_key, t.respondent_group from tier_state t join newest using (respondent_group, extraction_date)
      where t.term = :term and t.tier = 1 and not t.removed
    ), begun as (
      select respondent_group, min(extraction_date) as first_day from tier_state
      where term = :term and not removed group by respondent_group
    )
    select school_key, respondent_group, array_agg(t.tier order by t.extraction_date) as tiers,
      array_agg(t.submitted order by t.extraction_date) as submitted,
      array_agg(cast(t.rate as float8) order by t.extraction_date) as rates,
      min(t.extraction_date) = max(newest.extraction_date) and min(t.extraction_date) > max(begun.first_day) as first_seen
    from low join tier_state t using (school_key, respondent_group) join newest using (respondent_group)
      join begun using (respondent_group)
    where t.term = :term and not t.removed and t.extraction_date <= newest.extraction_date
    group by school_key, respondent_group
    """
)
_LAST = text(
    """
    select distinct on (director_key) director_key, digest_id, content, extraction_date from digest
    where term = :term and state = 'planned' order by director_key, digest_id desc
    """
)
_EARLIER = text(
    """
    select school_key, director from tier_state
    where term = :term and school_key = any(:schools) and not removed
    group by school_key, director order by school_key, max(extraction_date) desc
    """
)
_PLANS = text(
    """
    select distinct on (a.director_key) a.director_key, a.extraction_date, a.plan, d.digest_id, d.content
    from acknowledgement a join digest d using (digest_id)
    where a.term = :term order by a.director_key, a.acknowledgement_id desc
    """
)
_DAYS = text("select distinct extraction_date from tier_state where term = :term and not removed order by 1")


class LastDigests(NamedTuple):
    """The last digests by director key, and the keys of those that this program cannot read."""

    by_key: dict[str, LastDigest]
    unreadable: set[str]


def newest_day(session: Session, term: str) -> date | None:
    """The day of the newest extraction of the term."""
    return max(days(session, term), default=None)


def days(session: Session, term: str) -> list[date]:
    """The days of the term's extractions, oldest first."""
    return list(session.execute(_DAYS, {"term": term}).scalars())


def alert_states(session: Session, term: str) -> dict[Place, AlertState]:
    """Every school's state for each group, at the newest extraction of the term that has the group whole."""
    rows = [*session.execute(_NOT_ARRIVED, {"term": term}), *session.execute(_STATES, {"term": term})]
    return {(row.school_key, row.respondent_group): _state(row) for row in rows}


def _state(row: Any) -> AlertState:
    fields = {name: getattr(row, name) for name in AlertState._fields if name not in ("group", "rate")}
    return AlertState(**fields, group=row.respondent_group, rate=shown_rate(row.submitted, row.total, 1))


def histories(session: Session, term: str) -> dict[Place, AlertHistory]:
    """How each place that is in Tier 1 came there."""
    return {
        (row.school_key, row.respondent_group): history_of(
            row.tiers, row.submitted, row.rates, first_seen=row.first_seen
        )
        for row in session.execute(_HISTORIES, {"term": term})
    }


def last_digests(session: Session, term: str) -> LastDigests:
    """What each director (and head of a region) was last mailed in the term; what cannot be read is reported and kept."""
    found, unreadable = {}, set()
    for row in session.execute(_LAST, {"term": term}):
        try:
            found[row.director_key] = LastDigest(row.extraction_date, lines_of(row.content), days_of(row.content))
        except UnknownContent as error:
            log.error("digest unreadable", digest_id=row.digest_id, reason=str(error))
            unreadable.add(row.director_key)
    return LastDigests(found, unreadable)


def plans(session: Session, term: str) -> dict[str, GivenPlan]:
    """The last plan that each director sent in the term; one for a digest that cannot be read is left out and reported."""
    found = {}
    for row in session.execute(_PLANS, {"term": term}):
        try:
            lines = lines_of(row.content)
        except UnknownContent as error:
            log.error("digest unreadable", digest_id=row.digest_id, reason=str(error))
            continue
        listed = {line.place: line.submitted for line in lines if line.mark in LISTED}
        found[row.director_key] = GivenPlan(row.extraction_date, row.plan, listed)
    return found


def people(session: Session) -> list[DirectorRoute]:
    """The directors of the directory; a refusal counts only for the address that was refused."""
    return [
        DirectorRoute(d.person_id, d.name, d.email, tuple(d.aliases), d.refused if d.refused_email == d.email else "")
        for d in session.exec(select(Director).order_by(col(Director.person_id)))
    ]


def matches(session: Session) -> dict[str, str]:
    """Spellings that a person matched: spelling key to person id."""
    return {match.alias_key: match.person_id for match in session.exec(select(AliasMatch))}


def snoozed(session: Session, term: str, extraction_date: date, places: Iterable[Place]) -> dict[str, dict[Place, str]]:
    """Places under a snooze that holds at an extraction, with its words, by director key."""
    groups: dict[str, list[str]] = defaultdict(list)
    for school_key, group in places:
        groups[school_key].append(group)
    found: dict[str, dict[Place, str]] = defaultdict(dict)
    live = select(Snooze).where(col(Snooze.ended_at).is_(None), Snooze.term == term)
    all_days = days(session, term)
    for snooze in session.exec(live.order_by(col(Snooze.snooze_id))):
        next_day = next((day for day in all_days if day > snooze.extraction_date), None)
        if is_snoozed(extraction_date, snooze.extraction_date, snooze.until, next_day):
            end = f"until {snooze.until}" if snooze.until else "for the mail of the next extraction"
            for group in [snooze.respondent_group] if snooze.respondent_group else groups[snooze.school_key]:
                found[snooze.director_key][snooze.school_key, group] = f"snoozed {end}: {snooze.reason}"
    return found


def preferences(session: Session) -> Mapping[str, MailPreference]:
    return {p.person_id: MailPreference(p.only_changes, p.also_when_none) for p in session.exec(select(Preference))}


def retired(session: Session, term: str) -> Collection[str]:
    """The schools that central staff no longer follow in the term."""
    return session.exec(select(RetiredSchool.school_key).where(RetiredSchool.term == term)).all()


def _earlier_spellings(session: Session, term: str, schools: Collection[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for row in session.execute(_EARLIER, {"term": term, "schools": list(schools)}) if schools else ():
        found[row.school_key].append(row.director)
    return found


def situation(session: Session, term: str) -> Situation | None:
    """All that planning looks at; None where the term has no rows."""
    now = alert_states(session, term)
    if not now:
        return None
    extraction_date = max(state.extraction_date for state in now.values())
    oldest_first = sorted(now.values(), key=lambda state: state.extraction_date)
    known, matched, last = people(session), matches(session), last_digests(session, term)
    routes: dict[str, Route] = routes_of({state.director for state in now.values()}, known, matched)
    unclear: Sequence[str] = [s.school_key for s in now.values() if routes[s.director].person_id is None]
    earlier = _earlier_spellings(session, term, set(unclear))
    spellings = {spelling for named in earlier.values() for spelling in named}
    return Situation(
        extraction_date=extraction_date,
        now=now,
        histories=histories(session, term),
        last_digests=last.by_key,
        routes=routes | routes_of(spellings, known, matched),
        directors={person.person_id: route_to(person) for person in known},
        snoozed=snoozed(session, term, extraction_date, now),
        preferences=preferences(session),
        as_of={state.group: state.extraction_date.isoformat() for state in oldest_first},
        earlier_spellings=earlier,
        retired=retired(session, term),
        unreadable=last.unreadable,
        plans=plans(session, term),
    )
