"""The plans' pages: items with their goals at each level, the years, other plans, and the levels of kinds of schools."""

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import Response

from services.tracker.actions import levels as level_actions
from services.tracker.actions import periods as period_actions
from services.tracker.actions import plan as actions
from services.tracker.pages.sheet import GROUP_BADGES, sent_form
from services.tracker.queries import plan as queries
from services.tracker.rules.known import GROUPS
from services.tracker.rules.plan import LABELS, LONGEST, REQUIRED, ItemText, read_item
from services.tracker.rules.values import shown_percent
from services.tracker.tables.plan import Item, StrategicPlan
from shared.access import Who
from shared.access.policy import may
from shared.names import tidy
from shared.web import Db, allow, back, done, page, redirect
from shared.web.undo import Undo

router = APIRouter(prefix="/tracker", include_in_schema=False)
UNTAKEN_SHOWN = 40
CHANGES_SHOWN = 30
Plans = Annotated[Who, allow("plan.write")]
Sees = Annotated[Who, allow("tracker.see")]
SentForm = Annotated[dict[str, str], Depends(sent_form)]
Word = Annotated[str, Form()]


def _address(plan: StrategicPlan, saved: str = "") -> str:
    return f"/tracker/items?plan={plan.plan_id}" + (f"&saved={saved}" if saved else "")


@router.get("/items")
def items(request: Request, session: Db, who: Sees, plan: str | None = None, saved: str | None = None) -> Response:
    found = queries.plan_of(session, plan)
    return page(
        request,
        "items.html",
        plan=found,
        plans=queries.plans(session),
        items=queries.items(session, found.plan_id),
        levels=queries.levels(session, found.plan_id),
        goals=queries.goal_table(session),
        periods=queries.period_rows(session, found.plan_id),
        changes=queries.plan_changes(session, CHANGES_SHOWN),
        changes_shown=CHANGES_SHOWN,
        untaken=queries.untaken_results(session) if may(who.role, "plan.write") else [],
        most_untaken=UNTAKEN_SHOWN,
        saved=saved,
        shown_percent=shown_percent,
        group_badges=GROUP_BADGES,
    )


@router.get("/items/new")
def new_item(request: Request, session: Db, who: Plans, plan: str | None = None) -> Response:
    return _form(request, session, queries.plan_of(session, plan), None, {"respondents": GROUPS[0]}, {})


@router.get("/items/{item_id}")
def item(request: Request, session: Db, who: Plans, item_id: str) -> Response:
    found = actions.item_named(session, item_id)
    plan = queries.plan_of(session, found.plan_id)
    return _form(request, session, plan, found, _kept(session, plan, found), {})


def _kept(session: Db, plan: StrategicPlan, found: Item) -> dict[str, str]:
    """An item as its form holds it."""
    typed = {name: str(getattr(found, name)) for name in (*LABELS, "respondents")}
    typed["aliases"] = "\n".join(found.aliases)
    typed |= {"from_rates": "on"} if found.from_rates else {}
    goals = queries.goals(session, found.item_id)
    for place, level in enumerate(queries.levels(session, plan.plan_id)):
        if level in goals:
            typed[f"increase-{place}"] = shown_percent(goals[level].increase)
            typed[f"goal-{place}"] = goals[level].district_goal
    return typed


@router.post("/items/new")
def add_item(request: Request, session: Db, who: Plans, form: SentForm, plan: str | None = None) -> Response:
    found = queries.plan_of(session, plan)
    typed, problems = _read(form, queries.levels(session, found.plan_id))
    if problems:
        return _form(request, session, found, None, form, problems, status=422)
    made = actions.add_item(session, who, found.plan_id, typed)
    undo = back(f"/tracker/items/{quote(made)}/retire", [("retired", "true")])
    return done(request, _address(found), "The item was added.", undo)


@router.post("/items/{item_id}")
def change_item(request: Request, session: Db, who: Plans, item_id: str, form: SentForm) -> Response:
    found = actions.item_named(session, item_id)
    plan = queries.plan_of(session, found.plan_id)
    typed, problems = _read(form, queries.levels(session, plan.plan_id))
    if problems:
        return _form(request, session, plan, found, form, problems, status=422)

    def edit() -> None:
        actions.change_item(session, who, item_id, typed)

    former = {**_kept(session, plan, found), "confirmed": "yes"}
    undo = back(f"/tracker/items/{quote(item_id)}?plan={quote(plan.plan_id)}", former.items())
    return _confirmed(request, session, plan, form, edit, f"Change {found.item}", "changed", undo=undo)


@router.post("/items/{item_id}/move")
def move_item(
    request: Request, session: Db, who: Plans, item_id: str, steps: Annotated[int, Form(ge=-1, le=1)]
) -> Response:
    actions.move_item(session, who, item_id, steps)
    plan = queries.plan_of(session, actions.item_named(session, item_id).plan_id)
    undo = back(f"/tracker/items/{quote(item_id)}/move", [("steps", -steps)])
    return done(request, _address(plan), "The item was moved.", undo)


@router.post("/items/{item_id}/retire")
def retire_item(request: Request, session: Db, who: Plans, item_id: str, retired: Annotated[bool, Form()]) -> Response:
    actions.retire_item(session, who, item_id, is_retired=retired)
    plan = queries.plan_of(session, actions.item_named(session, item_id).plan_id)
    undo = back(f"/tracker/items/{quote(item_id)}/retire", [("retired", "false" if retired else "true")])
    return done(request, _address(plan), f"The item is {'retired' if retired else 'followed again'}.", undo)


