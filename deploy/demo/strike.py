"""What schools report on a day of a strike: when, how many, which flags."""

from dataclasses import dataclass
from random import Random

from deploy.demo.shapes import District, School

# Share of students present on each day of the strike (2019, cited).
PRESENCE = (0.33, 0.28, 0.22, 0.17)
LATE, NEVER = 0.04, 0.01
MEDIA, OUTSIDE = 0.03, 0.12
NOON = 12 * 60


@dataclass(frozen=True)
class StrikeReport:
    """One report: minute of the day in the district's time zone, counts as on the form, flags."""

    code: str
    sequence: int
    minute: int
    counts: dict[str, int]
    flags: dict[str, bool]


def strike_day(district: District, day: int) -> tuple[StrikeReport, ...]:
    """All reports of strike day 1 to 4 in the order in which they come in."""
    rng = Random(f"{district.seed}/strike/{day}")
    found: list[StrikeReport] = []
    for school in district.schools:
        if rng.random() >= NEVER:
            found += _of_school(school, PRESENCE[day - 1], rng)
    return tuple(sorted(found, key=lambda report: (report.minute, report.code)))


def _of_school(school: School, presence: float, rng: Random) -> list[StrikeReport]:
    """Two to five reports; the counts hardly change within a day, the flags come and go."""
    share = min(max(rng.gauss(presence, 0.08), 0.01), 0.95)
    adults = _adults(school, rng)
    return [
        StrikeReport(school.code, sequence, minute, _counts(school, share, adults, rng), _flags(rng))
        for sequence, minute in enumerate(_minutes(rng), start=1)
    ]


def _minutes(rng: Random) -> list[int]:
    """Bursts at 8:00 to 8:45, 10:00 and 13:30; a late school begins after 10:30."""
    late = rng.random() < LATE
    first = rng.randrange(630, NOON) if late else 480 + min(44, int(rng.expovariate(1 / 15)))
    later = [600 + rng.randrange(20), 810 + rng.randrange(20), rng.randrange(660, 780), rng.randrange(840, 930)]
    following = [minute for minute in later[: rng.randint(1, 4)] if minute > first]
    return sorted([first, *following] if following else [first, 810 + rng.randrange(20)])


def _adults(school: School, rng: Random) -> dict[str, int]:
    return {
        "classified_classroom": round(school.classified_classroom * rng.uniform(0.2, 0.4)),
        "classified_other": round(school.classified_other * rng.uniform(0.2, 0.4)),
        "certificated_admin": round(school.certificated_admin * (1 if rng.random() < 0.97 else 0.5)),
        "certificated_other": round(school.certificated_other * rng.uniform(0.03, 0.08)),
        "substitutes": rng.randrange(3),
        "deployed": rng.randrange(4),
        "volunteers": rng.randrange(6),
    }


def _counts(school: School, share: float, adults: dict[str, int], rng: Random) -> dict[str, int]:
    present = min(school.enrolled, round(school.enrolled * share * rng.uniform(0.95, 1.05)))
    walkout = min(school.enrolled - present, rng.randrange(12)) if rng.random() < 0.05 else 0
    return {"students_present": present, "walkout": walkout, **adults}


def _flags(rng: Random) -> dict[str, bool]:
    return {"media": rng.random() < MEDIA, "outside_group": rng.random() < OUTSIDE}
