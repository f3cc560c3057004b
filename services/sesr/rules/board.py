"""The board: who reported and who did not, totals with their coverage, flags, an estimate kept apart."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from services.sesr.rules.counts import ADULTS, ALL_COUNTS, STAFF, STATUSES, Counts, status_of
from services.sesr.rules.reports import CurrentReport
from services.sesr.rules.timing import Punctual, ReportWindow, missed_since, punctual

# A class's total counts only where its present was given: the two are read against each other.
_PRESENT_OF = {count.total: count.name for count in STAFF}

# School key -> students present by its current report; None where it gave no such count. A school without one is not in it.
Present = Mapping[str, int | None]


class SchoolLine(NamedTuple):
    """An expected school with its current report (None: not yet reported), and how far it met the window.

    Not `expected` is one that reported anyway, or before it was excused: it owes nothing.
    """

    school_key: str
    ploc: str
    name: str
    level: str
    region: str
    cos: str
    director: str
    enrolled: int | None
    landline: str
    current: CurrentReport | None
    state: Punctual = "not_yet"
    overdue_since: datetime | None = None
    expected: bool = True

    @property
    def adults(self) -> int | None:
        """Adults on site; None where no kind of them was given."""
        if self.current is None:
            return None
        return adults_of(self.current.counts)

    @property
    def ratio(self) -> float | None:
        """Students per adult on site; None where no adult was given, infinite with students and no adult."""
        present = self.current.counts.get("students_present") if self.current else None
        if present is None or (adults := self.adults) is None:
            return None
        return present / adults if adults else (float("inf") if present else 0.0)


class Sums(NamedTuple):
    """Sums over the schools that reported; `given` counts how many of them gave each number.

    A share has the same schools above and below the line: `of_enrolled` and `of_adults` are the students present at the
    schools whose enrolment is known, and at the `with_adults` schools that gave adults.
    """

    name: str
    expected: int
    reported: int
    states: dict[str, int]
    totals: dict[str, int]
    given: dict[str, int]
    media: int
    outside: int
    last_at: datetime | None
    of_enrolled: int
    of_adults: int
    with_adults: int

    @property
    def not_yet(self) -> int:
        return self.expected - self.reported

    @property
    def percent(self) -> float | None:
        """Students present as percent of those enrolled at the reporting schools."""
        enrolled = self.totals["enrolled"]
        return 100 * self.of_enrolled / enrolled if enrolled else None

    @property
    def adults(self) -> int:
        return sum(self.totals[name] for name in ADULTS)

    @property
    def ratio(self) -> float | None:
        return self.of_adults / self.adults if self.adults else None


class Estimate(NamedTuple):
    """Students present at the missing schools if they are as the reporting ones of their level."""

    schools: int
    students: int
    unknown: int


def with_states(lines: Sequence[SchoolLine], due: Sequence[ReportWindow]) -> list[SchoolLine]:
    """The lines with how far each met the last of the due windows, and the first that it did not answer."""
    window = due[-1] if due else None
    known = []
    for line in lines:
        times = line.current.times if line.current else ()
        state = punctual(times, window) if line.expected else "reported"
        since = missed_since(times, due) if state == "overdue" else None
        known.append(line._replace(state=state, overdue_since=since))
    return known


def sums(name: str, lines: Sequence[SchoolLine]) -> Sums:
    """Sums of the lines' latest reports."""
    states: dict[str, int] = {}
    for line in lines:
        states[line.state] = states.get(line.state, 0) + 1
    current = [line.current for line in lines if line.current is not None]
    reports = [report.counts for report in current]
    known = {name: _known(name, reports) for name in ALL_COUNTS}
    totals = {name: sum(found) for name, found in known.items()}
    given = {name: len(found) for name, found in known.items()}
    of_enrolled = sum(counts.get("students_present") or 0 for counts in reports if counts.get("enrolled") is not None)
    with_adult = [counts for counts in reports if gave_adults(counts)]
    of_adults, with_adults = sum(counts.get("students_present") or 0 for counts in with_adult), len(with_adult)
    media = sum(report.flags.get("media", False) for report in current)
    outside = sum(report.flags.get("outside_group", False) for report in current)
    last = max((report.received_at for report in current), default=None)
    shares = (of_enrolled, of_adults, with_adults)
    return Sums(name, len(lines), len(current), states, totals, given, media, outside, last, *shares)


def _known(name: str, reports: Sequence[Counts]) -> list[int]:
    """The values that were given of a count, a class's total only where its present was given too."""
    beside = _PRESENT_OF.get(name)
    among = reports if beside is None else [counts for counts in reports if counts.get(beside) is not None]
    return [value for counts in among if (value := counts.get(name)) is not None]


