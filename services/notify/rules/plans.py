"""What directors planned for the schools of a digest, and what came in at these schools since; never that one led to the other."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import NamedTuple

from services.notify.rules.alerts import AlertLine, AlertStates, Place
from shared.tiers import ALERT_TIER


class GivenPlan(NamedTuple):
    """The plan that a director sent for an extraction: its words, and the surveys that the listed places had then."""

    extraction_date: date
    plan: str
    submitted: Mapping[Place, int | None]


class PlanOutcome(NamedTuple):
    """A director's last plan and its schools since: how many they are, are in the newest file, brought surveys, rose above 25%.

    `extraction_date` is None where there is no plan yet.
    """

    director: str
    extraction_date: date | None = None
    plan: str = ""
    schools: int = 0
    seen: int = 0
    grown: int = 0
    gained: int = 0
    risen: int = 0


def with_since(lines: Iterable[AlertLine], given: GivenPlan) -> list[AlertLine]:
    """The lines, each with the surveys since the plan where it was one of the plan's places and both counts are known."""
    return [
        line._replace(since_plan=line.submitted - was)
        if (was := given.submitted.get(line.place)) is not None
        and line.submitted is not None
        and line.extraction_date > given.extraction_date
        else line
        for line in lines
    ]


def outcome_of(director: str, given: GivenPlan, now: AlertStates) -> PlanOutcome:
    """A plan with what came in since, by school: one that rose above 25% for each of its groups has risen."""
    gains: dict[str, list[int]] = {}
    low = set()
    for place, was in given.submitted.items():
        state = now.get(place)
        if state is None or state.submitted is None or was is None or state.extraction_date <= given.extraction_date:
            low.add(place[0])
            continue
        gains.setdefault(place[0], []).append(state.submitted - was)
        if state.tier is None or state.tier == ALERT_TIER:
            low.add(place[0])
    return PlanOutcome(
        director,
        given.extraction_date,
        given.plan,
        schools=len({school for school, _ in given.submitted}),
        seen=len(gains),
        grown=sum(sum(gained) > 0 for gained in gains.values()),
        gained=sum(map(sum, gains.values())),
        risen=len(gains.keys() - low),
    )
