"""A school's page: the sheet of its items, what follows while typing, what is offered, and who entered what."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from services.tracker.actions.entries import EntryChange, EntryConflict, save_cells
from services.tracker.actions.levels import set_school
from services.tracker.actions.offers import OfferPlace, dismiss_file_value
from services.tracker.pages.sheet import (
    NOTHING_TYPED,
    SHOWN,
    TypedSheet,
    field_name,
    former_fields,
    read_fields,
    sent_form,
    sheet_row,
)
from services.tracker.queries import progress as queries
from services.tracker.queries.offers import file_offers, rate_offers
from services.tracker.queries.plan import level_named, levels, own_levels, periods, plan_of, plans
from services.tracker.queries.schools import school_named
from services.tracker.rules.values import shown_percent
from services.tracker.tables.plan import StrategicPlan
from services.tracker.tables.schools import School
from shared.access import Who
from shared.access.policy import may
from shared.errors import NotFound
from shared.numbers import counted, whole
from shared.web import Db, allow, back, done, page
from shared.web.clock import today
from shared.web.undo import Undo

router = APIRouter(prefix="/tracker", include_in_schema=False)
HISTORY, LAST_CHANGES = 100, 10
Sees = Annotated[Who, allow("tracker.see")]
Writes = Annotated[Who, allow("tracker.write")]
SentForm = Annotated[dict[str, str], Depends(sent_form)]


class SchoolSheet:
    """What an address names: a school, a plan, a level, and (`year`) the one year that is entered."""

    def __init__(self, key: str, level: str | None = None, plan: str | None = None, year: int | None = None) -> None:
        self.key, self.named_level, self.named_plan, self.year = key, level, plan, year
        self.school: School
        self.plan: StrategicPlan
        self.level: str

    def find(self, session: Db, who: Who) -> "SchoolSheet":
        """Finds them among what the person sees. Raises NotFound, Conflict."""
        self.school = school_named(session, who, self.key)
        self.plan = plan_of(session, self.named_plan)
        self.level = level_named(session, self.plan.plan_id, self.school, self.named_level)
        return self

    def lines(self, session: Db) -> list[queries.ItemLine]:
        return queries.lines(session, self.school.school_key, self.plan.plan_id, self.level)

    def address(self, path: str = "", **more: Any) -> str:
        """The address of the same sheet; with other values where `more` names them, left out where None."""
        plan = self.plan.plan_id if self.named_plan else None
        values = {"level": self.level, "plan": plan, "year": self.year, **more}
        kept = {name: value for name, value in values.items() if value is not None}
        return f"/tracker/schools/{quote(self.school.school_key)}{path}?" + urlencode(kept)


Sheet = Annotated[SchoolSheet, Depends(SchoolSheet)]


def _shown(
    request: Request,
    session: Db,
    who: Who,
    sheet: SchoolSheet,
    *,
    typed: dict[str, str] | None = None,
    read: TypedSheet = NOTHING_TYPED,
    status: int = 200,
    **more: Any,
) -> Response:
    lines, school, plan_id = sheet.lines(session), sheet.school, sheet.plan.plan_id
    writes = may(who.role, "tracker.write")
    labels = periods(session, plan_id)
    offers, unplaced = rate_offers(session, school.school_key, plan_id, lines, today()) if writes else ([], [])
    return page(
        request,
        "school.html",
        status,
        sheet=sheet,
        school=school,
        plan=sheet.plan,
        plans=plans(session),
        level=sheet.level,
        levels=_level_tabs(session, sheet),
        periods=labels,
        years=_year_tabs(sheet, labels),
        rows=[sheet_row(line, labels, typed or {}, read) for line in lines],
        problems=[{"field": name, "message": words} for name, words in read.problems.items()],
        is_fraction=read.is_fraction,
        is_typed=bool(typed),
        history=queries.history(session, school.school_key, sheet.level, None, LAST_CHANGES),
        items={line.item.item_id: line.item for line in lines},
        offers=file_offers(session, school.school_key, sheet.level, lines) if writes else [],
        rates=offers,
        unplaced=unplaced,
        all_levels=levels(session, plan_id),
        own_levels=own_levels(session, school.school_key),
        writes=writes,
        **{"filled": "", **SHOWN, **more},
    )


def _level_tabs(session: Db, sheet: SchoolSheet) -> list[dict[str, Any]]:
    """The levels at which the school is expected or holds values, and the one that is shown; all where none is said."""
    expected = sheet.school.tracker_levels
    used = {level for _, level in queries.levels_used(session, [sheet.school.school_key])}
    return [
        {"href": sheet.address(level=name), "label": name, "current": name == sheet.level}
        for name in levels(session, sheet.plan.plan_id)
        if name in used or name == sheet.level or not expected or name in expected
    ]


def _year_tabs(sheet: SchoolSheet, labels: list[str]) -> list[dict[str, Any]]:
    """All years, or one of them to enter."""
    every = {"href": sheet.address(year=None), "label": "All years", "current": sheet.year is None}
    one = [
        {"href": sheet.address(year=place), "label": f"Enter {label}", "current": sheet.year == place}
        for place, label in enumerate(labels)
    ]
    return [every, *reversed(one)]


@router.get("/schools/{key}")
def school(request: Request, session: Db, who: Sees, sheet: Sheet) -> Response:
    return _shown(request, session, who, sheet.find(session, who))


@router.get("/schools/{key}/items/{item_id}/preview")
def preview(request: Request, session: Db, who: Sees, sheet: Sheet, item_id: str) -> Response:
    """What would follow from the values being typed; the rules are here only, so the page asks while typing."""
    sheet.find(session, who)
    saved = [line for line in sheet.lines(session) if line.item.item_id == item_id]
    if not saved:
        raise NotFound("This level has no such item. Reload the page.")
    read = read_fields(saved, request.query_params)
    values = list(saved[0].values)
    for change in read.changes:
        values[change.period] = change.now
    line = queries.line_of_values(saved[0].item, saved[0].goal, values, saved[0].origins)
    labels = periods(session, sheet.plan.plan_id)
    row = sheet_row(line, labels, {}, NOTHING_TYPED)
    problems = [f"{labels[int(name.rpartition('-')[2])]}: {words}" for name, words in read.problems.items()]
    return page(request, "_outcomes.html", row=row, plan=sheet.plan, problems=problems, periods=labels, **SHOWN)


@router.post("/schools/{key}")
def save_school(request: Request, session: Db, who: Writes, sheet: Sheet, form: SentForm) -> Response:
    sheet.find(session, who)
    read = read_fields(sheet.lines(session), form)
    if read.problems:
        return _shown(request, session, who, sheet, typed=form, read=read, status=422)
    try:
        changed = save_cells(session, who, sheet.school.school_key, sheet.level, read.changes, "page")
    except EntryConflict as conflict:
        # Refused before anything was written: shown again with both values, so that saving once more decides.
        problems = {field_name(cell["item_id"], cell["period"]): cell["message"] for cell in conflict.problems}
        again = read._replace(problems=problems, is_conflict=True)
        return _shown(request, session, who, sheet, typed=form, read=again, status=409)
    if not changed:
        return done(request, sheet.address(), "Nothing had changed.")
    return done(request, sheet.address(), f"{counted(len(changed), 'value')} saved.", _undo_of(sheet, changed))


def _undo_of(sheet: SchoolSheet, changed: Sequence[EntryChange]) -> Undo:
    return back(sheet.address(), former_fields(changed))


@router.post("/schools/{key}/fill")
def fill(request: Request, session: Db, who: Writes, sheet: Sheet, form: SentForm) -> Response:
    """Puts an offered value into its field, beside all that was typed; nothing is saved by it."""
    sheet.find(session, who)
    lines = sheet.lines(session)
    name, value = _offered(session, sheet, lines, form.get("offer", ""), today())
    typed = {**form, name: value}
    return _shown(request, session, who, sheet, typed=typed, read=read_fields(lines, typed), filled=name)


def _offered(session: Db, sheet: SchoolSheet, lines: list[queries.ItemLine], offer: str, now: date) -> tuple[str, str]:
    """(field, value) of an offer that the page made."""
    key, plan_id = sheet.school.school_key, sheet.plan.plan_id
    values = {
        f"rate/{one.term}/{one.item_id}": (field_name(one.item_id, one.period), shown_percent(one.percent))
        for one in rate_offers(session, key, plan_id, lines, now)[0]
    } | {
        f"file/{one.period}/{one.item_id}": (field_name(one.item_id, one.period), shown_percent(one.percent))
        for one in file_offers(session, key, sheet.level, lines)
    }
    if offer not in values:
        raise NotFound("This value is no longer offered. Reload the page.")
    return values[offer]


@router.post("/schools/{key}/dismiss")
def dismiss(request: Request, session: Db, who: Writes, sheet: Sheet, form: SentForm) -> Response:
    """Leaves a results file's value aside; what was typed on the page stays typed."""
    sheet.find(session, who)
    number, _, item_id = form.get("offer", "").removeprefix("file/").partition("/")
    period = whole(number, 1000)
    if period is None:
        raise NotFound("This value is no longer offered. Reload the page.")
    dismiss_file_value(session, who, sheet.school, OfferPlace(sheet.plan.plan_id, sheet.level, item_id, period))
    return _shown(request, session, who, sheet, typed=form, read=read_fields(sheet.lines(session), form))


