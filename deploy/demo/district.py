"""The demo district as a whole: `district("full", seed)` is always the same district."""

from random import Random

from deploy.demo.changes import changes
from deploy.demo.labels import base_names, elementary_bases, magnet_names
from deploy.demo.people import directors, invented_names, people
from deploy.demo.shapes import District, School, Size
from deploy.demo.sites import KINDS, HostSite, sites

SEED = 20260321
PLOCS = {
    "Sp Ed": range(1918, 1958),
    "El": range(2308, 7778),
    "secondary": range(8283, 8944),
    "EEC": range(9510, 9800),
}
POOL = {"El": "El", "PC": "El", "LC": "El", "EEC": "EEC", "Sp Ed": "Sp Ed"}
LEVELS = {
    "El": "Elementary",
    "PC": "Elementary",
    "EEC": "Early Education",
    "MS": "Middle",
    "HS": "High School",
    "LC": "Span",
    "Sp Ed": "Special Education",
    "XS": "Options",
}
# Kind -> median enrolment, spread of its logarithm, least, most; assumed.
ENROLMENT = {
    "El": (400, 0.40, 120, 1100),
    "PC": (220, 0.30, 90, 400),
    "EEC": (70, 0.30, 25, 160),
    "MS": (800, 0.35, 250, 1800),
    "HS": (1300, 0.40, 300, 2600),
    "LC": (700, 0.35, 200, 1500),
    "Sp Ed": (180, 0.30, 60, 350),
    "XS": (90, 0.60, 15, 400),
}
STAFF_PER_STUDENT = 0.096


def district(size: Size = "full", seed: int = SEED) -> District:
    """The district; `small` has 40 schools and 4 directors, `full` 1,150 and 48."""
    heads = directors(48 if size == "full" else 4, Random(f"{seed}/directors"))
    found = sites(size, heads, Random(f"{seed}/sites"))
    schools = _schools(found, size, seed, invented_names(heads, Random(f"{seed}/principals")))
    return District(
        size=size,
        seed=seed,
        schools=schools,
        people=people(schools, heads, Random(f"{seed}/people")),
        directors=heads,
        **changes(schools, heads, Random(f"{seed}/changes")),
    )


def _schools(found: list[HostSite], size: Size, seed: int, principals: list[str]) -> tuple[School, ...]:
    rng = Random(f"{seed}/schools")
    plocs = _plocs(found, rng)
    labels = _labels(found, size, rng)
    schools: list[School] = []
    for site, ploc, label, principal in zip(found, plocs, labels, principals, strict=False):
        schools += _on_site(site, ploc, label, principal, rng)
    return tuple(sorted(schools, key=lambda school: school.code))


def _plocs(found: list[HostSite], rng: Random) -> list[str]:
    pools = {name: rng.sample(numbers, len(numbers)) for name, numbers in PLOCS.items()}
    return [str(pools[POOL.get(site.kind, "secondary")].pop()) for site in found]


def _labels(found: list[HostSite], size: Size, rng: Random) -> list[str]:
    bases = elementary_bases(rng)
    fresh = bases[: KINDS[size]["El"]]
    free = {
        kind: base_names(kind, count, bases[len(fresh) :] if kind == "PC" else fresh, rng)
        for kind, count in KINDS[size].items()
    }
    return [free[site.kind].pop() for site in found]


def _on_site(site: HostSite, ploc: str, label: str, principal: str, rng: Random) -> list[School]:
    """The host school and its magnet centers, which share PLOC and principal; centers have half a school's size."""
    level = LEVELS[site.kind]
    hosted = [_school(site, ploc, 1, label, site.kind, level, principal, rng)]
    for suffix, name in enumerate(magnet_names(label, site.magnets, rng), start=2):
        hosted.append(_school(site, ploc, suffix, name, "Mag", level, principal, rng))
    return hosted


def _school(
    site: HostSite, ploc: str, suffix: int, name: str, kind: str, level: str, principal: str, rng: Random
) -> School:
    median, spread, least, most = ENROLMENT[site.kind]
    share = 0.5 if kind == "Mag" else 1.0
    enrolled = int(min(max(rng.lognormvariate(0, spread) * median, least), most) * share)
    staff = max(4, round(enrolled * STAFF_PER_STUDENT))
    classroom, other, admin = max(1, round(staff * 0.07)), max(1, round(staff * 0.32)), max(1, round(staff * 0.04))
    return School(
        code=f"1{ploc}{suffix:02}",
        ploc=ploc,
        name=name,
        kind=kind,
        level=level,
        region=site.region,
        cos=site.cos,
        director=site.director,
        enrolled=enrolled,
        classified_classroom=classroom,
        classified_other=other,
        certificated_admin=admin,
        certificated_other=staff - classroom - other - admin,
        principal=principal,
        landline=f"213-555-{rng.randrange(101, 200):04}",
    )
