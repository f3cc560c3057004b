"""The subject of a mail and its first line: what and how many, then what to do by when. Never our terms."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from typing import NamedTuple

from services.notify.rules.alerts import (
    CLOSED,
    HANDED,
    LEFT,
    LISTED,
    MISSING,
    MOVED,
    NEW,
    NOT_EXPECTED,
    OPEN,
    SNOOZED,
    AlertLine,
)
from services.notify.rules.plans import PlanOutcome
from shared.days import day_words
from shared.numbers import counted
from shared.tiers import shown_rate

GROUP_NAMES = {"students": "Students", "staff": "Staff", "parents": "Parents"}
CLOSEST = 3
# What a forecast means, in the director's words; the keys are those of `TierRow.outlook`, the gravest first.
OUTLOOK_WORDS = {"stays": "will stay below 25%", "may": "may stay below 25%", "leaves": "will rise above 25%"}
# Reasons that come after those of new schools: every school that is listed was listed before.
_NOTHING_NEW = ("still", "some left", "none expected", "moved", "missing")


class DigestFacts(NamedTuple):
    """What a digest says, as plain values. `as_of` is the day of each group's numbers, `late` the groups not here yet.

    `taken_back` is the day of an extraction that was mailed before and is not there any more.
    """

    kind: str
    director: str
    spelling: str
    term: str
    extraction_date: date
    closes: date
    reason: str
    correction: bool
    lines: Sequence[AlertLine]
    as_of: Mapping[str, date]
    late: Sequence[str]
    taken_back: date | None = None
    revision: int = 1
    plans: Sequence[PlanOutcome] = ()
    days_off: Collection[date] = ()


def people_words(number: int | None, group: str) -> str:
    """The people of a respondent group: `parent`, `parents`, `staff`."""
    return group.removesuffix("s") if number == 1 else group


def _schools(lines: Iterable[AlertLine], *marks: str) -> set[str]:
    return {line.school_key for line in lines if line.mark in marks}


def schools_in(lines: Iterable[AlertLine], *marks: str) -> int:
    """How many schools have a line of one of the marks."""
    return len(_schools(lines, *marks))


def a_day(line: AlertLine, days: int) -> int | None:
    """How many surveys each school day has to bring, rounded up; None where no day is left or nothing is needed.

    Where rates said nothing, the school days that are left are counted here.
    """
    if not line.needed or days <= 0:
        return None
    return line.per_day or -(-line.needed // days)


def outlook_words(line: AlertLine) -> str:
    """`may stay below 25% (21.0% to 29.5%)`; empty where no forecast is known."""
    words = OUTLOOK_WORDS.get(line.outlook, "")
    low, high = (shown_rate(end, line.total, 1) for end in (line.final_low, line.final_high))
    return f"{words} ({low if low == high else f'{low} to {high}'})" if words and low and high else words


def outlook_counts(lines: Sequence[AlertLine]) -> str:
    """`If nothing changes, 5 schools will stay below 25%, 2 may, 1 will rise above.`; empty where nothing is known.

    A school counts once, by the gravest of its groups.
    """
    counted_already: set[str] = set()
    parts: list[str] = []
    for outlook, words in OUTLOOK_WORDS.items():
        own = {x.school_key for x in lines if x.mark in LISTED and x.outlook == outlook} - counted_already
        counted_already |= own
        if own:
            short = words.removesuffix(" 25%").removesuffix(" stay below")
            parts.append(f"{len(own)} {short}" if parts else f"{counted(len(own), 'school')} {words}")
    return f"If nothing changes, {', '.join(parts)}." if parts else ""


def since_words(outcome: PlanOutcome) -> str:
    """What came in at the schools of a plan since: `Since then 14 more surveys at 9 of 12 schools, 2 rose above 25%.`"""
    if not outcome.seen:
        return "No newer file has its schools yet."
    surveys = counted(outcome.gained, "more survey") if outcome.gained > 0 else "no more surveys"
    words = f"Since then {surveys} at {outcome.grown} of {counted(outcome.schools, 'school')}"
    words += f", {outcome.risen} rose above 25%" if outcome.risen else ""
    lacking = outcome.schools - outcome.seen
    return f"{words}{f', {lacking} not in a newer file' if lacking else ''}."


def closest(lines: Iterable[AlertLine]) -> list[AlertLine]:
    """The lines that need the fewest surveys to leave, one per school."""
    found: dict[str, AlertLine] = {}
    for line in sorted((x for x in lines if x.mark in LISTED), key=lambda x: (x.needed or 0, x.school, x.group)):
        found.setdefault(line.school_key, line)
    return list(found.values())[:CLOSEST]


def subject_of(facts: DigestFacts, kind: str = "digest") -> str:
    """`12 schools below 25%, 3 new - SES Fa26, Nov 26`: what and how many in the first words."""
    start = "Copy: " if kind == "resend" else ""
    if facts.kind == "escalation":
        return f"{start}{_of_head(facts)} - SES {facts.term}"
    if kind == "reminder":
        schools = counted(schools_in(facts.lines, *LISTED), "school")
        return f"Reminder: your plan for {schools} - SES {facts.term}"
    if facts.correction:
        start += "Corrected: "
    day = "" if _is_without_day(facts) else f", {day_words(facts.extraction_date)}"
    return f"{start}{_what(facts)} - SES {facts.term}{day}"


def _is_without_day(facts: DigestFacts) -> bool:
    """Whether the subject says it all without the day: nothing is to be done, or it names the day itself."""
    listed = schools_in(facts.lines, *LISTED)
    return not listed and facts.reason in ("all left", "none expected", "moved", "missing")


def _of_head(facts: DigestFacts) -> str:
    region = facts.spelling.removeprefix("Head of r").removeprefix("egion ")
    schools = counted(schools_in(facts.lines, *LISTED), "school")
    least = min((line.lasted for line in facts.lines), default=1)
    return f"Region {region}: {schools} below 25% for {counted(least, 'extraction')} or more"


def _what(facts: DigestFacts) -> str:
    lines = facts.lines
    if listed := schools_in(lines, *LISTED):
        still = "still " if facts.reason in _NOTHING_NEW and not facts.correction else ""
        above = _schools(lines, LEFT) - _schools(lines, *OPEN)
        more = (
            (schools_in(lines, NEW), "new"),
            (schools_in(lines, HANDED), "now yours"),
            (len(above), "rose above"),
            (schools_in(lines, MISSING), "missing"),
            (schools_in(lines, MOVED), "no longer yours"),
        )
        first = f"{counted(listed, 'school')} {still}below 25%"
        return ", ".join([first, *(f"{number} {word}" for number, word in more if number)])
    if facts.reason == "all left":
        only_left = not schools_in(lines, NOT_EXPECTED)
        return "All your schools are above 25%" if only_left else "None of your schools is below 25% any more"
    if facts.reason == "none expected":
        return f"{counted(schools_in(lines, NOT_EXPECTED), 'school')} without expected surveys now"
    if facts.reason == "moved":
        moved = schools_in(lines, MOVED)
        return f"{counted(moved, 'school')} {'is' if moved == 1 else 'are'} no longer yours"
    if facts.reason == "missing":
        return f"{counted(schools_in(lines, MISSING), 'school')} not in the {day_words(facts.extraction_date)} file"
    if risen := schools_in(lines, LEFT):
        return f"{counted(risen, 'school')} rose above 25%"
    return "None of your schools is below 25%"


def heading_of(facts: DigestFacts, kind: str = "digest") -> str:
    """The first line of a mail: what to do by when, then the schools that are closest."""
    lines = facts.lines
    listed = schools_in(lines, *LISTED)
    is_open = facts.extraction_date <= facts.closes
    by = f" by {day_words(facts.closes)}" if is_open else ""
    closing = "" if is_open else f" The survey closed {day_words(facts.closes)}."
    if facts.kind == "escalation":
        longest = sorted({(-line.lasted, line.school): line for line in lines}.items())[:CLOSEST]
        named = ", ".join(f"{line.school} ({counted(line.lasted, 'extraction')})" for _, line in longest)
        return f"Ask their directors for a plan. Longest: {named}."
    if kind == "reminder":
        return (
            f"We have no plan from you yet. The survey {'closes' if is_open else 'closed'} {day_words(facts.closes)}."
        )
    if facts.correction or facts.taken_back:
        return f"Use these numbers; discard the mail about {day_words(facts.taken_back or facts.extraction_date)}.{_corrected(lines)}{closing}"
    if not listed:
        return _nothing_to_do(facts)
    near = f" Closest: {_named(closest(lines))}."
    schools = counted(listed, "school")
    if facts.reason in ("still", "some left", "corrected"):
        return f"{schools} {'needs' if listed == 1 else 'need'} surveys{by}.{near}{closing}"
    return f"Send your plan for {schools}{by}.{near}{closing}"


def _named(lines: Sequence[AlertLine]) -> str:
    """`A needs 15 parents, B 9 staff`."""
    parts = [
        f"{line.school} {'needs ' if n == 0 else ''}{line.needed} {people_words(line.needed, line.group)}"
        for n, line in enumerate(lines)
    ]
    return ", ".join(parts)


def _corrected(lines: Iterable[AlertLine]) -> str:
    changed = [line for line in lines if line.is_corrected]
    named = [f"{x.school} {x.was_submitted} of {x.was_total} is {x.submitted} of {x.total}" for x in changed[:CLOSEST]]
    more = len(changed) - CLOSEST
    tail = f", and {more} more" if more > 0 else ""
    return f" Changed: {', '.join(named)}{tail}." if named else ""


def _nothing_to_do(facts: DigestFacts) -> str:
    lines = facts.lines
    if facts.reason == "missing":
        seen = [line for line in lines if line.mark == MISSING][:CLOSEST]
        named = ", ".join(f"{x.school} {day_words(x.extraction_date)} with {x.rate or 'no rate'}" for x in seen)
        return f"We cannot tell {'its' if schools_in(lines, MISSING) == 1 else 'their'} state. Last seen: {named}."
    moved = [line for line in lines if line.mark == MOVED]
    if facts.reason == "moved" and moved:
        named = ", ".join(dict.fromkeys(f"{line.school} is now with {line.note}" for line in moved[:CLOSEST]))
        return f"Nothing to do. {named}."
    if schools_in(lines, SNOOZED):
        return "Nothing to do now. Your schools below 25% are snoozed."
    if schools_in(lines, MISSING):
        return "Nothing to do now. A school is missing from the file, so we cannot tell its state."
    return "Nothing to do. Thank you." if schools_in(lines, *CLOSED) else "Nothing to do."
