"""What is news for a director: the lines of a digest, the reason for it, and when there is nothing to say."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from services.notify.rules.alerts import (
    CLOSED,
    GROUP_ORDER,
    HANDED,
    IN_TIER_1,
    LEFT,
    LISTED,
    MISSING,
    MOVED,
    NEW,
    NO_HISTORY,
    NOT_EXPECTED,
    OPEN,
    SNOOZED,
    STILL,
    AlertHistory,
    AlertLine,
    AlertState,
    AlertStates,
    LastDigest,
    MailPreference,
    Place,
    SchoolOwner,
    line_of,
    open_places,
)
from shared.tiers import ALERT_TIER


def open_lines(
    mine: Iterable[AlertState],
    last: LastDigest | None,
    histories: Mapping[Place, AlertHistory],
    snoozed: Mapping[Place, str],
    handed: Mapping[Place, str],
    owners: Mapping[Place, SchoolOwner],
) -> list[AlertLine]:
    """The lines of the schools that are in Tier 1 now. `handed` names from whom a place came that is not known here."""
    known = open_places(last)
    lines = []
    for state in mine:
        place = (state.school_key, state.group)
        if state.tier != ALERT_TIER:
            continue
        history = histories.get(place, NO_HISTORY)
        notes = [owners[place].note]
        if place in known or (last is None and place not in handed):
            mark = STILL
        elif place in handed:
            mark = HANDED
            notes.append(f"from {handed[place]}")
        else:
            mark = NEW
            notes.append("first seen" if history.first_seen else "")
        if place in snoozed:
            mark = SNOOZED
            notes = [owners[place].note, snoozed[place]]
        lines.append(line_of(state, mark, history, "; ".join(note for note in notes if note)))
    return lines


def closed_lines(last: LastDigest, now: AlertStates, owners: Mapping[Place, SchoolOwner], key: str) -> list[AlertLine]:
    """The lines of what was open and is no longer this director's in Tier 1.

    Absent is unknown, not solved: such a school stays listed as missing, with the day it was last seen. A school where
    no surveys are expected any more (total 0) is in the file: it is neither missing nor above 25%.
    """
    return [
        closed
        for place, line in open_places(last).items()
        if (closed := _closed_line(line, now.get(place), owners.get(place), key)) is not None
    ]


def _closed_line(line: AlertLine, state: AlertState | None, owner: SchoolOwner | None, key: str) -> AlertLine | None:
    kept = line._replace(**{**AlertLine._field_defaults, "gained": None})
    if state is None or owner is None:
        return kept._replace(mark=MISSING, note=line.note if line.mark == MISSING else "")
    if owner.key != key:
        moved = line_of(state, MOVED, AlertHistory(line.lasted, None, ()), owner.name)
        return moved._replace(trend=line.trend)
    if state.total == 0:
        gone = line_of(state, NOT_EXPECTED, AlertHistory(line.lasted, None, ()))
        return gone._replace(trend=line.trend)
    if state.tier is None:
        return kept._replace(mark=MISSING, note="the newest file has no numbers for it")
    if state.tier == ALERT_TIER:
        return None
    counts = state.submitted, line.submitted
    gained = None if counts[0] is None or counts[1] is None else counts[0] - counts[1]
    return line_of(state, LEFT, AlertHistory(line.lasted, gained, ()))._replace(trend=line.trend)


def in_order(lines: Iterable[AlertLine]) -> list[AlertLine]:
    """By group, then fewest surveys needed first."""
    return sorted(
        lines, key=lambda line: (GROUP_ORDER.index(line.group), line.needed or 0, line.school, line.school_key)
    )


def changed_places(lines: Sequence[AlertLine], last: LastDigest) -> set[Place]:
    """Places that came into Tier 1 or left it, or whose numbers are not those of the last digest. A snooze changes neither."""
    before = open_places(last)
    return {line.place for line in lines if _differs(line, before.get(line.place))}


def _differs(line: AlertLine, was: AlertLine | None) -> bool:
    if was is None or (line.mark in IN_TIER_1) != (was.mark in IN_TIER_1):
        return True
    return (line.submitted, line.total, line.extraction_date) != (was.submitted, was.total, was.extraction_date)


def is_correction(
    lines: Sequence[AlertLine], last: LastDigest | None, extraction_date: date, as_of: Mapping[str, str]
) -> bool:
    """Whether numbers that were mailed are different now though nothing newer has come: loaded again, or taken back."""
    if last is None or last.extraction_date < extraction_date:
        return False
    groups = {group for _, group in changed_places(lines, last)} & last.as_of.keys()
    return any(as_of.get(group, "") <= last.as_of[group].isoformat() for group in groups)


def with_what_was(lines: Iterable[AlertLine], last: LastDigest) -> list[AlertLine]:
    """The lines of a correction, each with the numbers that it replaces where those of the same day or older differ."""
    before = open_places(last)
    return [_with_what_was(line, before.get(line.place)) for line in lines]


def _with_what_was(line: AlertLine, was: AlertLine | None) -> AlertLine:
    if was is None or line.mark in (MISSING, MOVED) or line.extraction_date > was.extraction_date:
        return line
    if (line.total, line.submitted) == (was.total, was.submitted):
        return line
    return line._replace(was_total=was.total, was_submitted=was.submitted, was_rate=was.rate, gained=None)


def taken_back(last: LastDigest | None, as_of: Mapping[str, str]) -> date | None:
    """The day of an extraction that was mailed and of which a group's numbers are there no more; the last such day."""
    last_days = {} if last is None else last.as_of
    return max((day for group, day in last_days.items() if as_of.get(group, "") < day.isoformat()), default=None)


def reason_of(
    lines: Sequence[AlertLine], last: LastDigest | None, extraction_date: date, preference: MailPreference
) -> str | None:
    """Why a mail is due, as Alertmanager's pipeline names it; None when there is nothing to say.

    The clock is the extraction, not the hour: the same list is mailed again only by a newer extraction.
    """
    marks = {line.mark for line in lines}
    is_listed = bool(marks & set(LISTED))
    if last is None:
        return "first" if is_listed else "none in Tier 1" if preference.also_when_none and not lines else None
    if marks & set(CLOSED) and not marks & {*OPEN, MOVED}:
        return "all left" if LEFT in marks else "none expected"
    is_fresh = extraction_date > last.extraction_date
    known_missing = {line.place for line in last.lines if line.mark == MISSING}
    newly_missing = any(line.mark == MISSING and line.place not in known_missing for line in lines)
    for due, reason in (
        (NEW in marks, "new schools"),
        (HANDED in marks, "handed over"),
        (LEFT in marks, "some left"),
        (NOT_EXPECTED in marks, "none expected"),
        (MOVED in marks, "moved"),
        (newly_missing, "missing"),
        (is_listed and is_fresh and not preference.only_changes, "still"),
        (is_listed and not is_fresh and bool(changed_places(lines, last)), "corrected"),
        (is_fresh and not lines and preference.also_when_none, "none in Tier 1"),
    ):
        if due:
            return reason
    return None