def _confirmed(
    request: Request,
    session: Db,
    plan: StrategicPlan,
    form: Mapping[str, str],
    edit: Callable[[], None],
    what: str,
    saved: str,
    position: int | None = None,
    undo: Undo | None = None,
) -> Response:
    """Makes an edit that changes nothing for schools, or that was confirmed; else shows what it would change."""
    if "confirmed" not in form:
        effect = period_actions.rehearse(session, plan.plan_id, edit, position=position)
        if effect.needs_confirmation:
            sent = {name: value for name, value in form.items() if name != "csrf"}
            return page(
                request, "plan_effect.html", plan=plan, effect=effect, what=what, sent=sent, path=request.url.path,
                query=request.url.query,
            )  # fmt: skip
    edit()
    return redirect(_address(plan, saved)) if undo is None else done(request, _address(plan), "It was saved.", undo)


@router.post("/periods")
def add_period(request: Request, session: Db, who: Plans, form: SentForm, plan: str | None = None) -> Response:
    found, label = queries.plan_of(session, plan), tidy(form.get("label", ""))

    def edit() -> None:
        period_actions.add_period(session, who, found.plan_id, label)

    return _confirmed(request, session, found, form, edit, f"Add the year {label}", "year")


@router.post("/periods/drop-last")
def drop_period(request: Request, session: Db, who: Plans, form: SentForm, plan: str | None = None) -> Response:
    found = queries.plan_of(session, plan)

    def edit() -> None:
        period_actions.drop_last_period(session, who, found.plan_id)

    return _confirmed(request, session, found, form, edit, "Remove the last year", "year")


@router.post("/periods/{position}")
def rename_period(
    request: Request, session: Db, who: Plans, position: int, form: SentForm, plan: str | None = None
) -> Response:
    found, label = queries.plan_of(session, plan), tidy(form.get("label", ""))

    def edit() -> None:
        period_actions.rename_period(session, who, found.plan_id, position, label)

    return _confirmed(request, session, found, form, edit, f"Rename the year to {label}", "year", position)


@router.post("/periods/{position}/terms")
def name_terms(
    request: Request, session: Db, who: Plans, position: int, plan: str | None = None, terms: Word = ""
) -> Response:
    found = queries.plan_of(session, plan)
    former = [", ".join(row.terms) for row in queries.period_rows(session, found.plan_id) if row.position == position]
    named = [tidy(term) for term in terms.split(",") if term.strip()]
    period_actions.name_terms(session, who, found.plan_id, position, named)
    here = f"/tracker/periods/{position}/terms?plan={quote(found.plan_id)}"
    undo = back(here, [("terms", text) for text in former])
    return done(request, _address(found), "The term of the year was saved.", undo)


@router.post("/plans")
def add_plan(
    session: Db, who: Plans, name: Word = "", final_label: Word = "", years: Word = "", copied: Word = ""
) -> Response:
    labels = [tidy(label) for label in years.splitlines() if label.strip()]
    plan_id = actions.add_plan(session, who, tidy(name), tidy(final_label), labels, copied or None)
    return redirect(f"/tracker/items?plan={plan_id}&saved=plan")


@router.post("/plans/{plan_id}/begin")
def begin_plan(session: Db, who: Plans, plan_id: str) -> Response:
    actions.begin_draft(session, who, plan_id)
    return redirect(f"/tracker/items?plan={plan_id}&saved=plan")


@router.get("/levels")
def levels(request: Request, session: Db, who: Plans) -> Response:
    plan = queries.plan_of(session, None)
    return page(
        request,
        "levels.html",
        kinds=queries.school_kinds(session),
        levels=queries.levels(session, plan.plan_id),
    )


@router.post("/levels")
def save_levels(request: Request, session: Db, who: Plans, form: SentForm) -> Response:
    plan, kind = queries.plan_of(session, None), form.get("kind", "")
    former = [one.levels for one in queries.school_kinds(session) if one.kind == kind]
    named = [level for level in queries.levels(session, plan.plan_id) if f"level-{level}" in form]
    level_actions.set_kind(session, who, kind, named)
    undo = back("/tracker/levels", [("kind", kind), *((f"level-{level}", "on") for each in former for level in each)])
    return done(request, "/tracker/levels", f"All schools of the level {kind} are expected so now.", undo)


def _form(
    request: Request,
    session: Db,
    plan: StrategicPlan,
    found: Item | None,
    typed: Mapping[str, str],
    problems: Mapping[str, str],
    status: int = 200,
) -> Response:
    return page(
        request,
        "item.html",
        status,
        plan=plan,
        item=found,
        typed=typed,
        problems=problems,
        levels=queries.levels(session, plan.plan_id),
        labels=LABELS,
        longest=LONGEST,
        required=REQUIRED,
        groups=[(group, group) for group in GROUPS],
    )


def _read(form: Mapping[str, str], levels_: Sequence[str]) -> tuple[ItemText, dict[str, str]]:
    """The item of the form; problems by the names of its fields, which count the levels."""
    typed, problems = read_item(
        form,
        form.get("aliases", "").splitlines(),
        {level: form.get(f"increase-{place}", "") for place, level in enumerate(levels_)},
        {level: form.get(f"goal-{place}", "") for place, level in enumerate(levels_)},
        from_rates="from_rates" in form,
    )
    places = {level: place for place, level in enumerate(levels_)}
    names = {name: name.partition(".") for name in problems}
    return typed, {
        f"{kind}-{places[level]}" if level else name: problems[name] for name, (kind, _, level) in names.items()
    }
