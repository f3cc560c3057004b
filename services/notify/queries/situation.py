"""What planning looks at: standings, courses, directors, what was told, what is snoozed."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import ROUND_DOWN, Decimal
from typing import Any

from sqlalchemy import text
from sqlmodel import Session, col, select

from services.notify.queries.content import days_of, lines_of
from services.notify.rules.clock import is_snoozed
from services.notify.rules.news import (
    GROUP_ORDER,
    AlertHistory,
    AlertState,
    LastDigest,
    MailPreference,
    Place,
    history_of,
)
from services.notify.rules.planning import Situation
from services.notify.rules.routes import DirectorRoute, Route, routes_of
from services.notify.tables import AliasMatch, Director, Preference, Snooze

_NEWEST = (
    "newest as (select respondent_group, (select t.extraction_date from tier_state t where t.term = :term and t.respondent_group = g.respondent_group"
    "  and not t.removed order by t.extraction_date desc limit 1) as extraction_date from unnest(cast(:groups as text[])) as g(respondent_group))"
)
_STANDINGS = text(
    f"with {_NEWEST} select t.school_key, t.respondent_group, t.extraction_date, t.ploc, t.school, t.region, t.cos, t.director, t.total,"
    " t.submitted, t.tier, t.needed, t.rate from tier_state t join newest using (respondent_group, extraction_date)"
    " where t.term = :term and not t.removed"
)
# Only places that are in Tier 1 now have a course.
_COURSES = text(
    f"with {_NEWEST}, low as materialized (select t.school_key, t.respondent_group from tier_state t join newest using (respondent_group, extraction_date)"
    "  where t.term = :term and t.tier = 1 and not t.removed)"
    " select school_key, respondent_group, array_agg(t.tier order by t.extraction_date) as tiers,"
    " array_agg(t.submitted order by t.extraction_date) as submitted, array_agg(cast(t.rate as float8) order by t.extraction_date) as rates"
    " from low join tier_state t using (school_key, respondent_group) where t.term = :term and not t.removed"
    " group by school_key, respondent_group"
)
_LAST = text(
    "select distinct on (director_key) director_key, content, extraction_date"
    " from digest where term = :term and state = 'planned' order by director_key, digest_id desc"
)


_NEWEST_DAY = text("select max(extraction_date) from tier_state where term = :term and not removed")


def newest_day(session: Session, term: str) -> date | None:
    """The day of the newest extraction of the term."""
    day: date | None = session.execute(_NEWEST_DAY, {"term": term}).scalar()
    return day


def alert_states(session: Session, term: str) -> dict[Place, AlertState]:
    """Where every school stands for each group, at the newest extraction of the term that has the group."""
    rows = session.execute(_STANDINGS, {"term": term, "groups": list(GROUP_ORDER)}).all()
    return {(row[0], row[1]): AlertState._make([*row[:-1], shown(row[-1])]) for row in rows}


def shown(rate: Decimal | None) -> str:
    """A rate for a mail: one decimal, rounded down so that a school in Tier 1 never reads 25 %."""
    return "" if rate is None else f"{rate.quantize(Decimal('0.1'), ROUND_DOWN)} %"


def histories(session: Session, term: str) -> dict[Place, AlertHistory]:
    """How each place that is in Tier 1 came there."""
    rows = session.execute(_COURSES, {"term": term, "groups": list(GROUP_ORDER)}).all()
    return {(row[0], row[1]): history_of(row.tiers, row.submitted, row.rates) for row in rows}


def last_digests(session: Session, term: str) -> dict[str, LastDigest]:
    """What each director (and head of a region) was last told in the term, by key."""
    return {
        row.director_key: LastDigest(row.extraction_date, lines_of(row.content), days_of(row.content))
        for row in session.execute(_LAST, {"term": term})
    }


def people(session: Session) -> list[DirectorRoute]:
    """The directors of the directory; a refusal counts only for the address that was refused."""
    return [
        DirectorRoute(d.person_id, d.name, d.email, tuple(d.aliases), d.refused if d.refused_email == d.email else "")
        for d in session.exec(select(Director).order_by(col(Director.person_id)))
    ]


def matches(session: Session) -> dict[str, str]:
    """Spellings that a person matched: spelling key to person id."""
    return {match.alias_key: match.person_id for match in session.exec(select(AliasMatch))}


def routes(session: Session, spellings: Iterable[str]) -> dict[str, Route]:
    """The route of each spelling, and of each director's own name."""
    known, matched = people(session), matches(session)
    named = {*spellings, *(person.name for person in known)}
    return routes_of(named, known, matched)


def snoozed(session: Session, term: str, extraction_date: date, places: Iterable[Place]) -> dict[str, dict[Place, str]]:
    """Places under a snooze that holds at an extraction, with its words, by director key."""
    groups: dict[str, list[str]] = defaultdict(list)
    for school_key, group in places:
        groups[school_key].append(group)
    found: dict[str, dict[Place, str]] = defaultdict(dict)
    live = select(Snooze).where(col(Snooze.ended_at).is_(None), Snooze.term == term)
    for snooze in session.exec(live.order_by(col(Snooze.snooze_id))):
        if is_snoozed(extraction_date, snooze.extraction_date, snooze.until):
            end = f"until {snooze.until}" if snooze.until else "until the next extraction"
            for group in [snooze.respondent_group] if snooze.respondent_group else groups[snooze.school_key]:
                found[snooze.director_key][snooze.school_key, group] = f"snoozed {end}: {snooze.reason}"
    return found


def preferences(session: Session) -> Mapping[str, MailPreference]:
    return {p.person_id: MailPreference(p.only_changes, p.also_when_none) for p in session.exec(select(Preference))}


def situation(session: Session, term: str) -> Situation | None:
    """All that planning looks at; None where the term has no rows."""
    now = alert_states(session, term)
    if not now:
        return None
    extraction_date = max(alert.extraction_date for alert in now.values())
    spelled: Sequence[Any] = [alert.director for alert in now.values()]
    return Situation(
        extraction_date=extraction_date,
        now=now,
        histories=histories(session, term),
        last_digests=last_digests(session, term),
        routes=routes(session, spelled),
        snoozed=snoozed(session, term, extraction_date, now),
        preferences=preferences(session),
        as_of={alert.group: alert.extraction_date.isoformat() for alert in now.values()},
    )
