"""The form at the school gate: choose the site, send a report, correct one, say that nothing changed."""

from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any
from uuid import UUID, uuid4

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response
from pydantic import BaseModel, BeforeValidator, ConfigDict

from services.sesr.actions.reports import submit
from services.sesr.actions.submission import DESKS, Asked
from services.sesr.pages.words import WORDS
from services.sesr.queries import incidents, reports, schools
from services.sesr.rules.counts import FLAGS, INPUTS, Problem, read_counts, warnings
from services.sesr.rules.timing import next_due, windows_of
from services.sesr.tables import Incident
from shared.access import Who, scope_of
from shared.errors import Invalid, NotFound
from shared.web import Db, allow, page, redirect
from shared.web.clock import district_zone, today

router = APIRouter(prefix="/sesr", include_in_schema=False)


class Filled(BaseModel):
    """The form as it was sent; the counts are among the extra fields. Without `day` it is for the day of the count."""

    model_config = ConfigDict(extra="allow")

    report_id: UUID
    school_key: str
    incident_id: UUID
    day: Annotated[date | None, BeforeValidator(lambda text: text or None)] = None
    commander: str = ""
    landline: str = ""
    cell: str = ""
    media: str = ""
    outside_group: str = ""
    supersedes: str = ""
    reason: str = ""
    proxy_for: str = ""
    confirmed_zero: str = ""

    def asked(self) -> Asked:
        extra = self.model_extra or {}
        flags = {name: {"yes": True, "no": False}.get(getattr(self, name)) for name in FLAGS}
        own = self.model_dump(
            include={"report_id", "school_key", "incident_id", "day", "commander", "landline", "cell"}
        )
        return Asked(
            **own,
            counts={count.name: extra.get(count.name, "") for count in INPUTS},
            flags=flags,
            supersedes=UUID(self.supersedes) if self.supersedes else None,
            reason=self.reason,
            proxy_for=self.proxy_for,
            confirmed_zero=self.confirmed_zero == "yes",
        )


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
        raise NotFound("There is no such school among yours. Choose one of your schools.", code="school_unknown")
    if found is None:
        return page(request, "no_incident.html", school=None, sites=sites)
    return _form(request, session, who, found, sites, incident, day or today())


def _form(
    request: Request, session: Db, who: Who, school: Any, sites: Any, incident_id: UUID | None, day: date
) -> Response:
    choices = incidents.incidents_for(session, school.school_key, day)
    chosen = next((made for made in choices if made.incident_id == incident_id), choices[0] if choices else None)
    if chosen is None:
        excused = incidents.incidents_for(session, school.school_key, day, excused=True)
        return page(request, "no_incident.html", school=school, sites=sites, excused=excused)
    history = reports.history(session, scope_of(who), chosen.incident_id, day, school.school_key)
    last = reports.last_valid(history)
    values = {
        "commander": (last and last.commander) or school.principal,
        "landline": (last and last.landline) or school.landline,
        "cell": (last and last.cell) or "",
    }
    late = reports.late_entry(session, chosen.incident_id, day, school.school_key)
    around = {"sites": sites, "choices": choices, "last": last, "same_counts": _inputs(last), "late": late}
    return _page(request, who, school, chosen, day, values, **around)


def _inputs(last: Any | None) -> dict[str, int | None]:
    """What was typed into a report, without the totals that were prefilled."""
    return {count.name: last.counts.get(count.name) for count in INPUTS} if last else {}


def _correction(request: Request, session: Db, who: Who, report_id: UUID) -> Response:
    old = reports.report(session, scope_of(who), report_id)
    if old is None:
        raise NotFound("There is no such report among your schools' reports.")
    school = schools.school(session, scope_of(who), old.school_key)
    chosen = incidents.incident(session, old.incident_id)
    assert school is not None and chosen is not None
    words = {name: getattr(old, name) for name in ("commander", "landline", "cell", "proxy_for")}
    flags = {name: {True: "yes", False: "no"}.get(old.flags.get(name), "") for name in FLAGS}
    values = {**old.counts, **words, **flags, "supersedes": str(report_id)}
    return _page(request, who, school, chosen, old.day, values, corrects=old)


