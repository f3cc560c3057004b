"""An undo stops the mails of what it takes back, in whatever order its event and the tiers arrive."""

from itertools import permutations
from uuid import uuid4

import pytest

from services.notify.actions import sending
from services.notify.tasks import plan_digests, stop_mails
from shared.db import transaction
from shared.events import Event, TiersComputed, UndoBegun
from tests.notify.sinks import Sink
from tests.notify.telling import FEB14, FEB21, LOW, TERM, hear, row, rows_of, tiers

WRONG = [row("Alder 4001", 1, 100), row("Birch 4002", 2, 100), row("Cedar 4003", 3, 100)]
WRONG_ROWS, RIGHT_ROWS, UNDO = "the wrong rows", "the rows of the undo", "the undo"


def undo_of(load: TiersComputed) -> tuple[UndoBegun, TiersComputed]:
    """What ingest and rates publish of an undo that brings the rows of Feb 21 back to LOW."""
    begun = UndoBegun(
        upload_id=uuid4(),
        undoes=load.upload_id,
        term=TERM,
        extraction_date=load.extraction_date,
        revision=load.revision + 1,
        undone_revision=load.revision,
    )
    undone = tiers(
        LOW,
        load.extraction_date,
        revision=begun.revision,
        state=begun.revision,
        is_undo=True,
        upload_id=begun.upload_id,
    )
    return begun, undone


def take(event: Event) -> None:
    with transaction("notify") as session:
        if isinstance(event, UndoBegun):
            stop_mails(session, event)
        elif isinstance(event, TiersComputed):
            plan_digests(session, event)


def sent(server: Sink) -> str:
    return "\n".join(str(mail.get_body(("plain",))) for mail in server.mails())


@pytest.mark.parametrize("order", list(permutations((WRONG_ROWS, RIGHT_ROWS, UNDO))))
def test_once_the_undo_is_known_nothing_of_what_it_takes_back_is_sent(order: tuple[str, ...], server: Sink) -> None:
    wrong = tiers(WRONG, FEB21)
    begun, right = undo_of(wrong)
    events: dict[str, Event] = {WRONG_ROWS: wrong, RIGHT_ROWS: right, UNDO: begun}
    for name in order:
        take(events[name])
        if UNDO in order[: order.index(name) + 1]:
            sending.send_due()
            assert "1 of 100" not in sent(server), order
    sending.send_due()
    assert len(server.mails()) == 2 and "10 of 100" in sent(server), order


def test_mails_wait_while_the_undo_is_under_way_and_those_of_another_extraction_go(server: Sink) -> None:
    hear(tiers(LOW, FEB14))
    wrong = tiers(WRONG, FEB21)
    begun, right = undo_of(wrong)
    take(begun)
    sending.send_due()
    assert len(server.mails()) == 2
    hear(wrong)
    sending.send_due()
    assert len(server.mails()) == 2
    take(right)
    sending.send_due()
    assert [state.state for state in rows_of("select state from mail order by mail_id")][:2] == ["sent", "sent"]
    assert "1 of 100" not in sent(server)


def test_a_mail_in_hand_that_comes_back_after_the_undo_is_replaced(server: Sink) -> None:
    wrong = tiers(WRONG, FEB21)
    begun, right = undo_of(wrong)
    take(wrong)
    server.on_data = lambda _rcpt: "451 4.3.0 try later"
    sending.send_due()
    with transaction("notify") as session:
        stop_mails(session, begun)
    server.on_data = lambda _rcpt: None
    rows_of("update mail set next_at = now() returning mail_id")
    rows_of("delete from mail_pause returning id")
    sending.send_due()
    assert server.mails() == []
    take(right)
    sending.send_due()
    assert len(server.mails()) == 2 and "1 of 100" not in sent(server)
