"""Reports through the API: send one, read a school's day, know in whose name a device sends."""

from dataclasses import fields
from datetime import UTC, date, datetime
from typing import Annotated, Any
from uuid import UUID

import orjson
from fastapi import APIRouter, Query, Request, Response
from pydantic import AfterValidator, BaseModel, ConfigDict

from services.sesr.actions.holding import KEY_ENDED, submit_by_key
from services.sesr.actions.reports import contexts, keep_reports, submit_together
from services.sesr.actions.submission import Arrival, Receipt, Submission
from services.sesr.queries import incidents, schools
from services.sesr.queries import reports as queries
from services.sesr.rules.keys import BadKey, person_key, read
from shared.access import Who, csrf_of, scope_of
from shared.errors import NotFound, NotSignedIn
from shared.settings import settings
from shared.web import Db, allow
from shared.web.clock import Moment, district_zone, today
from shared.web.limits import limit
from shared.web.quick import allow_quickly
from shared.web.requests import has_own_key, own_key, session_token
from shared.web.together import Together

router = APIRouter(prefix="/sesr/api/v1", tags=["sesr"])
KNOW = Together("sesr", contexts)
KEEP = Together("sesr", keep_reports)


# A text field that is cut at its greatest length may end in half a character, which cannot be kept.
Words = Annotated[str, AfterValidator(lambda text: text.encode(errors="replace").decode())]


class SentReport(BaseModel):
    """A report; `report_id` is made by the sender and makes sending it again harmless.

    `counted_at` and `sent_at` are readings of the sender's clock; only their difference is used, so it may be wrong.
    Where it was not set the answer asks for `counted_time`, such as 8:30. `same_as` names the report that has not changed
    since, `based_on` the one that the form was filled in from: where a newer one is there, the answer asks, and `after`
    names that newer one. `confirmed_incident`: it is meant for the drill, although a strike is open. `status` is the
    school's: open, restricted, closed or supervision; without one it stays as it was.
    """

    model_config = ConfigDict(extra="forbid")

    report_id: UUID
    school_key: Words
    incident_id: UUID | None = None
    day: date | None = None
    counts: dict[str, Any]
    flags: dict[str, bool | None] = {}
    status: Words = ""
    commander: Words = ""
    landline: Words = ""
    cell: Words = ""
    counted_at: Moment | None = None
    sent_at: Moment | None = None
    counted_time: Words = ""
    supersedes: UUID | None = None
    same_as: UUID | None = None
    based_on: UUID | None = None
    after: UUID | None = None
    confirmed_incident: bool = False
    reason: Words = ""
    proxy_for: Words = ""
    confirmed_zero: bool = False


@router.post("/reports", status_code=201, responses={200: {"description": "The same report id again"}})
async def post_report(who: Annotated[Who, allow_quickly("sesr.report", "sesr")], sent: SentReport) -> Response:
    """201 with the receipt; 200 for a report that is here already; 409 and 422 say what to do."""
    arrival = Arrival(datetime.now(UTC), district_zone())
    receipt = await submit_together(KNOW, KEEP, who, submission_of(sent), arrival)
    return receipt_answer(receipt)


class QueuedReport(SentReport):
    """A report that waited on a device, with the key that its form had been given; no session is looked at."""

    report_token: Words


@router.post("/reports/queued", status_code=201, dependencies=[own_key])
@has_own_key
def post_queued_report(session: Db, sent: QueuedReport) -> Response:
    """In the name of the person of the key: 201 or 200 with the receipt, 202 where the duty desk decides on it."""
    now = datetime.now(UTC)
    try:
        key = read(settings().link_key.get_secret_value().encode(), sent.report_token, now)
    except BadKey:
        raise NotSignedIn(KEY_ENDED) from None
    limit("sesr.report", key.person_id)
    receipt = submit_by_key(session, key, submission_of(sent), Arrival(now, district_zone(), by_key=True))
    if receipt is None:
        held = {"report_id": sent.report_id, "held": True}
        return Response(orjson.dumps(held), 202, media_type="application/json")
    return receipt_answer(receipt)


def submission_of(sent: SentReport) -> Submission:
    return Submission(**{each.name: getattr(sent, each.name) for each in fields(Submission)})


def receipt_answer(receipt: Receipt) -> Response:
    """The receipt as programs get it: 201 for a new report, 200 for one that was here already."""
    answer = receipt._asdict()
    answer = {**answer, "repeated": not answer.pop("is_new")}
    return Response(orjson.dumps(answer), 201 if receipt.is_new else 200, media_type="application/json")


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
        raise NotFound("This is not one of your schools.")
    shown = incidents.incident(session, incident) if incident else incidents.current_incident(session, on)
    rows = queries.history(session, scope, shown.incident_id, on, school_key) if shown else []
    return {"rows": [_fields(row) for row in rows], "next": None}


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
    person = {"person": who.person_id, "person_key": person_key(who.person_id), "role": who.role}
    return {**person, "csrf": csrf_of(token) if token else "", "sites": sites}


def _fields(row: Any) -> dict[str, Any]:
    names = (
        "report_id number day counted_at received_at author_name proxy_for reason supersedes superseded_by counts flags"
    )
    return {name: getattr(row, name) for name in [*names.split(), "note", "by_key", "school_key"]}
