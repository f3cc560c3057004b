"""How an edit of a plan is made through the API: looked at first, confirmed where it changes something for schools."""

from collections.abc import Callable
from typing import Annotated, Any, NamedTuple

from fastapi import Depends, Query
from pydantic import ConfigDict

from services.tracker.actions.periods import Effect, rehearse
from services.tracker.queries.plan import period_rows
from shared.access import Who
from shared.errors import Conflict
from shared.numbers import counted
from shared.web import Db, allow

Edits = Annotated[Who, allow("plan.write")]
# A field of another name is refused: an edit that is partly ignored would be taken for made.
STRICT = ConfigDict(extra="forbid")


class EditMode(NamedTuple):
    """Whether an edit is only looked at, and whether its effect on schools was seen and confirmed."""

    dry_run: bool
    confirmed: bool


def edit_mode(
    dry_run: Annotated[bool, Query(description="Answer what the edit would change, and change nothing")] = False,
    confirmed: Annotated[bool, Query(description="Make the edit although it changes something for schools")] = False,
) -> EditMode:
    return EditMode(dry_run, confirmed)


Mode = Annotated[EditMode, Depends(edit_mode)]


def edited(
    session: Db, plan_id: str, mode: EditMode, edit: Callable[[], None], *, position: int | None = None
) -> dict[str, Any]:
    """Makes the edit, or only looks at it, and answers its effect.

    Raises Conflict with the effect as its problem where schools' targets, statuses or values are concerned and that
    was not confirmed.
    """
    effect = rehearse(session, plan_id, edit, position=position, dry_run=not mode.confirmed or mode.dry_run)
    if mode.dry_run or mode.confirmed:
        return {"is_made": not mode.dry_run, "effect": effect_out(effect)}
    if effect.needs_confirmation:
        raise Conflict(
            f"{_sentence(effect)} Nothing has been changed. Look at it, and send the edit with confirmed=true.",
            code="plan_effect_unconfirmed",
            problems=[{"code": "plan_effect", "message": _sentence(effect), **effect_out(effect)}],
        )
    edit()
    return {"is_made": True, "effect": effect_out(effect)}


def effect_out(effect: Effect) -> dict[str, Any]:
    """Schools whose targets or statuses change, by status (equal ones get other targets); `values` stand in the year."""
    return {
        "schools": effect.schools,
        "values": effect.values,
        "changes": [change._asdict() for change in effect.changes],
    }


def years_out(session: Db, plan_id: str) -> list[dict[str, Any]]:
    """The years of a plan in order, the baseline first."""
    columns = {"position", "label", "aliases", "terms"}
    return [year.model_dump(include=columns) for year in period_rows(session, plan_id)]


def _sentence(effect: Effect) -> str:
    stand = "stands" if effect.values == 1 else "stand"
    schools = f"Targets or statuses of {counted(effect.schools, 'school')} would change."
    values = f"{counted(effect.values, 'value')} {stand} in this year, and would stay in it."
    return " ".join(words for words, count in ((schools, effect.schools), (values, effect.values)) if count)
