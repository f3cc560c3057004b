"""Each school's history at an extraction: carried on from the extraction before, so that a late one moves all after it."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from sqlalchemy import delete, func, select, text
from sqlmodel import Session, col

from services.rates.rules.movement import STALLED_AFTER, cases
from services.rates.tables import Extraction, SchoolHistory

_ONE_AT_A_TIME = text("select pg_advisory_xact_lock(hashtextextended(:lock, 0))")
# Fills the temporary table `forecast` for (term, group, day, whether it is the newest extraction). The worker hands it in: only there is the numerical
# library loaded.
Fit = Callable[[Session, str, str, date, bool], None]
_NO_FORECAST = text("drop table if exists forecast")
# Text: a temporary table is not part of the schema.
_FORECAST = text(
    """
    create temp table forecast (
        school_key text primary key, final_low int, final_likely int, final_high int, outlook text,
        needed_per_day numeric(12, 1)
    ) on commit drop
    """
)
_CASES = ", ".join(
    f"({each.present}, {each.whole}, {each.tier_before or 0}, {each.tier_now or 0}, {each.first_seen}, {each.stalled},"
    f" '{each.movement}')"
    for each in cases()
)
# Text: one set-wise statement with a full join. The word for each school is looked up in the rule's table of all cases.
_CARRY = text(
    f"""
    with before as (
        select * from school_history
        where term = :term and respondent_group = :respondent_group
            and extraction_date = cast(:previous_extraction as date)
    ), now as (
        select * from rate
        where term = :term and extraction_date = :extraction_date and respondent_group = :respondent_group
            and not removed
    ), both_sides as (
        select
            school_key, n.school_key is not null as present, b.school_key is not null as known,
            coalesce(n.ploc, b.ploc) as ploc, coalesce(n.school, b.school) as school,
            coalesce(n.school_sort, b.school_sort) as school_sort, coalesce(n.region, b.region) as region,
            coalesce(n.cos, b.cos) as cos, coalesce(n.cos_sort, b.cos_sort) as cos_sort,
            coalesce(n.director, b.director) as director, coalesce(n.director_key, b.director_key) as director_key,
            coalesce(n.level, b.level) as level, n.total, n.submitted, n.tier, n.rate, n.needed,
            case when b.present then b.extraction_date else b.previous_date end as previous_date,
            case when b.present then b.total else b.previous_total end as previous_total,
            case when b.present then b.submitted else b.previous_submitted end as previous_submitted,
            case when b.present then b.tier else b.previous_tier end as previous_tier,
            case when b.present then b.rate else b.previous_rate end as previous_rate,
            coalesce(b.first_seen, cast(:extraction_date as date)) as first_seen,
            case when n.school_key is null then b.last_seen else cast(:extraction_date as date) end as last_seen,
            coalesce(b.stalled, 0) as stalled_before,
            coalesce(b.trail, array_fill(null::numeric, array[cast(:earlier as int)])) || n.rate as trail
        from before b full join now n using (school_key)
    ), counted as (
        select *,
            case
                when not present then stalled_before
                when known and submitted <= previous_submitted then stalled_before + 1
                else 0
            end as stalled,
            not known and cast(:earlier as int) > 0 as is_first
        from both_sides
    )
    insert into school_history (
        term, respondent_group, extraction_date, school_key, present, ploc, school, school_sort, region, cos, cos_sort,
        director, director_key, level, total, submitted, tier, rate, needed, previous_date, previous_total,
        previous_submitted, previous_tier, previous_rate, change_surveys, change_points, first_seen, last_seen,
        stalled, movement, final_low, final_likely, final_high, outlook, needed_per_day, trail
    )
    select
        :term, :respondent_group, :extraction_date, school_key, c.present, ploc, school, school_sort, region, cos,
        cos_sort, director, director_key, level, total, submitted, tier, rate, needed, previous_date, previous_total,
        previous_submitted, previous_tier, previous_rate, submitted - previous_submitted, rate - previous_rate,
        first_seen, last_seen, c.stalled, decided.movement, f.final_low, f.final_likely, f.final_high,
        coalesce(f.outlook, ''), f.needed_per_day, trail
    from counted c join (values {_CASES})
        as decided (present, whole, tier_before, tier_now, is_first, stalled, movement)
        on decided.present = c.present and decided.whole = :is_whole and decided.is_first = c.is_first
            and decided.tier_before = coalesce(c.previous_tier, 0) and decided.tier_now = coalesce(c.tier, 0)
            and decided.stalled = least(c.stalled, :stalled_after)
        left join forecast f using (school_key)
    order by school_key
    """
)


def lock_group(session: Session, term: str, group: str) -> None:
    """Until the transaction ends, nobody else changes this group of the term."""
    session.execute(_ONE_AT_A_TIME, {"lock": f"{term}/{group}"})


def _lock_histories(session: Session, term: str, group: str) -> None:
    """The last of the locks: extractions of two dates that are computed at the same moment take turns."""
    session.execute(_ONE_AT_A_TIME, {"lock": f"histories of {term}/{group}"})


def fill_histories(session: Session, fit: Fit | None = None) -> None:
    """Computes the histories that are missing: of extractions that a version without them stored, or after a restore."""
    same = (
        col(SchoolHistory.term) == Extraction.term,
        col(SchoolHistory.respondent_group) == Extraction.respondent_group,
        col(SchoolHistory.extraction_date) == Extraction.extraction_date,
    )
    place = (col(Extraction.term), col(Extraction.respondent_group))
    unknown = (
        select(*place, func.min(Extraction.extraction_date).label("since"))
        .where(col(Extraction.schools) > 0, ~select(col(SchoolHistory.school_key)).where(*same).exists())
        .group_by(*place)
        .order_by(*place)
    )
    for found in session.execute(unknown).all():
        compute_histories(session, found.term, found.respondent_group, found.since, fit)


def compute_histories(session: Session, term: str, group: str, since: date, fit: Fit | None) -> None:
    """Computes the histories of a group at an extraction and at all after it, with the forecast of the newest one.

    What an extraction foresaw when it was the newest stays with it until it, or one before it, changes. To fit all after a
    late one again would take longer than a task may, in a term with many extractions.
    """
    _lock_histories(session, term, group)
    after = (col(SchoolHistory.term) == term, col(SchoolHistory.respondent_group) == group)
    session.execute(delete(SchoolHistory).where(*after, col(SchoolHistory.extraction_date) >= since))
    values: dict[str, Any] = {"term": term, "respondent_group": group, "stalled_after": STALLED_AFTER}
    previous: date | None = None
    extractions = _extractions(session, term, group)
    for earlier, found in enumerate(extractions):
        if found.extraction_date >= since:
            place = {"extraction_date": found.extraction_date, "previous_extraction": previous}
            session.execute(_NO_FORECAST)
            session.execute(_FORECAST)
            if fit is not None:
                fit(session, term, group, found.extraction_date, found is extractions[-1])
            session.execute(_CARRY, {**values, **place, "earlier": earlier, "is_whole": found.is_whole})
        previous = found.extraction_date


def _extractions(session: Session, term: str, group: str) -> Sequence[Any]:
    """The extractions of a group that hold a school, oldest first."""
    own = (col(Extraction.term) == term, col(Extraction.respondent_group) == group, col(Extraction.schools) > 0)
    dates = select(col(Extraction.extraction_date), col(Extraction.is_whole)).where(*own)
    return session.execute(dates.order_by(col(Extraction.extraction_date))).all()