def adults_of(counts: Mapping[str, int | None]) -> int | None:
    """Adults on site; None where no kind of them was given."""
    known = [value for name in ADULTS if (value := counts.get(name)) is not None]
    return sum(known) if known else None


def gave_adults(counts: Counts) -> bool:
    """Whether any kind of adults was given."""
    return any(counts.get(name) is not None for name in ADULTS)


def grouped(lines: Sequence[SchoolLine], key: Callable[[SchoolLine], str]) -> list[Sums]:
    """Sums per region, community of schools, director or level, by name."""
    groups: dict[str, list[SchoolLine]] = {}
    for line in lines:
        groups.setdefault(key(line), []).append(line)
    return [sums(name, groups[name]) for name in sorted(groups)]


def summed(name: str, groups: Sequence[Sums]) -> Sums:
    """The sums of all groups together."""
    totals, given = dict.fromkeys(ALL_COUNTS, 0), dict.fromkeys(ALL_COUNTS, 0)
    states: dict[str, int] = {}
    for group in groups:
        for into, part in ((totals, group.totals), (given, group.given), (states, group.states)):
            for key, value in part.items():
                into[key] = into.get(key, 0) + value
    expected, reported = sum(group.expected for group in groups), sum(group.reported for group in groups)
    media, outside = sum(group.media for group in groups), sum(group.outside for group in groups)
    last = max((group.last_at for group in groups if group.last_at is not None), default=None)
    of_enrolled, of_adults = sum(group.of_enrolled for group in groups), sum(group.of_adults for group in groups)
    shares = (of_enrolled, of_adults, sum(group.with_adults for group in groups))
    return Sums(name, expected, reported, states, totals, given, media, outside, last, *shares)


def estimate(lines: Sequence[SchoolLine]) -> Estimate:
    """The share present at reporting schools of the same level, times the enrolment of each missing school."""
    missing = [line for line in lines if line.current is None]
    shares = _shares(lines) if missing else {}
    students, schools, unknown = 0.0, 0, 0
    for line in missing:
        share = shares.get(line.level, shares.get(None))
        if share is None or line.enrolled is None:
            unknown += 1
        else:
            students, schools = students + line.enrolled * share, schools + 1
    return Estimate(schools, round(students), unknown)


def _shares(lines: Sequence[SchoolLine]) -> dict[str | None, float]:
    """Level -> share of the enrolled that are present at its reporting schools; None -> that of all levels."""
    present: dict[str | None, int] = {}
    enrolled: dict[str | None, int] = {}
    for line in lines:
        counts = line.current.counts if line.current else {}
        if (among := counts.get("enrolled")) is not None:
            for level in (line.level, None):
                present[level] = present.get(level, 0) + (counts.get("students_present") or 0)
                enrolled[level] = enrolled.get(level, 0) + among
    return {level: present[level] / among for level, among in enrolled.items() if among}


def alarms(lines: Sequence[SchoolLine], most_per_adult: int) -> list[SchoolLine]:
    """Schools with more students per adult than allowed, the worst first."""
    ratios = [(ratio, line) for line in lines if (ratio := line.ratio) is not None and ratio > most_per_adult]
    return [line for _, line in sorted(ratios, key=lambda pair: (-pair[0], pair[1].name))]


def flagged(lines: Sequence[SchoolLine], flag: str) -> list[SchoolLine]:
    return [line for line in lines if line.current is not None and line.current.flags.get(flag, False)]


def by_status(lines: Sequence[SchoolLine]) -> dict[str, list[SchoolLine]]:
    """Status -> the schools that last gave it; under an empty one those that reported and gave none."""
    found: dict[str, list[SchoolLine]] = {name: [] for name in (*STATUSES, "")}
    for line in lines:
        if line.current is not None:
            found[status_of(line.current.flags)].append(line)
    return found


def to_chase(lines: Sequence[SchoolLine]) -> list[SchoolLine]:
    """Overdue schools, else those that have not reported at all, by region and name."""
    open_ones = [line for line in lines if line.state in ("overdue", "not_yet")]
    return sorted(open_ones, key=lambda line: (line.state != "overdue", line.region, line.name))


def same_schools(now: Sequence[SchoolLine], before: Present) -> tuple[int, int, int]:
    """(schools, present then, present now) over the schools that are on both boards, like with like."""
    pairs = [
        (was, line.current.counts.get("students_present"))
        for line in now
        if line.current is not None and (was := before.get(line.school_key)) is not None
    ]
    known = [(was, present) for was, present in pairs if present is not None]
    return len(known), sum(was for was, _ in known), sum(present for _, present in known)
