"""Changing the days off: a range, a list, a calendar file with its preview, and undoing a change."""

from datetime import date, timedelta
from typing import Annotated

from fastapi import APIRouter, File, Form, Request, UploadFile
from fastapi.responses import Response
from sqlmodel import Session

from services.rates.actions import days_off as actions
from services.rates.pages.settings import HERE, Setter, shown_settings
from services.rates.queries.settings import day_off_changes, days_off
from services.rates.rules.days import LONGEST_LIST, RangeOff, day_changes, list_text, many_years
from shared.access import Who
from shared.db import transaction
from shared.errors import Invalid
from shared.files.ics_reading import MOST_BYTES, read_calendar
from shared.numbers import counted
from shared.settings import settings
from shared.web import Db, back, done, page
from shared.web.clock import today
from shared.web.quick import allow_quickly

router = APIRouter(prefix="/rates/settings/days-off", include_in_schema=False)
# A calendar file is read from the school year before to the one after the next.
BACK, AHEAD = timedelta(days=366), timedelta(days=731)
List = Annotated[str, Form(max_length=LONGEST_LIST)]
Source = Annotated[str, Form(max_length=200)]


@router.post("")
def post_day_off(
    request: Request,
    session: Db,
    who: Setter,
    day: Annotated[date, Form()],
    last: Annotated[date | None, Form()] = None,
    name: Annotated[str, Form(max_length=80)] = "",
) -> Response:
    """A day, or with `last` every weekday of a range."""
    try:
        change_id = actions.add_days_off(session, who.actor, RangeOff(day, last or day, name.strip()))
    except Invalid as refused:
        return shown_settings(request, session, refused=refused)
    return _saved(request, session, change_id)


@router.post("/list")
def post_days_off(request: Request, session: Db, who: Setter, days: List = "") -> Response:
    """A list, a day or a range to a line, added at once."""
    try:
        change_id = actions.save_listed_days(session, who.actor, days)
    except Invalid as refused:
        return shown_settings(request, session, refused=refused)
    return _saved(request, session, change_id)


def _saved(request: Request, session: Session, change_id: int | None) -> Response:
    """Says how many days a change was about, with its undo; None is a change of nothing."""
    newest = next((each for each in day_off_changes(session) if each.change_id == change_id), None)
    if newest is None:
        return done(request, f"{HERE}#off", "Nothing changed.")
    undo = back(f"{HERE}/days-off/undo", [("change_id", newest.change_id)])
    return done(request, f"{HERE}#off", f"{counted(len(newest.after), 'day')} changed.", undo)


@router.post("/file")
def post_calendar(
    request: Request,
    who: Annotated[Who, allow_quickly("rates.set", "rates")],
    file: Annotated[UploadFile, File()],
) -> Response:
    """What a calendar file would change; nothing is saved, and no connection is held while it is read."""
    now = today()
    try:
        found = read_calendar(file.file.read(MOST_BYTES + 1), now - BACK, now + AHEAD, settings().timezone)
        text = list_text(found.days)
        if len(text) > LONGEST_LIST:
            raise Invalid("The calendar has more days off than this page takes. Export only one school year of it.")
    except Invalid as refused:
        with transaction("rates") as session:
            return shown_settings(request, session, refused=refused)
    with transaction("rates") as session:
        return _preview(request, session, text, file.filename or "calendar.ics", found.left_out)


@router.post("/preview")
def post_preview(request: Request, session: Db, who: Setter, days: List = "", source: Source = "a list") -> Response:
    """What a list would change, after it was edited."""
    return _preview(request, session, days, source)


def _preview(request: Request, session: Session, text: str, source: str, left_out: list[str] | None = None) -> Response:
    now = days_off(session)
    try:
        listed, refused = actions.read_list(text), None
    except Invalid as error:
        listed, refused = {}, error
    return page(
        request,
        "days_off.html",
        200 if refused is None else refused.status,
        text=text,
        source=source,
        left_out=left_out or [],
        refused=refused,
        many=many_years(listed),
        first=min(listed, default=None),
        last=max(listed, default=None),
        changes=day_changes(now, listed, replaces=True),
        longest=LONGEST_LIST,
    )


@router.post("/save")
def post_saved_list(
    request: Request,
    session: Db,
    who: Setter,
    days: List = "",
    source: Source = "a list",
    replaces: Annotated[bool, Form()] = False,
) -> Response:
    """Saves what the preview showed: only adds and renames, or `replaces` the calendar between its days as well."""
    try:
        change_id = actions.save_listed_days(session, who.actor, days, source.strip() or "a list", replaces=replaces)
    except Invalid:
        return _preview(request, session, days, source)
    return _saved(request, session, change_id)


@router.post("/undo")
def post_undo(request: Request, session: Db, who: Setter, change_id: Annotated[int, Form(ge=1, le=2**62)]) -> Response:
    left = actions.undo_change(session, who.actor, change_id)
    words = (
        f" {counted(left, 'day')} changed again since, and {'stays' if left == 1 else 'stay'} as it is." if left else ""
    )
    return done(request, f"{HERE}#off", f"The change was undone.{words}")


@router.post("/remove")
def post_no_day_off(request: Request, session: Db, who: Setter, day: Annotated[date, Form()]) -> Response:
    return _saved(request, session, actions.remove_day_off(session, who.actor, day))
