"""The renumbering from one plan year to the next, as a person edits it."""

from collections.abc import Sequence

from sqlmodel import Session, col, delete

from services.tracker.queries.lcap.versions import moves
from services.tracker.rules.lcap.cells import label
from services.tracker.rules.lcap.following import Move, circles, problems_of
from services.tracker.tables.lcap import LcapMove
from shared.access import Who, audit
from shared.errors import Conflict, Invalid


class RenumberingCircle(Conflict):
    """Actions only trade numbers with one another, which nobody has confirmed."""

    code = "renumbering_circle"


def set_moves(session: Session, who: Who, year: str, listed: Sequence[Move], *, circle_is_meant: bool = False) -> None:
    """Replaces the renumbering out of a plan year. Raises Invalid or RenumberingCircle, saving nothing."""
    problems = problems_of(listed)
    if problems:
        raise Invalid(
            f"Nothing was saved. {problems[0]}",
            problems=[{"code": "renumbering_unclear", "message": problem} for problem in problems],
            code="renumbering_unclear",
        )
    found = circles(listed)
    if found and not circle_is_meant:
        raise RenumberingCircle(
            f"The lines lead in a circle: {found[0]}. Nothing was saved. If these actions really traded their numbers,"
            " say so and save again; otherwise correct the lines.",
            problems=[{"code": RenumberingCircle.code, "message": circle} for circle in found],
        )
    before = [_words(move) for move in moves(session, year)]
    session.execute(delete(LcapMove).where(col(LcapMove.plan_year) == year))
    session.add_all(
        LcapMove(
            plan_year=year, goal=move.goal, action=move.action, set_by=who.name,
            goal_now=move.now and move.now[0], action_now=move.now and move.now[1],
        )
        for move in listed
    )  # fmt: skip
    session.flush()
    after = [_words(move) for move in listed]
    audit(session, who.actor, "lcap renumbering set", year, {"was": before, "now": after})


def _words(move: Move) -> str:
    return f"{label(*move.was)} is {label(*move.now) if move.now else 'gone'}"
