"""The judge of the run itself: it passes a sound run, and each thing planted in it that is wrong has its own name."""

from collections.abc import Callable
from datetime import date
from uuid import uuid4

import pytest

from tests.chaos.district import GROUPS, SCHOOLS, Counts, File, Files, Place
from tests.chaos.journal import Journal
from tests.chaos.letters import MISSING, Letter, Line
from tests.chaos.model import District, State, tier
from tests.chaos.verdict import Seen, Verdict, verdict


def letter(state: State, director: str, number: int) -> Letter:
    """What a director is to read of a state."""
    places = sorted(place for group in GROUPS for place in state.open(director, group))
    lines = [Line("Tier 1", place, state.rows[place], state.day) for place in places]
    return Letter(director, f"<{director}.{number}@x>", f"Mail {number}", state.day, lines, repr(lines))


def sound_run() -> tuple[Journal, Seen]:
    """Some files and reports, all of them shown, and a mail of each state to each director."""
    files, journal = Files(3, corrections=2), Journal()
    journal.files = [files.next() for _ in range(8)]
    for school in SCHOOLS[:3]:
        journal.reports[school.key] = [uuid4(), uuid4()]
        journal.present |= {each: 30 for each in journal.reports[school.key]}
    district = District(journal.files)
    directors = sorted({school.director for school in SCHOOLS})
    letters = [letter(state, each, nr) for nr, state in enumerate(district.states) for each in directors]
    rows: dict[tuple[date, str], list[tuple[Place, Counts, int | None]]] = {
        (day, group): [(place, counts, tier(counts)) for place, counts in shown.items() if place.group == group]
        for day, shown in district.days.items()
        for group in GROUPS
    }
    changes = [str(each) for sent in journal.reports.values() for each in sent]
    board = {school_key: (str(sent[-1]), 30) for school_key, sent in journal.reports.items()}
    return journal, Seen(rows, [], changes, board, [], without_copies(letters))


def without_copies(letters: list[Letter]) -> list[Letter]:
    """Where a state changed nothing for a director no mail is due."""
    kept: dict[tuple[str, str], Letter] = {}
    for each in letters:
        kept.setdefault((each.rcpt, each.facts), each)
    return list(kept.values())


def last_mails(seen: Seen) -> list[Letter]:
    return [each for each in seen.letters if each.rcpt == seen.letters[-1].rcpt]


def missing(journal: Journal, seen: Seen) -> Seen:
    """A mail that says missing of a school which is in the file."""
    last = seen.letters[-1]
    line = last.lines[0]._replace(what=MISSING)
    return seen._replace(letters=[*seen.letters[:-1], last._replace(lines=[line, *last.lines[1:]])])


def other_counts(journal: Journal, seen: Seen) -> Seen:
    last = seen.letters[-1]
    line = last.lines[0]._replace(counts=Counts(1000, 1))
    return seen._replace(letters=[*seen.letters[:-1], last._replace(lines=[line, *last.lines[1:]])])


def older_after_newer(journal: Journal, seen: Seen) -> Seen:
    return seen._replace(letters=[*seen.letters, last_mails(seen)[0]])


def never_mailed(journal: Journal, seen: Seen) -> Seen:
    return seen._replace(letters=[each for each in seen.letters if each is not seen.letters[-1]])


def two_ids(journal: Journal, seen: Seen) -> Seen:
    return seen._replace(letters=[*seen.letters, seen.letters[-1]._replace(message_id="<other@x>")])


def three_copies(journal: Journal, seen: Seen) -> Seen:
    return seen._replace(letters=[*seen.letters, seen.letters[-1], seen.letters[-1]])


def row_gone(journal: Journal, seen: Seen) -> Seen:
    (where, rows), *_ = seen.rows.items()
    return seen._replace(rows={**seen.rows, where: rows[1:]})


def wrong_tier(journal: Journal, seen: Seen) -> Seen:
    (where, rows), *_ = seen.rows.items()
    return seen._replace(rows={**seen.rows, where: [(*rows[0][:2], 5), *rows[1:]]})


def row_twice(journal: Journal, seen: Seen) -> Seen:
    (where, rows), *_ = seen.rows.items()
    return seen._replace(rows={**seen.rows, where: [rows[0], *rows]})


def report_gone(journal: Journal, seen: Seen) -> Seen:
    return seen._replace(changes=seen.changes[1:])


def report_twice(journal: Journal, seen: Seen) -> Seen:
    return seen._replace(changes=[*seen.changes, seen.changes[0]])


def older_on_the_board(journal: Journal, seen: Seen) -> Seen:
    (school_key, sent), *_ = journal.reports.items()
    return seen._replace(board={**seen.board, school_key: (str(sent[0]), 30)})


def refused(journal: Journal, seen: Seen) -> Seen:
    journal.problems.append("/ingest/api/v1/uploads: 500 Internal Server Error")
    return seen


PLANTED: tuple[tuple[Callable[[Journal, Seen], Seen], str], ...] = (
    (missing, "false"),
    (other_counts, "false"),
    (older_after_newer, "disordered"),
    (never_mailed, "lost"),
    (two_ids, "doubled"),
    (three_copies, "doubled"),
    (row_gone, "lost"),
    (wrong_tier, "lost"),
    (row_twice, "doubled"),
    (report_gone, "lost"),
    (report_twice, "doubled"),
    (older_on_the_board, "lost"),
    (refused, "lost"),
)


def test_a_sound_run_is_well_with_a_second_copy_of_its_last_mail_too() -> None:
    journal, seen = sound_run()
    assert verdict(journal, seen) == Verdict([], [], [], [], len(seen.letters), 0)
    again = verdict(journal, seen._replace(letters=[*seen.letters, seen.letters[-1]]))
    assert again.is_well() and again.repeated == 1


@pytest.mark.parametrize(("plant", "name"), PLANTED)
def test_what_is_planted_in_a_sound_run_is_named(plant: Callable[[Journal, Seen], Seen], name: str) -> None:
    journal, seen = sound_run()
    found = verdict(journal, plant(journal, seen))
    assert getattr(found, name) and not found.is_well(), str(found)


def test_the_tiers_are_those_of_the_district() -> None:
    assert [tier(Counts(100, submitted)) for submitted in (24, 25, 50, 51, 75, 76)] == [1, 2, 2, 3, 3, 4]
    assert tier(Counts(0, 0)) != 1


def test_a_school_that_is_in_no_file_of_a_day_may_be_called_missing() -> None:
    first, *rest = (Place(school.ploc, "parents") for school in SCHOOLS[:8])
    day = Files(1, 1).next().day
    district = District([File(day, dict.fromkeys(rest, Counts(100, 90)))])
    director = next(school.director for school in SCHOOLS if school.ploc == first.ploc)
    gone = Letter(director, "<1@x>", "Mail 1", day, [Line(MISSING, first, Counts(100, 10), day)], "")
    assert district.fits(gone, "parents") == [0]
