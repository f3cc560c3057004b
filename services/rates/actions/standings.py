"""How each school stands at an extraction: carried on from the extraction before, so that a late one moves all after it."""

from datetime import date

from sqlalchemy import text
from sqlmodel import Session

from services.rates.rules import ALERT_TIER, STALLED_AFTER

_ONE_AT_A_TIME = text("select pg_advisory_xact_lock(hashtextextended(:lock, 0))")
_UNKNOWN = text(
    'select term, "group", min("on") as since from extraction e where schools > 0 and not exists'
    ' (select 1 from standing s where s.term = e.term and s."group" = e."group" and s."on" = e."on")'
    ' group by term, "group" order by term, "group"'
)
_DATES = text(
    'select "on", lag("on") over (order by "on") as before, row_number() over (order by "on") - 1 as earlier'
    ' from extraction where term = :term and "group" = :group and schools > 0 order by "on"'
)
_CLEAR = text('delete from standing where term = :term and "group" = :group and "on" >= :on')
_CARRY = text(
    'with b as (select * from standing where term = :term and "group" = :group and "on" = cast(:before as date)),'
    ' r as (select * from rate where term = :term and "on" = :on and "group" = :group and not removed),'
    " both_sides as (select school_key, r.school_key is not null as present, b.school_key is not null as known,"
    "  coalesce(r.ploc, b.ploc) as ploc, coalesce(r.school, b.school) as school,"
    "  coalesce(r.school_sort, b.school_sort) as school_sort, coalesce(r.region, b.region) as region,"
    "  coalesce(r.cos, b.cos) as cos, coalesce(r.director, b.director) as director,"
    "  coalesce(r.director_key, b.director_key) as director_key, coalesce(r.level, b.level) as level,"
    "  r.total, r.submitted, r.tier, r.rate, r.needed,"
    '  case when b.present then b."on" else b.was_on end as was_on,'
    "  case when b.present then b.total else b.was_total end as was_total,"
    "  case when b.present then b.submitted else b.was_submitted end as was_submitted,"
    "  case when b.present then b.tier else b.was_tier end as was_tier,"
    "  case when b.present then b.rate else b.was_rate end as was_rate,"
    "  coalesce(b.first_on, cast(:on as date)) as first_on,"
    "  case when r.school_key is null then b.last_on else cast(:on as date) end as last_on,"
    "  coalesce(b.stalled, 0) as was_stalled,"
    "  coalesce(b.trail, array_fill(null::numeric, array[cast(:earlier as int)])) || r.rate as trail"
    "  from b full join r using (school_key)),"
    " counted as (select *, case when not present then was_stalled when known and submitted <= was_submitted"
    "  then was_stalled + 1 else 0 end as stalled from both_sides)"
    ' insert into standing (term, "group", "on", school_key, present, ploc, school, school_sort, region, cos, director,'
    "  director_key, level, total, submitted, tier, rate, needed, was_on, was_total, was_submitted, was_tier, was_rate,"
    "  gained, moved, first_on, last_on, stalled, mark, trail)"
    " select :term, :group, :on, school_key, present, ploc, school, school_sort, region, cos, director,"
    "  director_key, level, total, submitted, tier, rate, needed, was_on, was_total, was_submitted, was_tier, was_rate,"
    "  submitted - was_submitted, rate - was_rate, first_on, last_on, stalled,"
    "  case when not present then 'missing' when was_tier = :alert and tier <> :alert then 'left'"
    "   when was_tier <> :alert and tier = :alert then 'fell' when first_on = :on and :earlier > 0 then 'new'"
    "   when stalled >= :stalled_after then 'stalled' else '' end, trail"
    " from counted order by school_key"
)


def lock_group(session: Session, term: str, group: str) -> None:
    """Until the transaction ends, nobody else changes this group of the term."""
    session.execute(_ONE_AT_A_TIME, {"lock": f"{term}/{group}"})


def fill_standings(session: Session) -> None:
    """Computes the standings that are missing: of extractions stored by a version that kept none, or after a restore."""
    for found in session.execute(_UNKNOWN).all():
        lock_group(session, found.term, found.group)
        compute_standings(session, found.term, found.group, found.since)


def compute_standings(session: Session, term: str, group: str, on: date) -> None:
    """Computes the standings of a group at an extraction and at all after it; the caller holds the group's lock."""
    values = {"term": term, "group": group, "alert": ALERT_TIER, "stalled_after": STALLED_AFTER}
    dates = session.execute(_DATES, values).all()
    session.execute(_CLEAR, {**values, "on": on})
    for found in dates:
        if found.on >= on:
            session.execute(_CARRY, {**values, "on": found.on, "before": found.before, "earlier": found.earlier})
