"""What goes wrong when: a list that follows from its seed, printed so that a run can be had again."""

import random
from typing import NamedTuple

from shared.settings import SERVICES
from tests.faults.mails import MOODS

WORKERS = tuple(f"worker-{service}" for service in SERVICES)
FAULTS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("kill", (*WORKERS, "relay", "relay-2", "web")),
    ("stop", (*WORKERS, "relay", "relay-2", "web")),
    ("deafen", SERVICES),
    ("freeze", WORKERS),
    ("silence broker", ("8",)),
    ("cut broker", ("3",)),
    ("kill broker", ("",)),
    ("empty broker", ("",)),
    ("pause broker", ("6",)),
    ("end database", ("crash", "restart")),
    ("mail", MOODS),
    ("repeat events", ("20",)),
)


class Fault(NamedTuple):
    """A fault at so many seconds after the start."""

    at: float
    kind: str
    what: str


def schedule(seed: int, seconds: float, gap: float) -> list[Fault]:
    """Faults until `seconds`, about `gap` seconds apart; each kind comes once before any comes again."""
    dice = random.Random(seed)
    planned: list[Fault] = []
    at = gap / 2
    bag: list[tuple[str, tuple[str, ...]]] = []
    while at < seconds:
        if not bag:
            bag = dice.sample(FAULTS, len(FAULTS))
        kind, choices = bag.pop()
        planned.append(Fault(round(at, 1), kind, dice.choice(choices)))
        at += gap * dice.uniform(0.5, 1.5)
    return planned
