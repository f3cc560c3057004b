"""The protocol as a state machine, and sesr's fold: whatever happens in whatever order, each effect is there once.

`FAULTS_EXAMPLES=n` tries n random runs in place of a few that are always the same (`make faults` tries 300).
"""

import os
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from services.sesr.actions.recording import record_report
from shared.db import transaction
from shared.events import ReportSubmitted
from tests.faults.machine import STEPS, Way
from tests.stack import owner

EXAMPLES = int(os.environ.get("FAULTS_EXAMPLES", "0"))
FEW = settings(
    max_examples=EXAMPLES or 12,
    stateful_step_count=40,
    derandomize=not EXAMPLES,
    deadline=None,
    database=None,
    print_blob=True,
    suppress_health_check=list(HealthCheck),
)
_SEEN = (
    "select (select coalesce(array_agg(version order by version), '{}') from rates.inbox where state = 'done'),"
    " (select coalesce(array_agg(revision order by revision), '{}') from machine.effect),"
    " (select coalesce(max(revision), 0) from rates.school)"
)

pytestmark = pytest.mark.usefixtures("clean")


class Protocol(RuleBasedStateMachine):
    """Says, relays, hears, loses, repeats and kills; after each step the effects are those of what is done."""

    def __init__(self) -> None:
        super().__init__()
        self.way = Way()
        self.shown = 0

    @rule(dies=st.booleans())
    def say(self, dies: bool) -> None:
        self.way.say(dies=dies)

    @rule(most=st.integers(1, 3), reached=st.integers(0, 3))
    def relay(self, most: int, reached: int) -> None:
        self.way.claim_and_send(most, reached)

    @precondition(lambda self: self.way.messages)
    @rule(place=st.integers(0), reached=st.sampled_from(STEPS), again=st.booleans())
    def hear(self, place: int, reached: str, again: bool) -> None:
        messages = self.way.messages
        message = messages[place % len(messages)] if again else messages.pop(place % len(messages))
        self.way.hear(message, reached)

    @precondition(lambda self: self.way.receipts)
    @rule(place=st.integers(0), lost=st.booleans())
    def take_receipt(self, place: int, lost: bool) -> None:
        receipt = self.way.receipts.pop(place % len(self.way.receipts))
        if not lost:
            self.way.take_receipt(receipt)

    @rule()
    def lose_the_broker(self) -> None:
        self.way.messages.clear()
        self.way.receipts.clear()

    @rule()
    def let_time_pass(self) -> None:
        self.way.time_passes()

    @rule(dies=st.booleans(), times=st.integers(1, 9))
    def sweep(self, dies: bool, times: int) -> None:
        for _ in range(times):
            self.way.time_passes()
            self.way.sweep(dies=dies)

    @rule()
    def poison_the_next(self) -> None:
        self.way.poison.add(self.way.revision + 1)

    @rule(mended=st.booleans())
    def replay(self, mended: bool) -> None:
        if mended:
            self.way.poison.clear()
        self.way.replay()

    @rule()
    def discard(self) -> None:
        self.way.discard()

    @invariant()
    def what_is_done_has_its_effect_once_and_nothing_else_has(self) -> None:
        done, effects, shown = self.way.owner.execute(_SEEN).fetchone() or ([], [], 0)
        assert effects == done
        assert shown == max(done, default=0)
        assert shown >= self.shown, "backwards"
        self.shown = shown

    def teardown(self) -> None:
        try:
            self.way.settle()
            assert (
                self.way.column("select state from ingest.outbox_delivery where subscriber = 'rates'")
                == ["acked"] * self.way.revision
            )
            ends = self.way.column("select state from rates.inbox where state <> 'discarded'")
            assert set(ends) <= {"done"}
            assert self.way.column("select count(*) from rates.inbox") == [self.way.revision]
            self.what_is_done_has_its_effect_once_and_nothing_else_has()
        finally:
            self.way.close()


def test_each_effect_is_there_once_and_never_goes_backwards_whatever_happens_on_the_way() -> None:
    run_state_machine_as_test(Protocol, settings=FEW)


DAY = date(2026, 3, 24)
INCIDENT = UUID(int=1)


@st.composite
def reports(draw: st.DrawFn) -> list[ReportSubmitted]:
    """Reports of two schools; some correct one before them and keep its time of counting."""
    made: list[ReportSubmitted] = []
    for number in range(1, draw(st.integers(1, 6)) + 1):
        school = draw(st.sampled_from(["1400101", "1400201"]))
        before = [report for report in made if report.school_key == school]
        corrected = draw(st.sampled_from([None, *before]))
        hour = draw(st.integers(7, 9))
        counted = corrected.counted_at if corrected else datetime(2026, 3, 24, hour, tzinfo=UTC)
        made.append(
            ReportSubmitted(
                report_id=UUID(int=number),
                incident_id=INCIDENT,
                school_key=school,
                day=DAY,
                sequence=number,
                counts={"students_present": draw(st.integers(0, 3))},
                flags={},
                counted_at=counted,
                received_at=counted + timedelta(minutes=number),
                supersedes=corrected.report_id if corrected else None,
            )
        )
    return made


def board(sent: list[ReportSubmitted], at_once: int = 1) -> list[tuple[object, ...]]:
    """What an empty board shows after these reports, so many in each commit."""
    with owner() as connection:
        connection.execute("truncate sesr.recorded, sesr.current_report cascade")
    for first in range(0, len(sent), at_once):
        with transaction("sesr") as session:
            record_report(session, sent[first : first + at_once])
    with owner() as connection:
        return connection.execute(
            "select school_key, report_id, number, counted_at, received_at, times, counts, flags"
            " from sesr.current_report order by school_key"
        ).fetchall()


@FEW
@given(sent=reports(), at_once=st.integers(1, 8), data=st.data())
def test_reports_in_any_order_repetition_and_batch_make_the_same_board(
    sent: list[ReportSubmitted], at_once: int, data: st.DataObject
) -> None:
    again = data.draw(st.lists(st.sampled_from(sent), max_size=4))
    shuffled = data.draw(st.permutations([*sent, *again]))
    assert board(shuffled, at_once) == board(sent)
