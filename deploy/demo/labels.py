"""School names in the guide's abbreviated style, each once, with base names shared between kinds."""

from random import Random

from deploy.demo.names import PERSON_WORDS, STREET_NUMBERS, WORDS, ordinal

THEMES = (
    "STEAM Mag",
    "Sci/Tech Mag",
    "Perf Arts Mag",
    "Hum Mag",
    "Gftd/HA Mag",
    "Hlth & Med Mag",
    "Env St Mag",
    "Dual Lang Mag",
    "Engr Mag",
)
SPANS = ("LC", "EC", "Comm Sch", "Acad", "Span Sch")
OPTIONS = ("Cont HS", "Comm Day Sch", "Opp HS", "Virt Acad", "Indep St", "Hosp Sch")


def base_names(kind: str, count: int, elementary: list[str], rng: Random) -> list[str]:
    """`count` names of one kind; early education centers take theirs from the `elementary` ones."""
    if kind in ("El", "PC"):
        return [f"{base} {kind}" for base in elementary[:count]]
    if kind == "EEC":
        return [f"{base} EEC" for base in rng.sample(elementary, count)]
    bases = rng.sample(_single_words(), count)
    if kind == "LC":
        return [f"{_paired(base, i)} {SPANS[i % len(SPANS)]}" for i, base in enumerate(bases)]
    if kind == "HS":
        return [f"{base} {'SH' if i % 2 else 'HS'}" for i, base in enumerate(bases)]
    if kind == "XS":
        return [f"{base} {OPTIONS[i % len(OPTIONS)]}" for i, base in enumerate(bases)]
    return [f"{base} {'Sp Ed Ctr' if kind == 'Sp Ed' else kind}" for base in bases]


def elementary_bases(rng: Random) -> list[str]:
    """Street and tree names in random order, first by turns: `112th St`, `Cedar Ave`; more than any district needs."""
    streets = rng.sample([f"{ordinal(number)} St" for number in STREET_NUMBERS], len(STREET_NUMBERS))
    named = [f"{word}{suffix}" for word in WORDS for suffix in ("", " St", " Ave", " Blvd", " Pl")]
    rng.shuffle(named)
    by_turns = [base for pair in zip(streets, named, strict=False) for base in pair]
    return by_turns + named[len(streets) :]


def magnet_names(host: str, count: int, rng: Random) -> list[str]:
    """`Cedar Ave El` -> `Cedar Ave STEAM Mag` and so on, no theme twice."""
    base = host.rpartition(" ")[0].removesuffix(" Comm").removesuffix(" Span")
    return [f"{base} {theme}" for theme in rng.sample(THEMES, count)]


def _single_words() -> list[str]:
    return [*WORDS, *PERSON_WORDS]


def _paired(base: str, number: int) -> str:
    joints = {1: f"{base}/Bridge St", 6: f"{base} & Canal"}
    return joints.get(number % 10, base)
