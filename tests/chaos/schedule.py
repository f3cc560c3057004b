"""What goes wrong when: a list that follows from its seed, printed so that a run can be had again."""

import random
from collections.abc import Sequence
from typing import NamedTuple

from shared.settings import SERVICES
from tests.chaos.mails import MOODS

WORKERS = tuple(f"worker-{service}" for service in SERVICES)
PROGRAMS = (*WORKERS, "relay", "relay-2", "web")
Kinds = Sequence[tuple[str, Sequence[str]]]
# What can be done from outside, each with what it can be done to.
OUTSIDE: Kinds = (
    ("kill", PROGRAMS),
    ("stop", PROGRAMS),
    ("pause program", PROGRAMS),
    ("kill everything", ("",)),
    ("silence broker", ("8",)),
    ("cut broker", ("3",)),
    ("half-open broker", ("",)),
    ("kill broker", ("",)),
    ("pause broker", ("6",)),
    ("silence database", ("8", "45")),
    ("cut database", ("3",)),
    ("half-open database", ("",)),
    ("pause database", ("6", "20")),
    ("end database", ("crash", "restart")),
    ("mail", MOODS),
)


class Fault(NamedTuple):
    """A fault at so many seconds after the start."""

    at: float
    kind: str
    what: str


def schedule(seed: int, seconds: float, gap: float, kinds: Kinds) -> list[Fault]:
    """Faults until `seconds`, about `gap` seconds apart; each kind comes once before any comes again."""
    dice = random.Random(seed)
    planned: list[Fault] = []
    at = gap / 2
    bag: list[tuple[str, Sequence[str]]] = []
    while at < seconds:
        if not bag:
            bag = dice.sample(kinds, len(kinds))
        kind, choices = bag.pop()
        planned.append(Fault(round(at, 1), kind, dice.choice(choices)))
        at += gap * dice.uniform(0.5, 1.5)
    return planned
