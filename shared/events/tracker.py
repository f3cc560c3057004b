"""What tracker publishes: the words of its plans."""

from typing import ClassVar, NamedTuple

from shared.events.event import Event

__all__ = ["PlanWording", "PlansChanged"]


class PlanWording(NamedTuple):
    """A plan's name, and every word by which files name its items, its levels and its years."""

    plan: str
    items: list[str]
    levels: list[str]
    years: list[str]


class PlansChanged(Event):
    """The words of all plans at a revision, so that ingest says at upload what no plan knows."""

    topic: ClassVar[str] = "tracker.plans_changed"
    subscribers: ClassVar[dict[str, str]] = {"ingest": "ingest.store_plans"}

    revision: int
    plans: list[PlanWording]

    @property
    def key(self) -> str:
        return "plans"

    @property
    def version(self) -> int:
        return self.revision
