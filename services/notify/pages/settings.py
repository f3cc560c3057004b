"""The settings of alerts, and the heads of the regions."""

from collections.abc import Mapping
from datetime import time
from typing import Annotated, Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from services.notify.actions import settings_changes
from services.notify.pages.parts import SentForm, plain_form, tabs_of
from services.notify.queries import alert_settings, reports
from shared.access import Who
from shared.errors import Invalid
from shared.numbers import whole
from shared.settings import settings
from shared.web import Db, allow, back, done, page

router = APIRouter(prefix="/notify/settings", include_in_schema=False)
HERE = "/notify/settings"
TIMES = ("opens", "closes", "quiet_from", "quiet_until")
SWITCHES = ("hold_all", "hold_thin", "school_days_only")


@router.get("")
def show(request: Request, session: Db, who: Annotated[Who, allow("digests.see")]) -> Response:
    return _page(request, session, alert_settings.settings_of(session).model_dump(), [])


@router.post("")
def change(request: Request, session: Db, who: Annotated[Who, allow("digests.write")], sent: SentForm) -> Response:
    form = plain_form(sent)
    new: dict[str, Any] = {name: form.get(name) == "1" for name in SWITCHES}
    problems = []
    for name in TIMES:
        try:
            new[name] = time.fromisoformat(form[name]) if form.get(name) else None
        except ValueError:
            problems.append(
                {"field": name, "code": "time_invalid", "message": "Enter a time as 07:30, or leave it empty."}
            )
    for name in settings_changes.NUMBERS:
        value = form.get(name, "")
        new[name] = whole(value, 99_999)
    former = back(HERE, _fields(alert_settings.settings_of(session).model_dump()))
    try:
        if problems:
            raise Invalid("The settings were not changed.", problems=problems)
        settings_changes.change_settings(session, new, who.actor)
    except Invalid as error:
        return _page(request, session, {**new, **{n: form.get(n, "") for n in TIMES}}, error.problems, 422)
    return done(request, HERE, "The settings of alerts were saved.", former)


def _fields(values: Mapping[str, Any]) -> list[tuple[str, object]]:
    """Kept settings as the form sends them."""
    numbers = [(name, values[name]) for name in settings_changes.NUMBERS]
    return [*((name, "1") for name in SWITCHES if values[name]), *((name, values[name]) for name in TIMES), *numbers]


@router.post("/heads")
def heads(request: Request, session: Db, who: Annotated[Who, allow("digests.write")], sent: SentForm) -> Response:
    form = plain_form(sent)
    new = {
        region: (form.get(f"name_{region}", ""), form.get(f"email_{region}", "")) for region in reports.regions(session)
    }
    named = {head.region: head for head in alert_settings.heads(session)}
    former = [
        (f"{field}_{region}", getattr(named[region], field))
        for region in new
        if region in named
        for field in ("name", "email")
    ]
    try:
        settings_changes.name_heads(session, new, who.actor)
    except Invalid as error:
        return _page(request, session, alert_settings.settings_of(session).model_dump(), error.problems, 422, typed=new)
    return done(request, HERE, "The heads of the regions were saved.", back(f"{HERE}/heads", former))


def _page(
    request: Request,
    session: Db,
    values: dict[str, Any],
    problems: list[Any],
    status: int = 200,
    typed: Mapping[str, tuple[str, str]] | None = None,
) -> Response:
    """The settings; `typed` are names and addresses of heads that were refused, to be mended."""
    named = {head.region: head for head in alert_settings.heads(session)}
    heads = {region: (head.name, head.email) for region, head in named.items()} | dict(typed or {})
    return page(
        request,
        "settings.html",
        status,
        tabs=tabs_of("/notify/settings"),
        values={
            name: value.isoformat("minutes") if isinstance(value, time) else value for name, value in values.items()
        },
        problems=problems,
        errors={problem["field"]: problem["message"] for problem in problems},
        regions=[(region, named.get(region), *heads.get(region, ("", ""))) for region in reports.regions(session)],
        zone=settings().timezone,
    )
