"""What must be true when all is over, worked out from the clients' journal alone: rows, tiers, who reads what in a mail."""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from tests.chaos.district import BY_PLOC, GROUPS, Counts, File, Place, Rows
from tests.chaos.letters import MISSING, OPEN, Letter, Line


def tier(counts: Counts) -> int:
    """The district's tiers: below a quarter of the surveys, up to a half, up to three quarters, above."""
    quarters = 4 * counts.submitted
    return 1 if quarters < counts.total else 2 + (quarters > 2 * counts.total) + (quarters > 3 * counts.total)


class State(NamedTuple):
    """The rows of the newest day after a file was taken in."""

    day: date
    rows: Rows

    def open(self, director: str, group: str) -> set[Place]:
        """The places of a director that are in Tier 1."""
        return {
            place for place, counts in self.rows.items()
            if place.group == group and BY_PLOC[place.ploc].director == director and tier(counts) == 1
        }  # fmt: skip


class District:
    """The district as the accepted files made it, one after the other."""

    def __init__(self, files: Sequence[File]) -> None:
        self.days: dict[date, Rows] = {}
        self.states: list[State] = []
        for file in files:
            self.days.setdefault(file.day, {}).update(file.rows)
            if file.day == max(self.days):
                self.states.append(State(file.day, dict(self.days[file.day])))

    def fits(self, letter: Letter, group: str) -> list[int]:
        """The states of which all is true that a mail says of a group. Each group of a mail may be of a state of its own."""
        lines = [line for line in letter.lines if line.place.group == group]
        return [
            number for number, state in enumerate(self.states)
            if state.day == letter.day and _is_true(state, letter.rcpt, group, lines)
        ]  # fmt: skip


def _is_true(state: State, director: str, group: str, lines: Sequence[Line]) -> bool:
    missing = {line.place for line in lines if line.what == MISSING}
    listed = {line.place for line in lines if line.what in OPEN}
    return (
        listed == state.open(director, group)
        and missing.isdisjoint(state.rows)
        and all(line.counts == state.rows.get(line.place) for line in lines if line.what != MISSING)
    )


class MailCounts(NamedTuple):
    """What is wrong with the mails, each in a sentence; `repeated` are second copies with the same Message-ID."""

    lost: list[str]
    doubled: list[str]
    false: list[str]
    disordered: list[str]
    repeated: int


def judged(district: District, letters: Sequence[Letter]) -> MailCounts:
    """The mails of all directors in the order in which they came, held against the district's states."""
    counts = MailCounts([], [], [], [], len(letters) - len({letter.message_id for letter in letters}))
    for director in sorted({school.director for school in BY_PLOC.values()}):
        mine = [letter for letter in letters if letter.rcpt == director]
        _in_order(district, mine, counts)
        _is_newest(district, director, mine, counts)
    _once(letters, counts)
    return counts


def _in_order(district: District, mine: Sequence[Letter], counts: MailCounts) -> None:
    """Each group of a mail is of a state that is not older than that of the mail before."""
    reached = dict.fromkeys(GROUPS, -1)
    for letter in mine:
        for group in GROUPS:
            fitting = district.fits(letter, group)
            later = [number for number in fitting if number >= reached[group]]
            if not fitting:
                counts.false.append(f"{letter.rcpt}, {letter.subject}: what it says of {group} was never so")
            elif not later:
                counts.disordered.append(f"{letter.rcpt}, {letter.subject}: {group} came after a newer state")
            else:
                reached[group] = later[0]


def _is_newest(district: District, director: str, mine: Sequence[Letter], counts: MailCounts) -> None:
    """The last mail is of the last state; nobody needs a mail that would say nothing."""
    newest = len(district.states) - 1
    for group in GROUPS if district.states else ():
        due = district.states[newest].open(director, group)
        of_last = [line for line in mine[-1].lines if line.place.group == group] if mine else []
        shown = any(line.what in (*OPEN, MISSING) for line in of_last)
        if (due or shown) and (not mine or newest not in district.fits(mine[-1], group)):
            last = f"the last mail is {mine[-1].subject}" if mine else "no mail came"
            counts.lost.append(f"{director}: of {group} on {district.states[newest].day} nothing was said; {last}")


def _once(letters: Sequence[Letter], counts: MailCounts) -> None:
    """One Message-ID per director, day and content, and at most one second copy of it."""
    ids: dict[tuple[str, date, str], set[str]] = {}
    for letter in letters:
        ids.setdefault((letter.rcpt, letter.day, letter.facts), set()).add(letter.message_id)
    counts.doubled.extend(
        f"{rcpt}, {day}: the same was said under {len(found)} Message-IDs"
        for (rcpt, day, _), found in ids.items() if len(found) > 1
    )  # fmt: skip
    for message_id in sorted({letter.message_id for letter in letters}):
        copies = sum(letter.message_id == message_id for letter in letters)
        if copies > 2:
            counts.doubled.append(f"{message_id} came {copies} times")
