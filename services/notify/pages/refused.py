"""Refused and returned mails of an extraction, an address or a spell of time: a list, and one step to send them again."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from services.notify.actions import resending
from services.notify.pages.parts import tabs_of
from services.notify.queries.lists import RefusedFilter
from shared.access import Who
from shared.errors import Invalid
from shared.web import Db, allow, page, redirect

router = APIRouter(prefix="/notify", include_in_schema=False)


def day_of(written: str, name: str) -> date | None:
    """The day of a form's field; None for an empty one. Invalid for what is not a day."""
    try:
        return date.fromisoformat(written) if written else None
    except ValueError as error:
        raise Invalid(f"{name} is not a day. Write it as 2025-02-21.", code="no_day") from error


def _filter(term: str, on: str, address: str, since: str, until: str) -> RefusedFilter:
    days = (day_of(on, "Extraction of"), day_of(since, "From"), day_of(until, "Until"))
    return RefusedFilter(term.strip() or None, days[0], address.strip() or None, days[1], days[2])


@router.get("/refused")
def refused(
    request: Request,
    session: Db,
    who: Annotated[Who, allow("digests.see")],
    term: str = "",
    on: str = "",
    address: str = "",
    since: str = "",
    until: str = "",
    sent: int = 0,
) -> Response:
    values = {"term": term, "on": on, "address": address, "since": since, "until": until}
    error, found = "", []
    if any(values.values()):
        try:
            found = resending.refused(session, _filter(**values))
        except Invalid as invalid:
            error = str(invalid)
    ready = sum(not mail.why_not for mail in found)
    status = 422 if error else 200
    return page(
        request,
        "refused.html",
        status,
        tabs=tabs_of("/notify/mails"),
        values=values,
        is_filtered=any(values.values()),
        error=error,
        mails=found,
        ready=ready,
        sent=sent,
    )


@router.post("/refused")
def send_again(
    session: Db,
    who: Annotated[Who, allow("digests.resend")],
    expected: Annotated[int, Form()],
    term: Annotated[str, Form()] = "",
    on: Annotated[str, Form()] = "",
    address: Annotated[str, Form()] = "",
    since: Annotated[str, Form()] = "",
    until: Annotated[str, Form()] = "",
) -> Response:
    again = resending.send_again(session, _filter(term, on, address, since, until), expected, who.actor)
    return redirect(f"/notify/refused?sent={len(again)}")
