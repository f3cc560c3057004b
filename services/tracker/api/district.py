"""The API of the district's view: schools, how many stand where for each item, and each school's progress."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query

from services.tracker.actions.exports import ExportOrder, order_export
from services.tracker.queries.district import heat_rows, item_counts
from services.tracker.queries.plan import items_of, level_named, plan_of
from services.tracker.queries.schools import SchoolFilter, schools
from services.tracker.rules.values import shown_percent
from services.tracker.tables.schools import School
from shared.access import Who
from shared.jobs.queue import job_of
from shared.web import Db, allow

router = APIRouter(prefix="/tracker/api/v1", tags=["tracker"])
Sees = Annotated[Who, allow("tracker.see")]
Limit = Annotated[int, Query(ge=1, le=500)]
Cursor = Annotated[int, Query(ge=0)]
NO_SCHOOL = School(
    school_key="", revision=0, ploc="", cost_center=None, name="", level="", region="", cos="", director=""
)


def school_filter(region: str | None = None, cos: str | None = None, director: str | None = None) -> SchoolFilter:
    return SchoolFilter(region, cos, director)


Filtered = Annotated[SchoolFilter, Depends(school_filter)]


@router.get("/district")
def get_district(
    session: Db, who: Sees, filters: Filtered, level: str | None = None, plan: str | None = None
) -> dict[str, Any]:
    """Per item the number of schools in each status, with coverage: `known` of `expected` have one.

    `over_hundred` schools have a goal above 100; that is a note beside their status.
    """
    found = plan_of(session, plan)
    shown = level_named(session, found.plan_id, NO_SCHOOL, level)
    rows = [
        {
            "item_id": row.item.item_id,
            "group": row.item.respondents,
            "item": row.item.item,
            "expected": row.expected,
            "known": row.known,
            "behind": row.behind,
            "over_hundred": row.over_hundred,
            "statuses": row.counts,
        }
        for row in item_counts(session, who, filters, found.plan_id, shown)
    ]
    return {"plan": found.plan_id, "level": shown, "items": rows, "next": None}


@router.get("/schools")
def get_schools(
    session: Db, who: Sees, q: str | None = None, plan: str | None = None, limit: Limit = 100, cursor: Cursor = 0
) -> dict[str, Any]:
    """The schools that you see, by name, with how many items stand well (`ahead`) and badly (`behind`)."""
    found = schools(session, who, q, plan_of(session, plan).plan_id, limit + 1, cursor)
    rows = [
        {
            "school_key": school.school_key, "ploc": school.ploc, "school": school.name, "level": school.level,
            "tracker_levels": school.tracker_levels, "region": school.region, "cos": school.cos,
            "regional_director": school.director, "ahead": ahead, "behind": behind,
        }
        for school, ahead, behind in found[:limit]
    ]  # fmt: skip
    return {"schools": rows, "next": cursor + limit if len(found) > limit else None}


@router.get("/heat-map")
def get_heat_map(
    session: Db,
    who: Sees,
    filters: Filtered,
    level: str | None = None,
    plan: str | None = None,
    by_name: bool = False,
    limit: Limit = 100,
    cursor: Cursor = 0,
) -> dict[str, Any]:
    """Each school's status and difference from target per item, the schools farthest behind first."""
    found = plan_of(session, plan)
    shown = level_named(session, found.plan_id, NO_SCHOOL, level)
    ids = [item.item_id for item, _ in items_of(session, found.plan_id, shown)]
    rows = heat_rows(session, who, filters, shown, ids, limit + 1, cursor, by_name=by_name)
    return {
        "plan": found.plan_id,
        "level": shown,
        "schools": [
            {
                "school_key": row.school.school_key,
                "school": row.school.name,
                "items": {
                    item_id: {"status": one.status, "difference": shown_percent(one.difference) or None}
                    for item_id, one in row.held.items()
                },
            }
            for row in rows[:limit]
        ],
        "next": cursor + limit if len(rows) > limit else None,
    }


@router.post("/exports", status_code=202)
def post_export(
    session: Db,
    who: Sees,
    filters: Filtered,
    kind: str = "book",
    level: str | None = None,
    plan: str | None = None,
) -> dict[str, Any]:
    """Orders one workbook of many schools (`book`) or one workbook a school (`zip`); look at `/exports/{id}` for it."""
    export_id = order_export(session, who, ExportOrder(kind, filters, level, plan))
    return {"export_id": str(export_id), "location": f"/tracker/api/v1/exports/{export_id}"}


@router.get("/exports/{export_id}")
def get_export(session: Db, who: Sees, export_id: UUID) -> dict[str, Any]:
    """How far an export is; `file` is where it is downloaded once `state` is done."""
    found = job_of(session, who, export_id)
    file = f"/tracker/files/{found.job_id}/file" if found.state == "done" else None
    return {"state": found.state, "done": found.done, "total": found.total, "file": file}
