"""The form at the school gate: choose the site, send a report, correct one, say that nothing changed."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Annotated, Any
from uuid import UUID, uuid4

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response
from sqlmodel import Session

from services.sesr.actions.reports import submit
from services.sesr.actions.submission import DESKS, Arrival, Submission
from services.sesr.pages.filled import FilledForm, answers_of, inputs_of, started_from
from services.sesr.pages.offline import as_shell, is_shell, marked
from services.sesr.pages.words import WORDS
from services.sesr.queries import incidents, reports, schools
from services.sesr.rules.counts import EXTRAS, INPUTS, Problem, read_counts, status_of, warnings
from services.sesr.rules.plans import windows_known
from services.sesr.rules.reports import flags_after, valid
from services.sesr.rules.timing import due_now, next_due
from services.sesr.tables import Incident, School
from shared.access import Who, scope_of
from shared.errors import Conflict, Invalid, NotFound
from shared.web import Db, allow, page, redirect
from shared.web.clock import district_zone, today

router = APIRouter(prefix="/sesr", include_in_schema=False)
NO_SCHOOL = "This is not one of your schools. Choose one of your schools."
NO_REPORT = "None of your schools has this report."
# What only the sender can tell; asked on a page of its own where there is no script.
QUESTIONS = ("newer_report", "which_incident")


@router.get("/report")
def report(
    request: Request,
    session: Db,
    who: Annotated[Who, allow("sesr.report")],
    school: str = "",
    incident: UUID | None = None,
    day: date | None = None,
    correct: UUID | None = None,
) -> Response:
    """The form for a school; for one who has several, the first until another is chosen."""
    if correct is not None:
        return _correction(request, session, who, correct)
    sites = schools.schools(session, scope_of(who), limit=200) if who.role not in DESKS else []
    key = school or (sites[0].school_key if sites else "")
    found = schools.school(session, scope_of(who), key)
    if found is None and (school or who.role in DESKS):
        raise NotFound(NO_SCHOOL, code="school_unknown")
    if found is None:
        return page(request, "no_incident.html", school=None, sites=sites)
    return _form(request, session, who, found, sites, incident, day or today())


def _form(
    request: Request,
    session: Session,
    who: Who,
    school: School,
    sites: Sequence[School],
    incident_id: UUID | None,
    day: date,
) -> Response:
    choices = incidents.incidents_for(session, school.school_key, day)
    shown = next((made for made in choices if made.incident_id == incident_id), choices[0] if choices else None)
    if shown is None:
        excused = incidents.incidents_for(session, school.school_key, day, excused=True)
        return page(request, "no_incident.html", school=school, sites=sites, excused=excused)
    history = reports.history(session, scope_of(who), shown.incident_id, day, school.school_key)
    last = reports.last_valid(history)
    flags = flags_after(valid(reports.recorded_of(row) for row in history))
    values = {
        "commander": (last and last.commander) or school.principal,
        "landline": (last and last.landline) or school.landline,
        "cell": (last and last.cell) or "",
        **(started_from(last, flags) if last else {}),
        "confirmed_incident": "yes" if len(choices) > 1 else "",
    }
    late = reports.late_entry(session, shown.incident_id, day, school.school_key)
    around = {"sites": sites, "choices": choices, "last": last, "last_flags": flags, "late": late}
    return _page(request, session, who, school, shown, day, values, **around)


def _correction(request: Request, session: Session, who: Who, report_id: UUID) -> Response:
    old = reports.report(session, scope_of(who), report_id)
    if old is None:
        raise NotFound(NO_REPORT)
    school = schools.school(session, scope_of(who), old.school_key)
    shown = incidents.incident(session, old.incident_id)
    assert school is not None and shown is not None
    words = {name: getattr(old, name) for name in ("commander", "landline", "cell", "proxy_for")}
    values = {**_blank_for_none(old.counts), **words, **answers_of(old.flags)}
    values |= {"status": status_of(old.flags), "supersedes": str(report_id)}
    late = reports.late_entry(session, old.incident_id, old.day, old.school_key)
    return _page(request, session, who, school, shown, old.day, values, corrects=old, late=late)


def _blank_for_none(counts: dict[str, int | None]) -> dict[str, object]:
    return {name: "" if value is None else value for name, value in counts.items()}


def _page(
    request: Request,
    session: Session,
    who: Who,
    school: School,
    shown: Incident,
    day: date,
    values: dict[str, Any],
    **more: Any,
) -> Response:
    """The form with values; `more` overrides what is shown around it."""
    last = more.get("last")
    context = {
        "school": school,
        "incident": shown,
        "day": day,
        "sent_day": "" if day == today() and not more.get("corrects") else day,
        "zone": district_zone().key,
        "values": values,
        "totals": schools.totals_of(school),
        "report_id": uuid4(),
        **_windows(session, shown, day),
        "asks_who": who.role in DESKS,
        "sites": [],
        "choices": [],
        "last": None,
        "last_flags": {},
        "corrects": None,
        "late": None,
        "is_over": day < today(),
        "problems": [],
        "errors": {},
        "is_shell": False,
        "same_counts": inputs_of(last.counts) if last else {},
        **WORDS,
    }
    shell = as_shell(request) if is_shell(request) else {}
    answer = page(request, "report.html", 422 if more.get("problems") else 200, **{**context, **more, **shell})
    return marked(answer)


def _windows(session: Session, shown: Incident, day: date) -> dict[str, Any]:
    """Which report is due now, and which next."""
    now = datetime.now(UTC)
    if day != today():
        return {"due_window": None, "next_window": None}
    windows = windows_known(incidents.course_of(session, shown), day, now, district_zone())
    return {"due_window": due_now(windows, now), "next_window": next_due(windows, now)}


@router.get("/report/warnings")
def report_warnings(
    request: Request,
    session: Db,
    who: Annotated[Who, allow("sesr.report")],
    school: str,
    incident: UUID,
    day: date,
) -> Response:
    """What looks odd about the numbers typed so far, as the receipt will say it."""
    found = schools.school(session, scope_of(who), school)
    if found is None:
        raise NotFound(NO_SCHOOL, code="school_unknown")
    counts, _ = read_counts({count.name: request.query_params.get(count.name, "") for count in (*INPUTS, *EXTRAS)})
    last = reports.last_valid(reports.history(session, scope_of(who), incident, day, school))
    odd = warnings({**counts, **schools.totals_of(found)}, last.counts if last else None)
    return page(request, "_warnings.html", warnings=odd)


@router.post("/report")
def send_report(
    request: Request, session: Db, who: Annotated[Who, allow("sesr.report")], filled: Annotated[FilledForm, Form()]
) -> Response:
    """Without script: the receipt, or the form again with what is to be corrected, or a question."""
    return _sent(request, session, who, filled, filled.submission())


@router.post("/report/same")
def send_same(
    request: Request,
    session: Db,
    who: Annotated[Who, allow("sesr.report")],
    report_id: Annotated[UUID, Form()],
    of: Annotated[UUID, Form()],
    proxy_for: Annotated[str, Form()] = "",
) -> Response:
    """Nothing changed since the report `of`: its numbers again, counted now."""
    old = reports.report(session, scope_of(who), of)
    if old is None:
        raise NotFound(NO_REPORT)
    names = ("school_key", "incident_id", "day", "commander", "landline", "cell")
    texts = {name: "" if value is None else str(value) for name, value in inputs_of(old.counts).items()}
    fields = {**{name: getattr(old, name) for name in names}, **texts, **answers_of(old.flags)}
    filled = FilledForm(**fields, report_id=report_id, same_as=of, proxy_for=proxy_for, confirmed_zero="yes")
    return _sent(request, session, who, filled, filled.submission())


def _sent(request: Request, session: Session, who: Who, filled: FilledForm, sent: Submission) -> Response:
    try:
        receipt = submit(session, who, sent, Arrival(datetime.now(UTC), district_zone()))
    except Invalid as refused:
        return _again(request, session, who, filled, refused.problems)
    except Conflict as refused:
        if refused.code not in QUESTIONS:
            raise
        fields = {name: value for name, value in filled.fields().items() if value not in (None, "")}
        return page(request, "question.html", 409, sentence=refused.sentence, problems=refused.problems, fields=fields)
    return redirect(f"/sesr/receipts/{receipt.report_id}")


def _again(request: Request, session: Session, who: Who, filled: FilledForm, problems: list[Problem]) -> Response:
    school = schools.school(session, scope_of(who), filled.school_key)
    shown = incidents.incident(session, filled.incident_id)
    if school is None or shown is None:
        raise NotFound(NO_SCHOOL, code="school_unknown")
    corrects = reports.report(session, scope_of(who), filled.supersedes) if filled.supersedes else None
    return _page(
        request,
        session,
        who,
        school,
        shown,
        filled.day or today(),
        filled.fields(),
        report_id=filled.report_id,
        corrects=corrects,
        problems=problems,
        errors={problem["field"]: problem["message"] for problem in problems},
    )
