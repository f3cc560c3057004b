"""Which schools there are: sites with their magnet centers, in regions, Communities of Schools and directors' hands."""

from dataclasses import dataclass, field
from random import Random

from deploy.demo.names import communities
from deploy.demo.shapes import Director, Size

KINDS: dict[Size, dict[str, int]] = {
    "full": {"El": 496, "PC": 20, "EEC": 85, "MS": 90, "HS": 100, "LC": 40, "Sp Ed": 15, "XS": 50},
    "small": {"El": 17, "PC": 1, "EEC": 3, "MS": 3, "HS": 4, "LC": 1, "Sp Ed": 1, "XS": 2},
}
MAGNETS: dict[Size, int] = {"full": 254, "small": 8}
REGIONS: dict[Size, dict[str, int]] = {
    "full": {"N": 360, "S": 280, "E": 270, "W": 190},
    "small": {"N": 13, "S": 10, "E": 9, "W": 6},
}
COMMUNITIES: dict[Size, dict[str, int]] = {
    "full": {"N": 12, "S": 10, "E": 10, "W": 8},
    "small": {"N": 2, "S": 2, "E": 2, "W": 1},
}
# Director numbers of each region; in the small district one person has the West and the options schools.
DIRECTORS: dict[Size, dict[str, range]] = {
    "full": {"N": range(13), "S": range(13, 24), "E": range(24, 35), "W": range(35, 45), "XS": range(45, 48)},
    "small": {"N": range(1), "S": range(1, 2), "E": range(2, 3), "W": range(3, 4), "XS": range(3, 4)},
}
MAY_HOST = ("El", "MS", "HS", "LC")


@dataclass
class HostSite:
    """A host school and the number of magnet centers that share its PLOC; the place is filled in later."""

    kind: str
    magnets: int = 0
    region: str = ""
    cos: str = ""
    director: Director = field(default_factory=lambda: Director("", "", ""))

    @property
    def schools(self) -> int:
        return 1 + self.magnets


def sites(size: Size, directors: tuple[Director, ...], rng: Random) -> list[HostSite]:
    """Every site with its magnets, region, CoS and director; the regions' school counts are exact."""
    found = [HostSite(kind) for kind, count in KINDS[size].items() for _ in range(count)]
    _give_magnets(found, MAGNETS[size], rng)
    rng.shuffle(found)
    _place_in_regions([site for site in found if site.kind != "XS"], REGIONS[size])
    for region in REGIONS[size]:
        inside = [site for site in found if site.region == region]
        _share_out(inside, size, region, directors)
    _place_options([site for site in found if site.kind == "XS"], size, directors, rng)
    return found


def _give_magnets(found: list[HostSite], magnets: int, rng: Random) -> None:
    hosts = [site for site in found if site.kind in MAY_HOST]
    while magnets:
        host = rng.choice(hosts)
        if host.magnets < 3:
            host.magnets += 1
            magnets -= 1


def _place_in_regions(found: list[HostSite], room: dict[str, int]) -> None:
    left = dict(room)
    for site in sorted(found, key=lambda site: -site.schools):
        site.region = max(left, key=lambda region: left[region] / room[region])
        left[site.region] -= site.schools


def _share_out(inside: list[HostSite], size: Size, region: str, directors: tuple[Director, ...]) -> None:
    """Neighboring slices, so that a CoS has one to three directors and a director one or two CoS."""
    names = communities(region, COMMUNITIES[size][region])
    numbers = DIRECTORS[size][region]
    total = sum(site.schools for site in inside)
    seen = 0
    for site in inside:
        site.cos = names[seen * len(names) // total]
        site.director = directors[numbers[seen * len(numbers) // total]]
        seen += site.schools


def _place_options(found: list[HostSite], size: Size, directors: tuple[Director, ...], rng: Random) -> None:
    """Options schools belong to region XS, yet sit inside geographic CoS."""
    everywhere = [cos for region in REGIONS[size] for cos in communities(region, COMMUNITIES[size][region])]
    numbers = DIRECTORS[size]["XS"]
    for i, site in enumerate(found):
        site.region, site.cos = "XS", rng.choice(everywhere)
        site.director = directors[numbers[i * len(numbers) // len(found)]]