@router.post("/schools/{key}/levels")
def save_levels(
    request: Request, session: Db, who: Annotated[Who, allow("plan.write")], sheet: Sheet, form: SentForm
) -> Response:
    """At which levels this one school is expected; "as its kind" leaves it to the directory's level."""
    sheet.find(session, who)
    named = [level for level in levels(session, sheet.plan.plan_id) if f"level-{level}" in form]
    former = own_levels(session, sheet.school.school_key)
    fields = [("as_kind", "on")] if former is None else [(f"level-{level}", "on") for level in former]
    set_school(session, who, sheet.school.school_key, None if "as_kind" in form else named)
    undo = back(sheet.address("/levels"), fields)
    return done(request, sheet.address(), "The levels of this school were saved.", undo)


@router.get("/schools/{key}/history")
def history(
    request: Request, session: Db, who: Sees, sheet: Sheet, before: Annotated[int | None, Query(ge=1)] = None
) -> Response:
    sheet.find(session, who)
    rows = queries.history(session, sheet.school.school_key, sheet.level, before, HISTORY)
    lines = sheet.lines(session)
    return page(
        request,
        "school_history.html",
        sheet=sheet,
        school=sheet.school,
        level=sheet.level,
        history=rows,
        periods=periods(session, sheet.plan.plan_id),
        items={line.item.item_id: line.item for line in lines},
        older=sheet.address("/history", before=rows[-1].id) if len(rows) == HISTORY else None,
        **SHOWN,
    )
