"""The plan's pages: items with their goals at each level, and the years."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import Response

from services.tracker.actions import plan as actions
from services.tracker.pages.cards import GROUP_BADGES, sent_form
from services.tracker.queries import progress as queries
from services.tracker.queries.plan import goal_table, plan_changes, untaken_results
from services.tracker.rules.known import GROUPS
from services.tracker.rules.values import BadPercent, read_percent, shown_percent
from services.tracker.tables.plan import Item
from shared.access import Who
from shared.access.policy import may
from shared.errors import NotFound
from shared.names import tidy
from shared.web import Db, allow, page, redirect

router = APIRouter(prefix="/tracker", include_in_schema=False)
LONGEST = {"pillar": 60, "metric": 400, "item": 200, "category": 80, "area": 120}
LABELS = {
    "pillar": "Pillar and priority",
    "metric": "Survey metric",
    "item": "Survey item",
    "category": "Survey category",
    "area": "Content area",
}
REQUIRED = ("pillar", "item", "category")
LABEL_LONGEST = 20
UNTAKEN_SHOWN = 40


@router.get("/items")
def items(
    request: Request, session: Db, who: Annotated[Who, allow("tracker.see")], saved: str | None = None
) -> Response:
    levels = queries.levels(session)
    return page(
        request,
        "items.html",
        items=queries.items(session),
        levels=levels,
        goals=goal_table(session),
        periods=queries.periods(session),
        changes=plan_changes(session, 20),
        untaken=untaken_results(session) if may(who.role, "plan.write") else [],
        most_untaken=UNTAKEN_SHOWN,
        saved=saved,
        shown_percent=shown_percent,
        group_badges=GROUP_BADGES,
    )


@router.get("/items/new")
def new_item(request: Request, session: Db, who: Annotated[Who, allow("plan.write")]) -> Response:
    return _form(request, session, None, {"group": GROUPS[0]}, {})


@router.get("/items/{item_id}")
def item(request: Request, session: Db, who: Annotated[Who, allow("plan.write")], item_id: str) -> Response:
    found = _item(session, item_id)
    typed = {name: str(getattr(found, name)) for name in (*LABELS, "group")}
    typed["aliases"] = "\n".join(found.aliases)
    typed |= {"from_rates": "on"} if found.from_rates else {}
    goals = queries.goals(session, item_id)
    for place, level in enumerate(queries.levels(session)):
        if level in goals:
            typed[f"increase-{place}"] = shown_percent(goals[level].increase)
            typed[f"goal-{place}"] = goals[level].district_goal
    return _form(request, session, item_id, typed, {})


@router.post("/items/new")
def add_item(
    request: Request,
    session: Db,
    who: Annotated[Who, allow("plan.write")],
    form: Annotated[dict[str, str], Depends(sent_form)],
) -> Response:
    typed, problems = _read(form, queries.levels(session))
    if problems:
        return _form(request, session, None, form, problems, status=422)
    actions.add_item(session, who, typed)
    return redirect("/tracker/items?saved=added")


@router.post("/items/{item_id}")
def change_item(
    request: Request,
    session: Db,
    who: Annotated[Who, allow("plan.write")],
    item_id: str,
    form: Annotated[dict[str, str], Depends(sent_form)],
) -> Response:
    _item(session, item_id)
    typed, problems = _read(form, queries.levels(session))
    if problems:
        return _form(request, session, item_id, form, problems, status=422)
    actions.change_item(session, who, item_id, typed)
    return redirect("/tracker/items?saved=changed")


@router.post("/periods")
def add_period(session: Db, who: Annotated[Who, allow("plan.write")], label: Annotated[str, Form()] = "") -> Response:
    actions.add_period(session, who, tidy(label)[:LABEL_LONGEST])
    return redirect("/tracker/items?saved=year")


@router.post("/periods/drop-last")
def drop_period(session: Db, who: Annotated[Who, allow("plan.write")]) -> Response:
    actions.drop_last_period(session, who)
    return redirect("/tracker/items?saved=year")


@router.post("/periods/{position}")
def rename_period(
    session: Db, who: Annotated[Who, allow("plan.write")], position: int, label: Annotated[str, Form()] = ""
) -> Response:
    actions.rename_period(session, who, position, tidy(label)[:LABEL_LONGEST])
    return redirect("/tracker/items?saved=year")


def _item(session: Db, item_id: str) -> Item:
    found = session.get(Item, item_id)
    if found is None:
        raise NotFound("There is no item with this id. Look at the list of items.")
    return found


def _form(
    request: Request,
    session: Db,
    item_id: str | None,
    typed: Mapping[str, str],
    problems: Mapping[str, str],
    status: int = 200,
) -> Response:
    return page(
        request,
        "item.html",
        status,
        item_id=item_id,
        typed=typed,
        problems=problems,
        levels=queries.levels(session),
        labels=LABELS,
        longest=LONGEST,
        required=REQUIRED,
        groups=[(group, group) for group in GROUPS],
    )


def _read(form: Mapping[str, str], levels: Sequence[str]) -> tuple[actions.ItemText, dict[str, str]]:
    words: dict[str, Any] = {name: tidy(form.get(name, "")) for name in LABELS}
    problems = {name: f"Enter the {LABELS[name].lower()}." for name in REQUIRED if not words[name]}
    problems |= {name: f"Use at most {most} characters." for name, most in LONGEST.items() if len(words[name]) > most}
    if form.get("group") not in GROUPS:
        problems["group"] = "Choose one of the groups."
    increases: dict[str, Decimal | None] = {}
    for place, level in enumerate(levels):
        try:
            increases[level] = read_percent(form.get(f"increase-{place}", ""), small_is_meant=True)
        except BadPercent as error:
            problems[f"increase-{place}"] = str(error)
    more: dict[str, Any] = {
        "group": form.get("group", ""),
        "aliases": tuple(tidy(line)[:200] for line in form.get("aliases", "").splitlines()[:20] if line.strip()),
        "from_rates": "from_rates" in form,
        "goals": {level: tidy(form.get(f"goal-{place}", ""))[:400] for place, level in enumerate(levels)},
    }
    return actions.ItemText(**words, **more, increases=increases), problems