def _page(
    request: Request, who: Who, school: Any, chosen: Incident, day: date, values: dict[str, Any], **more: Any
) -> Response:
    """The form with values; `more` overrides what is shown around it."""
    windows = windows_of(day, chosen.windows, district_zone(), timedelta(minutes=chosen.grace_minutes))
    context = {
        "school": school,
        "incident": chosen,
        "day": day,
        "sent_day": "" if day == today() and not more.get("corrects") else day,
        "zone": district_zone().key,
        "values": values,
        "totals": schools.totals_of(school),
        "report_id": uuid4(),
        "next_window": next_due(windows, datetime.now(UTC)) if day == today() else None,
        "asks_who": who.role in DESKS,
        "sites": [],
        "choices": [],
        "last": None,
        "corrects": None,
        "late": None,
        "is_over": day < today(),
        "problems": [],
        "errors": {},
        "same_counts": {},
        **WORDS,
    }
    status = 422 if more.get("problems") else 200
    return page(request, "report.html", status, **{**context, **more})


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
        raise NotFound("There is no such school among yours. Choose one of your schools.", code="school_unknown")
    counts, _ = read_counts({count.name: request.query_params.get(count.name, "") for count in INPUTS})
    last = reports.last_valid(reports.history(session, scope_of(who), incident, day, school))
    odd = warnings({**counts, **schools.totals_of(found)}, last.counts if last else None)
    return page(request, "_warnings.html", warnings=odd)


@router.post("/report")
def send_report(
    request: Request, session: Db, who: Annotated[Who, allow("sesr.report")], filled: Annotated[Filled, Form()]
) -> Response:
    """Without script: the receipt, or the form again with what is to be corrected."""
    try:
        receipt = submit(session, who, filled.asked(), datetime.now(UTC), district_zone())
    except Invalid as refused:
        return _again(request, session, who, filled, refused.problems)
    return redirect(f"/sesr/receipts/{receipt.report_id}")


def _again(request: Request, session: Db, who: Who, filled: Filled, problems: list[Problem]) -> Response:
    school = schools.school(session, scope_of(who), filled.school_key)
    chosen = incidents.incident(session, filled.incident_id)
    if school is None or chosen is None:
        raise NotFound("There is no such school among yours. Choose one of your schools.", code="school_unknown")
    values = {**filled.model_dump(), **(filled.model_extra or {})}
    corrects = reports.report(session, scope_of(who), UUID(filled.supersedes)) if filled.supersedes else None
    return _page(
        request,
        who,
        school,
        chosen,
        filled.day or today(),
        values,
        report_id=filled.report_id,
        corrects=corrects,
        problems=problems,
        errors={problem["field"]: problem["message"] for problem in problems},
    )


@router.post("/report/same")
def send_same(
    session: Db,
    who: Annotated[Who, allow("sesr.report")],
    report_id: Annotated[UUID, Form()],
    of: Annotated[UUID, Form()],
    proxy_for: Annotated[str, Form()] = "",
) -> Response:
    """Nothing changed since the report `of`: its numbers again, counted now."""
    old = reports.report(session, scope_of(who), of)
    if old is None:
        raise NotFound("There is no such report among your schools' reports.")
    asked = Asked(
        report_id=report_id,
        school_key=old.school_key,
        incident_id=old.incident_id,
        day=old.day,
        counts=_inputs(old),
        flags=old.flags,
        commander=old.commander,
        landline=old.landline,
        cell=old.cell,
        same_as=of,
        proxy_for=proxy_for,
        confirmed_zero=True,
    )
    receipt = submit(session, who, asked, datetime.now(UTC), district_zone())
    return redirect(f"/sesr/receipts/{receipt.report_id}")
