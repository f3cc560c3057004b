"""The settings: survey window of a term, days off, goals; with who changed what."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from services.rates.actions import settings as actions
from services.rates.queries import settings
from services.rates.rules.tiers import CUT_BELONGS_BELOW, TIER_CUTS, TIER_LABELS
from shared.access import Who
from shared.errors import Invalid
from shared.events import GROUPS, Group
from shared.numbers import whole
from shared.school_days import school_days
from shared.web import Db, allow, page, redirect
from shared.web.clock import today

router = APIRouter(prefix="/rates/settings", include_in_schema=False)
HERE = "/rates/settings"
TERMS_SHOWN = 12
Setter = Annotated[Who, allow("rates.set")]


@router.get("")
def settings_page(
    request: Request, session: Db, who: Setter, saved: str = "", terms: str = "", left: int = 0
) -> Response:
    return shown_settings(request, session, saved=saved == "1", left=left, all_terms=terms == "all")


def shown_settings(
    request: Request,
    session: Db,
    *,
    saved: bool = False,
    left: int = 0,
    all_terms: bool = False,
    refused: Invalid | None = None,
) -> Response:
    """The settings as they are; with why a change was refused, where one was. `left`: days that an undo did not touch."""
    terms = settings.terms(session)
    shown = terms if all_terms else terms[:TERMS_SHOWN]
    windows = [settings.window_of(session, term) for term in shown]
    off = settings.days_off(session)
    return page(
        request,
        "settings.html",
        200 if refused is None else refused.status,
        windows=[(each, school_days(today(), each.closes, off)) for each in windows if each is not None],
        older_terms=len(terms) - len(shown),
        off=off,
        goals=settings.goals(session),
        groups=GROUPS,
        undoable=settings.day_off_changes(session),
        changes=settings.changes(session),
        cuts=[(f"{cut:.0%}", "the lower tier" if below else "the higher tier") for cut, below in _cuts()],
        labels=TIER_LABELS,
        saved=saved,
        left=left,
        refused=refused,
    )


def _cuts() -> list[tuple[float, bool]]:
    return [(float(cut), below) for cut, below in zip(TIER_CUTS, CUT_BELONGS_BELOW, strict=True)]


@router.post("/window")
def post_window(
    request: Request,
    session: Db,
    who: Setter,
    term: Annotated[str, Form(max_length=20)],
    opens: Annotated[date, Form()],
    closes: Annotated[date, Form()],
) -> Response:
    try:
        actions.set_window(session, who.actor, term, opens, closes)
    except Invalid as refused:
        return shown_settings(request, session, refused=refused)
    return redirect(f"{HERE}?saved=1")


@router.post("/goal")
def post_goal(
    request: Request, session: Db, who: Setter, group: Annotated[Group, Form()], percent: Annotated[str, Form()] = ""
) -> Response:
    """An empty percent takes the goal away."""
    text = percent.strip().rstrip("%").strip()
    try:
        number = whole(text, 9999) or 0
        actions.set_goal(session, who.actor, group, number if text else None)
    except Invalid as refused:
        return shown_settings(request, session, refused=refused)
    return redirect(f"{HERE}?saved=1")
