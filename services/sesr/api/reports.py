"""Reports through the API: send one, read a school's day, know in whose name a device sends."""

from datetime import UTC, date, datetime
from typing import Annotated, Any
from uuid import UUID

import orjson
from fastapi import APIRouter, Query, Request, Response
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

from services.sesr.actions.reports import contexts, keep_reports, submit_together
from services.sesr.actions.submission import Asked, Receipt
from services.sesr.queries import incidents, schools
from services.sesr.queries import reports as queries
from shared.access import Who, csrf_of, scope_of
from shared.errors import NotFound
from shared.web import Db, allow
from shared.web.clock import district_zone, today
from shared.web.quick import allow_quickly
from shared.web.requests import session_token
from shared.web.together import Together

router = APIRouter(prefix="/sesr/api/v1", tags=["sesr"])
KNOW = Together("sesr", contexts)
KEEP = Together("sesr", keep_reports)


# What a clock may show that is wrong or was never set; what lies outside has no day in the district.
FIRST, LAST = datetime(1970, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
ClockReading = Annotated[AwareDatetime, Field(ge=FIRST, le=LAST)]


# A text field that is cut at its greatest length may end in half a character, which cannot be kept.
Words = Annotated[str, AfterValidator(lambda text: text.encode(errors="replace").decode())]


class SentReport(BaseModel):
    """A report; `report_id` is made by the sender and makes sending it again harmless.

    `counted_at` and `sent_at` are readings of the sender's clock; only their difference is used, so it may be wrong.
    `same_as` names the report that has not changed since: the new one is refused where that was corrected meanwhile.
    """

    model_config = ConfigDict(extra="forbid")

    report_id: UUID
    school_key: Words
    incident_id: UUID | None = None
    day: date | None = None
    counts: dict[str, Any]
    flags: dict[str, bool | None] = {}
    commander: Words = ""
    landline: Words = ""
    cell: Words = ""
    counted_at: ClockReading | None = None
    sent_at: ClockReading | None = None
    supersedes: UUID | None = None
    same_as: UUID | None = None
    reason: Words = ""
    proxy_for: Words = ""
    confirmed_zero: bool = False


@router.post("/reports", status_code=201, responses={200: {"description": "The same report id again"}})
async def post_report(who: Annotated[Who, allow_quickly("sesr.report", "sesr")], sent: SentReport) -> Response:
    """201 with the receipt; 200 for a report that is here already; 409 and 422 say what to do."""
    receipt = await submit_together(KNOW, KEEP, who, asked_of(sent), datetime.now(UTC), district_zone())
    content = orjson.dumps(receipt_fields(receipt))
    return Response(content, 201 if receipt.is_new else 200, media_type="application/json")


def asked_of(sent: SentReport) -> Asked:
    return Asked(**{name: getattr(sent, name) for name in SentReport.model_fields})


def receipt_fields(receipt: Receipt) -> dict[str, Any]:
    fields = receipt._asdict()
    return {**fields, "repeated": not fields.pop("is_new")}


@router.get("/reports")
def get_reports(
    session: Db,
    who: Annotated[Who, allow("sesr.see")],
    school_key: str,
    day: date | None = None,
    incident: UUID | None = None,
) -> dict[str, Any]:
    """A school's reports of a day, the latest counted first, with those that were corrected."""
    scope, on = scope_of(who), day or today()
    if schools.school(session, scope, school_key) is None:
        raise NotFound("There is no such school among yours.")
    chosen = incidents.incident(session, incident) if incident else incidents.current_incident(session, on)
    rows = queries.history(session, scope, chosen.incident_id, on, school_key) if chosen else []
    return {"rows": [_told(row) for row in rows], "next": None}


@router.get("/me")
def get_me(
    request: Request,
    session: Db,
    who: Annotated[Who, allow("sesr.see")],
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> dict[str, Any]:
    """Who is signed in, with the form token and the schools that they may report for."""
    token = session_token(request)
    rows = schools.schools(session, scope_of(who), limit=limit) if who.role in ("principal", "designee") else []
    sites = [{"school_key": row.school_key, "name": row.name} for row in rows]
    return {"person": who.person_id, "role": who.role, "csrf": csrf_of(token) if token else "", "sites": sites}


def _told(row: Any) -> dict[str, Any]:
    names = (
        "report_id number day counted_at received_at author_name proxy_for reason supersedes superseded_by counts flags"
    )
    return {name: getattr(row, name) for name in [*names.split(), "note", "school_key"]}
