"""What the tracker offers to the settings page, and what it knows of the checklists: plan, levels, limits of the LCAP."""

from sqlmodel import Session

from services.tracker.pages.lcap.cards import ROOT
from services.tracker.queries.lcap import spending
from services.tracker.queries.plan import current_plan, goal_table, items, periods, school_kinds
from services.tracker.rules.lcap.spending import OVER, UNDER
from shared.access import Who
from shared.access.policy import may
from shared.numbers import counted
from shared.web.explained import CheckItem, Checklist, SettingLine, State

ITEMS, LEVELS, LIMITS = "/tracker/items", "/tracker/levels", f"{ROOT}settings"


def setting_lines(session: Session, who: Who) -> list[SettingLine]:
    """The plan, the levels of schools and the limits of the LCAP, for whoever sets them."""
    if not may(who.role, "plan.write"):
        return []
    plan, kinds, limits = current_plan(session), school_kinds(session), spending.material(session)
    followed = items(session, plan.plan_id, with_retired=False) if plan else ()
    nowhere = sum(not kind.levels for kind in kinds)
    what = "An explanation of a spending difference is due {} this percent of the plan."
    return [
        SettingLine(
            "Plan that schools see",
            "Its items, goals and years; the newest plan that is not a draft.",
            f"{plan.name}, {counted(len(followed), 'item')}" if plan else "none",
            link=ITEMS,
        ),
        SettingLine(
            "Levels of schools",
            "At which levels of the tracker schools are expected, by their level in the directory.",
            f"{counted(len(kinds), 'kind')} of school" + (f", {nowhere} expected nowhere" if nowhere else ""),
            link=LEVELS,
        ),
        SettingLine(
            "LCAP: explanation due under", what.format("under"), f"{limits.under} %", f"{UNDER} %", f"{LIMITS}#under"
        ),
        SettingLine(
            "LCAP: explanation due over", what.format("over"), f"{limits.over} %", f"{OVER} %", f"{LIMITS}#over"
        ),
    ]


def check_items(session: Session, who: Who, which: Checklist) -> list[CheckItem]:
    """The plan with its goals and years, and where schools are expected."""
    if not may(who.role, "plan.write"):
        return []
    plan = current_plan(session)
    if plan is None:
        return [CheckItem("Strategic plan", "open", "It appears with the first directory that is loaded.", ITEMS)]
    return [
        _goals(session, plan.plan_id),
        _levels(session),
        *([_years(session, plan.plan_id)] if which == "term" else []),
    ]


def _goals(session: Session, plan_id: str) -> CheckItem:
    followed = {item.item_id for item in items(session, plan_id, with_retired=False)}
    goals = [goal for (item_id, _), goal in goal_table(session).items() if item_id in followed]
    lacking = sum(goal.increase is None for goal in goals)
    state: State = "done" if goals and not lacking else "open"
    known = (
        f"{lacking} of {counted(len(goals), 'goal')} to be set."
        if lacking
        else f"All {counted(len(goals), 'goal')} are set."
    )
    return CheckItem("Goals of the items", state, f"{known} Targets and statuses are computed from them.", ITEMS)


def _levels(session: Session) -> CheckItem:
    nowhere = [kind.kind or "no level" for kind in school_kinds(session) if not kind.levels]
    known = f"Expected nowhere: {', '.join(nowhere)}." if nowhere else "Every kind of school is expected somewhere."
    return CheckItem("Levels of schools", "open" if nowhere else "done", f"{known} Coverage counts by them.", LEVELS)


def _years(session: Session, plan_id: str) -> CheckItem:
    labels = periods(session, plan_id)
    known = f"The last year of the plan is {labels[-1]}." if labels else "The plan has no years."
    sentence = f"{known} The tracker does not know which year the term belongs to; add the year if it is another."
    return CheckItem("Year of the term in the plan", "unknown", sentence, f"{ITEMS}#years")
