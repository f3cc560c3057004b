"""Holding on the real database: thin extractions, a person's hold, a release, and what stays told meanwhile."""

import pytest

from services.notify.actions import mails as mail_actions
from services.notify.actions import routing
from services.notify.queries import lists
from shared.db import transaction
from shared.errors import Conflict
from tests.notify.telling import (
    FEB21,
    FEB28,
    FRISCH,
    LOW,
    TERM,
    VEGA,
    digests,
    mails,
    mark_sent,
    marks,
    row,
    rows_of,
    tell,
    tell_directory,
)

pytestmark = pytest.mark.usefixtures("clean")


def test_thin_extractions_are_held_until_a_person_releases_them() -> None:
    tell_directory()
    tell(LOW, thin=True)
    assert [state for *_, state in digests()] == ["held", "held"]
    assert (mails(), len(mails("held"))) == ([], 2)
    with transaction("notify") as session:
        assert mail_actions.release(session, TERM, FEB21, "central@lausd.example as central") == 2
    assert [state for *_, state in digests()] == ["planned", "planned"]
    assert len(mails()) == 2
    with transaction("notify") as session, pytest.raises(Conflict):
        mail_actions.release(session, TERM, FEB21, "central@lausd.example as central")


def test_a_whole_extraction_takes_the_place_of_the_thin_one_that_is_held() -> None:
    tell_directory()
    tell(LOW[:1], thin=True)
    tell(LOW, revision=2)
    assert digests() == [(FRISCH, "first", "planned"), (VEGA, "first", "planned")]
    assert mails("held") == []


def test_an_undo_of_what_was_held_mails_nobody() -> None:
    tell_directory()
    tell(LOW, thin=True)
    tell([], revision=2, is_undo=True, removed=[r.school_key for r in LOW])
    assert digests() == []
    assert mails("queued", "held") == []


def test_a_person_can_hold_mails_that_are_not_sent() -> None:
    tell_directory()
    tell(LOW)
    with transaction("notify") as session:
        assert mail_actions.hold(session, TERM, FEB21, "central", "numbers look wrong") == 2
    assert (mails(), [state for *_, state in digests()]) == ([], ["held", "held"])


def test_a_reminder_or_second_copy_that_is_held_leaves_told_what_was_told() -> None:
    tell_directory()
    tell(LOW[:2])
    mark_sent()
    with transaction("notify") as session:
        mail_actions.resend(session, 1, "central")
        assert mail_actions.hold(session, TERM, FEB21, "central", "wait") == 1
    assert (len(mails("held")), [state for *_, state in digests()]) == (1, ["planned"])
    with transaction("notify") as session:
        assert lists.extractions(session)[0].held == 1
        assert mail_actions.release(session, TERM, FEB21, "central") == 1
        assert mail_actions.hold(session, TERM, FEB21, "central", "wait") == 1
    tell(LOW[:2], FEB28)
    assert digests()[1:] == [(VEGA, "still", "planned")]


def test_what_a_person_holds_stays_held_when_another_group_of_the_extraction_comes() -> None:
    tell_directory()
    tell(LOW)
    with transaction("notify") as session:
        mail_actions.hold(session, TERM, FEB21, "central", "numbers look wrong")
    tell([row("Alder 4001", 3, 50)], group="students", revision=2)
    assert mails() == []
    held = rows_of("select why, state from digest where state <> 'superseded'")
    assert [(r.why, r.state) for r in held] == [("numbers look wrong", "held")] * 2
    assert marks()["4001/students"] == "still"
    with transaction("notify") as session:
        assert mail_actions.release(session, TERM, FEB21, "central") == 2


def test_what_a_person_holds_stays_held_when_a_route_changes() -> None:
    tell_directory()
    tell([*LOW, row("Dogwood 4004", 5, 100, "V. MARTA")])
    with transaction("notify") as session:
        mail_actions.hold(session, TERM, FEB21, "central", "numbers look wrong")
        routing.match_alias(session, "V. MARTA", "director:director@lausd.example", "central")
    assert mails() == []
    assert [(director, state) for director, _, state in digests()] == [(FRISCH, "held"), (VEGA, "held")]
