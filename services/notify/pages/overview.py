"""Extractions with their digests: preview before release, hold, and whether the mail server is there."""

from datetime import UTC, date, datetime, timedelta
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from services.notify.actions import mails, planning, settling
from services.notify.pages.parts import tabs_of
from services.notify.queries import alert_settings, lists
from services.notify.rules.clock import next_sending
from shared.access import Who, audit
from shared.delivery.outbox import call_job
from shared.settings import settings
from shared.web import Db, allow, back, done, page, redirect

router = APIRouter(prefix="/notify", include_in_schema=False)
PAGE = 100
LISTED_EXTRACTIONS = 20


@router.get("/")
def extractions(
    request: Request,
    session: Db,
    who: Annotated[Who, allow("digests.see")],
    before: date | None = None,
    before_term: str = "",
) -> Response:
    current = alert_settings.settings_of(session)
    now = datetime.now(UTC)
    opens = next_sending(now, alert_settings.hours_of(current, settings().timezone, alert_settings.days_off(session)))
    rows = lists.extractions(session, (before, before_term) if before else None, LISTED_EXTRACTIONS)
    last = rows[-1] if len(rows) == LISTED_EXTRACTIONS else None
    older = None if last is None else {"before": last.extraction_date, "before_term": last.term}
    return page(
        request,
        "extractions.html",
        tabs=tabs_of("/notify/"),
        extractions=rows,
        older=f"/notify/?{urlencode(older)}" if older else None,
        awaiting=lists.awaiting(session),
        wait=timedelta(minutes=current.wait_minutes),
        unroutable=lists.unroutable(session),
        mail_pause=alert_settings.mail_pause(session),
        waiting=lists.waiting(session),
        opens=None if opens == now else opens,
    )


@router.get("/extractions/{term}/{extraction_date}")
def extraction(
    request: Request,
    session: Db,
    who: Annotated[Who, allow("digests.see")],
    term: str,
    extraction_date: date,
    state: str | None = None,
    before: int | None = None,
) -> Response:
    filtered = lists.DigestFilter(state=state or None, term=term, extraction_date=extraction_date, before=before)
    rows = lists.digests(session, filtered, PAGE)
    totals = lists.extraction(session, term, extraction_date)
    return page(
        request,
        "extraction.html",
        term=term,
        extraction_date=extraction_date,
        digests=rows,
        totals=totals,
        state=state,
        tabs=tabs_of("/notify/"),
        older=f"/notify/extractions/{term}/{extraction_date}?before={rows[-1].digest_id}"
        if len(rows) == PAGE
        else None,
    )


@router.post("/extractions/{term}/{extraction_date}/plan")
def plan(session: Db, who: Annotated[Who, allow("digests.write")], term: str, extraction_date: date) -> Response:
    """The mails go without the groups that have not come."""
    planning.plan_at_once(session, term, extraction_date, who.actor)
    return redirect(f"/notify/extractions/{term}/{extraction_date}")


@router.post("/extractions/{term}/{extraction_date}/release")
def release(session: Db, who: Annotated[Who, allow("digests.write")], term: str, extraction_date: date) -> Response:
    session.execute(planning.LOCK)
    mails.release(session, term, extraction_date, who.actor)
    return redirect(f"/notify/extractions/{term}/{extraction_date}")


@router.post("/extractions/{term}/{extraction_date}/hold")
def hold(
    request: Request,
    session: Db,
    who: Annotated[Who, allow("digests.write")],
    term: str,
    extraction_date: date,
    why: Annotated[str, Form(max_length=500)] = "",
) -> Response:
    session.execute(planning.LOCK)
    mails.hold(session, term, extraction_date, who.actor, why)
    here = f"/notify/extractions/{term}/{extraction_date}"
    return done(request, here, "The mails that were not sent yet are held.", back(f"{here}/release"))


@router.post("/resume")
def resume(session: Db, who: Annotated[Who, allow("digests.write")]) -> Response:
    """The mail server is tried again now."""
    settling.resume(session)
    audit(session, who.actor, "try mail server again", "mail server")
    call_job(session, "notify.send_mail")
    return redirect("/notify/")
