"""The settings: survey window of a term, days off, goals; with who changed what."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from services.rates.actions import settings as actions
from services.rates.queries import settings
from services.rates.rules.tiers import TIER_LABELS
from shared.access import Who
from shared.days import date_words
from shared.errors import Invalid
from shared.events import GROUPS, Group
from shared.numbers import whole
from shared.school_days import school_days
from shared.tiers import CUT_BELONGS_BELOW, TIER_CUTS
from shared.web import Db, allow, back, done, page
from shared.web.clock import today
from shared.web.undo import Undo

router = APIRouter(prefix="/rates/settings", include_in_schema=False)
HERE = "/rates/settings"
TERMS_SHOWN = 12
Setter = Annotated[Who, allow("rates.set")]


@router.get("")
def settings_page(request: Request, session: Db, who: Setter, terms: str = "") -> Response:
    return shown_settings(request, session, all_terms=terms == "all")


def shown_settings(
    request: Request,
    session: Db,
    *,
    all_terms: bool = False,
    refused: Invalid | None = None,
) -> Response:
    """The settings as they are; with why a change was refused, where one was."""
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
    was = settings.window_of(session, term)
    try:
        actions.set_window(session, who.actor, term, opens, closes)
    except Invalid as refused:
        return shown_settings(request, session, refused=refused)
    undo = back(f"{HERE}/window/leave", [("term", term)])
    if was is not None and was.is_set:
        undo = _window_back(was)
    return done(request, HERE, f"The window of {term} is {date_words(opens)} to {date_words(closes)}.", undo)


def _window_back(was: settings.TermWindow) -> Undo:
    return back(f"{HERE}/window", [("term", was.term), ("opens", was.opens), ("closes", was.closes)])


@router.post("/window/leave")
def post_no_window(request: Request, session: Db, who: Setter, term: Annotated[str, Form(max_length=20)]) -> Response:
    """The window that came with the newest extraction counts again."""
    was = settings.window_of(session, term)
    actions.leave_window(session, who.actor, term)
    undo = _window_back(was) if was is not None else None
    return done(request, HERE, f"The window of {term} is that of its extractions again.", undo)


@router.post("/goal")
def post_goal(
    request: Request, session: Db, who: Setter, group: Annotated[Group, Form()], percent: Annotated[str, Form()] = ""
) -> Response:
    """An empty percent takes the goal away."""
    text = percent.strip().rstrip("%").strip()
    was = settings.goals(session)[group]
    try:
        number = whole(text, 9999) or 0
        actions.set_goal(session, who.actor, group, number if text else None)
    except Invalid as refused:
        return shown_settings(request, session, refused=refused)
    words = f"The goal of {group} is {number}%." if text else f"{group.capitalize()} have no goal now."
    return done(request, HERE, words, back(f"{HERE}/goal", [("group", group), ("percent", was)]))
