"""The years of a plan: added, renamed, removed; each edit can be rehearsed, to see what it would change."""

from collections.abc import Callable
from typing import NamedTuple

from sqlalchemy import text
from sqlmodel import Session, col, delete, func, select

from services.tracker.actions.plan import lock_plans
from services.tracker.actions.results import adopt_results
from services.tracker.actions.targets import recompute
from services.tracker.actions.words import publish_plans
from services.tracker.queries.plan import items, period_rows
from services.tracker.rules.plan import LABEL_LONGEST, TERMS_AT_MOST
from services.tracker.tables.plan import Item, Period
from services.tracker.tables.progress import Entry
from shared.access import Who, audit
from shared.db import rehearsed
from shared.errors import Conflict, Invalid, NotFound
from shared.names import name_key

PERIODS_AT_MOST = 12
_BEFORE = text(
    """
    create temp table progress_before on commit drop as
    select p.school_key, p.level, p.item_id, p.status, p.targets, p.goal from item_progress p
    join item i using (item_id) where i.plan_id = :plan_id
    """
)
_CHANGED = text(
    """
    select b.status as was, p.status as now, count(*) as items, count(distinct p.school_key) as schools
    from item_progress p join item i using (item_id)
    left join progress_before b using (school_key, level, item_id)
    where i.plan_id = :plan_id and (b.status, b.targets, b.goal) is distinct from (p.status, p.targets, p.goal)
    group by b.status, p.status order by schools desc, was, now
    """
)
_SCHOOLS = text(
    """
    select count(distinct p.school_key) from item_progress p join item i using (item_id)
    left join progress_before b using (school_key, level, item_id)
    where i.plan_id = :plan_id and (b.status, b.targets, b.goal) is distinct from (p.status, p.targets, p.goal)
    """
)
_DONE = text("drop table progress_before")


class StatusChange(NamedTuple):
    """How many schools' items go from one status to another; equal ones get other targets."""

    was: str
    now: str
    items: int
    schools: int


class Effect(NamedTuple):
    """What an edit changes: how many schools in all, and by status; `values` stand in the year that it is about."""

    schools: int
    changes: list[StatusChange]
    values: int

    @property
    def needs_confirmation(self) -> bool:
        """Whether a person looks at it before the edit is made."""
        return bool(self.schools or self.values)


def rehearse(
    session: Session, plan_id: str, edit: Callable[[], None], *, position: int | None = None, dry_run: bool = True
) -> Effect:
    """What the edit would change in the targets and statuses of how many schools; kept unless `dry_run`."""
    lock_plans(session)
    values = 0 if position is None else _values(session, plan_id, position)
    with rehearsed(session, dry_run=dry_run):
        session.execute(_BEFORE, {"plan_id": plan_id})
        edit()
        session.flush()
        rows = session.execute(_CHANGED, {"plan_id": plan_id})
        changes = [StatusChange(row.was or "awaiting", row.now, row.items, row.schools) for row in rows]
        schools = session.execute(_SCHOOLS, {"plan_id": plan_id}).scalar_one()
        session.execute(_DONE)
    session.expire_all()
    return Effect(schools, changes, values)


def rename_period(session: Session, who: Who, plan_id: str, position: int, label: str) -> None:
    """Gives a year another label. Its values stay in it, and results files may still use the former label."""
    lock_plans(session)
    period = _period(session, plan_id, position)
    was = period.label
    period.label = _free_label(session, plan_id, label, position)
    period.aliases = list(dict.fromkeys([*period.aliases, was]))
    session.add(period)
    session.flush()
    audit(session, who.actor, "period.renamed", f"{plan_id}/{position}", {"was": was, "now": period.label})
    _adopt(session, plan_id, position)


def add_period(session: Session, who: Who, plan_id: str, label: str) -> None:
    """Adds a year at the end with what earlier files hold for it; there are more steps to the goal then."""
    lock_plans(session)
    count = len(period_rows(session, plan_id))
    if count >= PERIODS_AT_MOST:
        raise Conflict(f"The plan has {PERIODS_AT_MOST} years, which is the most it can hold.")
    session.add(Period(plan_id=plan_id, position=count, label=_free_label(session, plan_id, label, None)))
    session.flush()
    audit(session, who.actor, "period.added", f"{plan_id}/{count}", {"was": "", "now": label})
    _adopt(session, plan_id, count)


def drop_last_period(session: Session, who: Who, plan_id: str) -> None:
    """Takes the last year away, as long as no school has entered a value for it."""
    lock_plans(session)
    found = period_rows(session, plan_id)
    if len(found) < 3:
        raise Conflict("The plan needs a baseline and at least one year of results.")
    last = found[-1]
    if _values(session, plan_id, last.position):
        raise Conflict(f"Schools have entered results for {last.label}. A year with results cannot be removed.")
    ids = [item.item_id for item in items(session, plan_id)]
    session.execute(delete(Entry).where(col(Entry.item_id).in_(ids), col(Entry.period) == last.position))
    session.delete(last)
    session.flush()
    audit(session, who.actor, "period.removed", f"{plan_id}/{last.position}", {"was": last.label, "now": ""})
    publish_plans(session)
    recompute(session, plan_id=plan_id)


def name_terms(session: Session, who: Who, plan_id: str, position: int, terms: list[str]) -> None:
    """Says which terms of response rates belong to a year, beside the one of the same name."""
    lock_plans(session)
    if len(terms) > TERMS_AT_MOST or any(len(term) > LABEL_LONGEST for term in terms):
        raise Invalid(
            f"Name at most {TERMS_AT_MOST} terms of at most {LABEL_LONGEST} characters each.", code="terms_too_long"
        )
    period = _period(session, plan_id, position)
    was, period.terms = list(period.terms), terms
    session.add(period)
    audit(session, who.actor, "period.terms", f"{plan_id}/{position}", {"was": was, "now": terms})


def _adopt(session: Session, plan_id: str, position: int) -> None:
    publish_plans(session)
    adopt_results(session, item_ids=[item.item_id for item in items(session, plan_id)], position=position)
    recompute(session, plan_id=plan_id)


def _values(session: Session, plan_id: str, position: int) -> int:
    """How many values are in a year."""
    found = (
        select(func.count())
        .select_from(Entry)
        .join(Item, col(Item.item_id) == col(Entry.item_id))
        .where(Item.plan_id == plan_id, Entry.period == position, col(Entry.percent).is_not(None))
    )
    return session.exec(found).one()


def _period(session: Session, plan_id: str, position: int) -> Period:
    period = session.get(Period, (plan_id, position))
    if period is None:
        raise NotFound("There is no such year.")
    return period


def _free_label(session: Session, plan_id: str, label: str, own: int | None) -> str:
    if not label:
        raise Invalid("Enter a label for the year, such as Fall 2026.", code="period_label_missing")
    if len(label) > LABEL_LONGEST:
        raise Invalid(f"Use at most {LABEL_LONGEST} characters in the label of a year.", code="period_label_long")
    for period in period_rows(session, plan_id):
        if period.position != own and name_key(period.label) == name_key(label):
            raise Invalid(f"There is a year {period.label} already. Use another label.", code="period_known")
    return label
