"""The API of a plan's years, and of the levels at which schools are expected."""

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel

from services.tracker.actions import periods as actions
from services.tracker.actions.levels import set_kind, set_school
from services.tracker.api.plan_edits import STRICT, Edits, Mode, edited, years_out
from services.tracker.queries import plan as queries
from services.tracker.queries.schools import school_named
from services.tracker.tables.schools import School
from shared.errors import Conflict, Invalid
from shared.names import tidy
from shared.web import Db

router = APIRouter(prefix="/tracker/api/v1", tags=["tracker"])


class NewPeriod(BaseModel):
    """A year at the end of a plan."""

    model_config = STRICT
    label: str


class PeriodChange(BaseModel):
    """Another label of a year, and the terms of response rates that belong to it; what is absent stays as it is."""

    model_config = STRICT
    label: str | None = None
    terms: list[str] | None = None


class KindLevels(BaseModel):
    """A level of the directory, and at which levels of the tracker its schools are expected."""

    model_config = STRICT
    kind: str
    levels: list[str]


class OwnLevels(BaseModel):
    """At which levels one school is expected; null leaves it to its kind."""

    model_config = STRICT
    levels: list[str] | None


@router.post("/plans/{plan_id}/periods", status_code=201)
def post_period(session: Db, who: Edits, plan_id: str, period: NewPeriod, mode: Mode) -> dict[str, Any]:
    """Adds a year at the end: there is one more step to the goal then, so that targets and statuses may change.

    409 `plan_effect_unconfirmed` where they would and that was not confirmed; `dry_run` answers the effect alone.
    """
    plan = queries.plan_of(session, plan_id)

    def edit() -> None:
        actions.add_period(session, who, plan.plan_id, tidy(period.label))

    made = edited(session, plan.plan_id, mode, edit)
    return {**made, "periods": years_out(session, plan_id)}


@router.patch("/plans/{plan_id}/periods/{position}")
def patch_period(
    session: Db, who: Edits, plan_id: str, position: int, change: PeriodChange, mode: Mode
) -> dict[str, Any]:
    """Renames a year, whose values stay in it, or names the terms of its response rates.

    409 `plan_effect_unconfirmed` where values are in it and that was not confirmed; `dry_run` answers that alone.
    """
    plan = queries.plan_of(session, plan_id)
    if change.label is None and change.terms is None:
        raise Invalid("Send a label, or terms, or both.", code="period_unchanged")

    def edit() -> None:
        if change.terms is not None:
            actions.name_terms(session, who, plan_id, position, [tidy(term) for term in change.terms if tidy(term)])
        if change.label is not None:
            actions.rename_period(session, who, plan_id, position, tidy(change.label))

    made = edited(session, plan.plan_id, mode, edit, position=None if change.label is None else position)
    return {**made, "periods": years_out(session, plan_id)}


@router.delete("/plans/{plan_id}/periods/{position}")
def delete_period(session: Db, who: Edits, plan_id: str, position: int, mode: Mode) -> dict[str, Any]:
    """Removes the last year of a plan, as long as no school has entered a value for it.

    409 `plan_effect_unconfirmed` where targets or statuses would change and that was not confirmed.
    """
    plan = queries.plan_of(session, plan_id)
    last = max((year.position for year in queries.period_rows(session, plan_id)), default=0)
    if position != last:
        raise Conflict(f"Only the last year can be removed. It is at position {last}.")

    def edit() -> None:
        actions.drop_last_period(session, who, plan.plan_id)

    made = edited(session, plan.plan_id, mode, edit)
    return {**made, "periods": years_out(session, plan_id)}


@router.get("/levels")
def get_levels(session: Db, _: Edits) -> dict[str, Any]:
    """The levels of the directory, how many schools each has, and where these are expected."""
    return {"kinds": [kind._asdict() for kind in queries.school_kinds(session)], "next": None}


@router.put("/levels")
def put_levels(session: Db, who: Edits, expected: KindLevels) -> dict[str, Any]:
    """Says at which levels the schools of a level of the directory are expected."""
    set_kind(session, who, expected.kind, expected.levels)
    return get_levels(session, who)


@router.put("/schools/{ploc}/levels")
def put_school_levels(session: Db, who: Edits, ploc: str, expected: OwnLevels) -> dict[str, Any]:
    """Says at which levels one school is expected; null leaves it to its kind."""
    key = school_named(session, who, ploc).school_key
    set_school(session, who, key, expected.levels)
    school = session.get_one(School, key)
    return {"school_key": key, "levels": school.tracker_levels, "is_as_kind": expected.levels is None}
