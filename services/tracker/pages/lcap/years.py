"""Actions from year to year: two plan years side by side, and the renumbering by which actions are followed."""

from typing import Annotated, NamedTuple

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import Response

from services.tracker.actions.lcap.moves import RenumberingCircle, set_moves
from services.tracker.pages.lcap.cards import ROOT, WORDS, tabs
from services.tracker.queries.lcap import spending
from services.tracker.queries.lcap.versions import actions_version, moves, plan_years, years_known
from services.tracker.rules.lcap.actions import Action
from services.tracker.rules.lcap.cells import action_number, label
from services.tracker.rules.lcap.following import Move, Number, next_year, paired
from services.tracker.rules.lcap.forms import FORMS, is_plan_year
from shared.access import Who
from shared.errors import Invalid, Refused
from shared.web import Db, allow, back, done, page

router = APIRouter(prefix="/tracker/lcap", include_in_schema=False)
COMPARE, RENUMBERING = f"{ROOT}compare", f"{ROOT}renumbering"
EMPTY_LINES = 5
Year = Annotated[str, Query(max_length=7)]


class Side(NamedTuple):
    """An action in the two plan years; None where a year has no such action."""

    before: Action | None
    now: Action | None

    @property
    def difference(self) -> int | None:
        """What is planned for the later year minus what was planned for the earlier one."""
        if self.before is None or self.now is None:
            return None
        if self.before.planned_next is None or self.now.planned_next is None:
            return None
        return self.now.planned_next - self.before.planned_next


@router.get("/compare")
def compare(
    request: Request, session: Db, who: Annotated[Who, allow("lcap.see")], before: Year = "", year: Year = ""
) -> Response:
    known = [found for found, tables in plan_years(session).items() if any(t.form in FORMS for t in tables)]
    later = year or (known[0] if known else "")
    earlier = before or next((found for found in known if found < later), "")
    sides = _sides(session, earlier, later) if earlier and later and earlier != later else []
    return page(
        request, "lcap_compare.html", tabs=tabs(COMPARE), years=known, before=earlier, year=later, sides=sides, **WORDS
    )


def _sides(session: Db, before: str, year: str) -> list[Side]:
    first, second = sorted((before, year))
    older, newer = _by_number(session, first), _by_number(session, second)
    pairs = paired(first, second, years_known(session))
    sides = [Side(older.get(pair.before or (0, 0)), newer.get(pair.now or (0, 0))) for pair in pairs]
    return [side for side in sides if side.before or side.now]


def _by_number(session: Db, year: str) -> dict[Number, Action]:
    views = spending.actions(session, spending.material(session), actions_version(session, year))
    return {(one.row.goal, one.row.action): one.row for one in views}


@router.get("/renumbering")
def renumbering(request: Request, session: Db, who: Annotated[Who, allow("lcap.see")], year: Year = "") -> Response:
    known = sorted({move.year for move in moves(session)} | set(plan_years(session)), reverse=True)
    shown = year or next((found for found in known if next_year(found) in known), known[0] if known else "")
    if shown and not is_plan_year(shown):
        raise Invalid("There is no such plan year. Enter it like 2024-25.")
    return _shown(request, shown, known, _lines_of(session, shown))


def _shown(
    request: Request,
    year: str,
    known: list[str],
    lines: list[tuple[str, str]],
    *,
    problem: Refused | None = None,
) -> Response:
    return page(
        request,
        "lcap_renumbering.html",
        200 if problem is None else problem.status,
        tabs=tabs(RENUMBERING),
        year=year,
        after=next_year(year) if is_plan_year(year) else "",
        years=known,
        lines=[*lines, *[("", "")] * EMPTY_LINES],
        problem="" if problem is None else str(problem),
        is_circle=isinstance(problem, RenumberingCircle),
    )


@router.post("/renumbering")
def save_renumbering(
    request: Request,
    session: Db,
    who: Annotated[Who, allow("lcap.write")],
    year: Annotated[str, Form(max_length=7)],
    was: Annotated[list[str], Form()],
    now: Annotated[list[str], Form()],
    circle_is_meant: Annotated[bool, Form()] = False,
) -> Response:
    lines = [(old.strip(), new.strip()) for old, new in zip(was, now, strict=False) if old.strip() or new.strip()]
    former = _lines_of(session, year)
    try:
        if not is_plan_year(year):
            raise Invalid("There is no such plan year. Enter it like 2024-25.")
        set_moves(session, who, year, [_move(year, *line) for line in lines], circle_is_meant=circle_is_meant)
    except Refused as problem:
        # Refused before anything was written: shown again with what was typed.
        return _shown(request, year, [year], lines, problem=problem)
    fields = [(name, text) for line in former or [("", "")] for name, text in zip(("was", "now"), line, strict=True)]
    undo = back(RENUMBERING, [("year", year), ("circle_is_meant", "true"), *fields])
    words = "Saved. Measures and comparisons follow these lines now."
    return done(request, f"{RENUMBERING}?year={year}", words, undo)


def _lines_of(session: Db, year: str) -> list[tuple[str, str]]:
    """The renumbering out of a year as its form has it."""
    return [(label(*move.was), label(*move.now) if move.now else "") for move in moves(session, year)]


def _move(year: str, was: str, now: str) -> Move:
    old, new = action_number(was), action_number(now)
    for text, number in ((was, old), *(((now, new),) if now else ())):
        if number is None or number.doubtful:
            raise Invalid(f"“{text[:20]}” is not an action number. Enter it like 1.01 or 1.10.")
    assert old is not None
    return Move(year, old.goal, old.action, None if new is None else (new.goal, new.action))
