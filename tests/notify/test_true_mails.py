"""Mails say nothing that is not so: misspelled directors, snoozes, groups in several files, nights, corrections, faults."""

from datetime import date, timedelta
from uuid import uuid4

import pytest

from services.notify.actions import answers, planning, retiring, sending, settling
from services.notify.actions.mails import resend
from shared.db import transaction
from shared.errors import Conflict
from shared.events import DirectoryPerson
from tests.notify.sinks import Sink
from tests.notify.telling import (
    DIRECTORS,
    FEB7,
    FEB14,
    FEB21,
    FEB28,
    FRISCH,
    LOW,
    VEGA,
    digests,
    hear,
    mails,
    mark_sent,
    marks,
    person,
    row,
    rows_of,
    send_at_once,
    tell,
    tell_directory,
    tiers,
)

pytestmark = pytest.mark.usefixtures("clean")


def bodies(address: str = "director@lausd.example") -> list[str]:
    """The texts of the queued mails to an address, oldest first."""
    query = "select body from mail where state = 'queued' and rcpt = :rcpt order by mail_id"
    return [r.body for r in rows_of(query, rcpt=address)]


def twin() -> DirectoryPerson:
    return person("m.vega@lausd.example", "Vega, Marta")


@pytest.mark.parametrize("spelling", ["VEGGA, MARTA", "", "   "])
def test_a_spelling_without_a_route_moves_no_school_and_asks_central_staff(spelling: str) -> None:
    tell_directory()
    tell(LOW, FEB14)
    mark_sent()
    tell([row("Alder 4001", 10, 100, spelling), *LOW[1:]], FEB21)
    assert marks() == {"4001/parents": "still", "4002/parents": "still"}
    (body,) = bodies()
    assert "director unclear in the newest file" in body and "now with" not in body
    assert [(reason, state) for _, reason, state in digests("unroutable")] == [("first", "unroutable")]
    mark_sent()
    tell(LOW, FEB28)
    assert marks() == {"4001/parents": "still", "4002/parents": "still"}
    assert "unclear" not in bodies()[0]


def test_a_second_person_of_the_name_moves_no_school_not_even_to_the_same_name() -> None:
    tell_directory()
    tell(LOW, FEB14)
    mark_sent()
    tell_directory([*(person(email, name) for email, name in DIRECTORS), twin()], revision=2)
    tell(LOW, FEB21)
    (body,) = bodies()
    assert marks("Vega, Marta") == {"4001/parents": "still", "4002/parents": "still"}
    assert "now with" not in body


def test_a_move_is_told_once_the_new_name_has_a_route() -> None:
    tell_directory()
    tell(LOW, FEB14)
    mark_sent()
    moved = [row("Alder 4001", 10, 100, "NOLAN, PAT"), *LOW[1:]]
    tell(moved, FEB21)
    mark_sent()
    assert marks()["4001/parents"] == "still"
    people = [person(email, name) for email, name in DIRECTORS]
    tell_directory([*people, person("pat.nolan@lausd.example", "Nolan, Pat")], revision=2)
    (body,) = bodies("pat.nolan@lausd.example")
    assert "from Vega, Marta" in body
    mark_sent()
    tell(moved, FEB28)
    assert marks()["4001/parents"] == "moved"
    assert "now with Nolan, Pat" in bodies()[0]


def test_a_snooze_without_an_end_covers_the_mail_of_the_next_extraction_and_no_other() -> None:
    tell_directory()
    tell(LOW, FEB14)
    mark_sent()
    with transaction("notify") as session:
        digest = answers.digest_of(session, int(rows_of("select max(digest_id) as n from digest")[0].n), None)
        assert digest.director == VEGA
        answers.snooze(session, digest, answers.SnoozeRequest([("1400101", None)], "closed", None), "Vega")
    seen = []
    for extraction_date in (FEB21, FEB28, FEB28 + timedelta(days=7)):
        tell(LOW, extraction_date)
        mark_sent()
        seen.append(marks()["4001/parents"])
    assert seen == ["snoozed", "still", "still"]


def test_one_file_per_group_is_one_mail() -> None:
    tell_directory()
    tell([row("Alder 4001", 10, 100)], FEB14, group="students")
    for group in ("staff", "parents"):
        tell([row("Alder 4001", 10, 100)], FEB14, group=group)
    mark_sent()
    for count, group in enumerate(("students", "staff", "parents")):
        assert (mails(), len(digests())) == ([], 1), count
        tell([row("Alder 4001", 12, 100), row("Birch 4002", 3, 100)], FEB21, group=group)
    assert [subject for _, subject in mails()] == ["2 schools below 25%, 1 new - SES Sp25, Feb 21"]


def test_who_does_not_wait_sends_at_once_and_the_mail_names_what_has_not_come() -> None:
    tell_directory()
    tell(LOW, FEB14, group="students")
    tell(LOW, FEB14)
    mark_sent()
    tell(LOW, FEB21)
    assert mails() == []
    send_at_once(FEB21)
    assert "Students of Feb 21 have not arrived" in bodies()[0]
    with transaction("notify") as session, pytest.raises(Conflict):
        planning.plan_at_once(session, "Sp25", FEB21, "central")


def test_of_two_extractions_in_a_night_only_the_newest_is_mailed_against_the_last_mail_that_was_sent() -> None:
    tell_directory()
    tell(LOW[:1], FEB7)
    mark_sent()
    tell([row("Alder 4001", 60, 100), LOW[1]], FEB14)
    tell([row("Alder 4001", 61, 100), LOW[1], row("Dogwood 4004", 3, 100)], FEB21)
    assert mails() == [("director@lausd.example", "2 schools below 25%, 2 new, 1 rose above - SES Sp25, Feb 21")]


def test_a_correction_says_what_each_number_was_and_is() -> None:
    tell_directory()
    tell(LOW)
    mark_sent()
    tell([row("Alder 4001", 12, 100), *LOW[1:]], revision=2)
    (body,) = bodies()
    assert "was 10 of 100" in body and "12 of 100" in body
    assert "was 20 of 100" not in body


def test_a_school_with_total_0_is_in_the_file_and_closes_its_alert() -> None:
    tell_directory()
    tell(LOW[:2], FEB14)
    mark_sent()
    tell([row("Alder 4001", 0, 0), LOW[1]], FEB21)
    assert marks() == {"4001/parents": "not expected", "4002/parents": "still"}
    assert "missing" not in bodies()[0].lower()
    mark_sent()
    tell([row("Alder 4001", 0, 0), row("Birch 4002", 60, 100)], FEB28)
    assert digests()[-1][1] == "all left"


def test_a_retired_school_is_neither_missing_nor_in_the_way_of_the_closing_notice_and_comes_back() -> None:
    tell_directory()
    tell([*LOW[:2], row("Wrong 9999", 5, 100)], FEB7)
    mark_sent()
    with transaction("notify") as session:
        retiring.retire_school(session, "Sp25", "1999901", "wrong PLOC in the file", "central")
    tell(LOW[:2], FEB14)
    assert marks() == {"4001/parents": "still", "4002/parents": "still"}
    mark_sent()
    tell([row("Alder 4001", 60, 100), row("Birch 4002", 60, 100)], FEB21)
    assert digests()[-1][1] == "all left"
    mark_sent()
    with transaction("notify") as session:
        retiring.restore_school(session, "Sp25", "1999901", "central")
    tell([row("Wrong 9999", 5, 100)], FEB28)
    assert marks() == {"9999/parents": "new"}


def test_what_has_not_arrived_is_not_missing() -> None:
    tell_directory()
    tell(LOW, FEB14)
    mark_sent()
    first, second = (tiers(part, FEB21, part=n, parts=2) for n, part in enumerate((LOW[:1], LOW[1:]), 1))
    hear(first)
    rows_of("update upload set arrived_at = now() - interval '2 h' returning 1")
    with transaction("notify") as session:
        planning.plan_overdue(session)
    assert "missing" not in {mark for name in (VEGA, FRISCH) for mark in marks(name).values()}
    hear(second.model_copy(update={"upload_id": first.upload_id}))
    assert marks() == {"4001/parents": "still", "4002/parents": "still"}


def test_what_rates_published_before_all_had_arrived_makes_no_school_missing() -> None:
    tell_directory()
    tell(LOW, FEB14)
    mark_sent()
    tell(LOW[:1], FEB21, is_whole=False)
    assert marks() == {"4001/parents": "still", "4002/parents": "still"}
    assert "as of Feb 14" in bodies()[0]
    mark_sent()
    tell(LOW[:1], FEB21, revision=2, state=2)
    assert marks()["4002/parents"] == "missing", "now it is known that the file does not have it"


def test_an_older_mail_of_unknown_outcome_is_not_sent_again_after_a_newer_one(server: Sink) -> None:
    tell(LOW[:2], FEB14)
    rows_of("update mail set unknown = 1, failure = 'unknown outcome' returning 1")
    tell(LOW[:2], FEB21)
    for _ in range(3):
        rows_of("update mail set next_at = now() where state = 'queued' returning 1")
        sending.send_due()
    assert [message["Subject"] for message in server.mails()] == ["2 schools still below 25% - SES Sp25, Feb 21"]
    old = rows_of("select mail_id from mail order by mail_id limit 1")[0].mail_id
    with transaction("notify") as session, pytest.raises(Conflict, match="newer"):
        resend(session, old, "central")


def test_a_mail_that_comes_back_to_the_queue_after_a_newer_one_was_made_is_replaced_by_it(server: Sink) -> None:
    tell(LOW[:1], FEB14)
    rows_of("update mail set state = 'sending', next_at = now() + interval '15 min' returning 1")
    tell(LOW[:2], FEB21)
    sending.send_due()
    assert server.mails() == [] and digests()[-1][1] == "new schools"
    rows_of("update mail set state = 'queued', next_at = now() where state = 'sending' returning 1")
    sending.send_due()
    sending.send_due()
    assert [message["Subject"] for message in server.mails()] == ["2 schools below 25% - SES Sp25, Feb 21"]


def message_ids() -> list[str]:
    return [r.message_id for r in rows_of("select message_id from mail where state <> 'superseded' order by 1")]


def test_the_same_facts_have_the_same_message_id_on_a_restored_database_and_other_facts_another() -> None:
    def after(rows: list[object], extraction_date: date) -> list[str]:
        rows_of("with x as (delete from mail returning 1), d as (delete from digest returning 1) select 1")
        rows_of("with t as (delete from tier_state returning 1), u as (delete from upload returning 1) select 1")
        tell(rows, extraction_date)  # type: ignore[arg-type]
        return message_ids()

    tell_directory()
    first = after([*LOW], FEB14)
    assert len(set(first)) == 2
    assert after([*LOW], FEB14) == first
    assert set(after([row("Alder 4001", 11, 100), *LOW[1:]], FEB14)) & set(first) == {
        i for i in first if i in message_ids()
    }
    assert not set(after([*LOW], FEB21)) & set(first)


def test_a_copy_sent_by_hand_has_the_same_facts_and_a_running_number() -> None:
    tell_directory()
    tell(LOW[2:])
    mark_sent()
    number = rows_of("select mail_id from mail")[0].mail_id
    ids = set(message_ids())
    for count in (2, 3):
        with transaction("notify") as session:
            resend(session, number, "central")
        mark_sent()
        ids |= set(message_ids())
        assert len(ids) == count
    with transaction("notify") as session:
        settling.give_up(session)


@pytest.mark.parametrize("older_last", [False, True])
def test_what_comes_after_a_person_published_an_extraction_that_lacked_it_is_mailed(
    older_last: bool, server: Sink
) -> None:
    load = uuid4()
    lacking = tiers(LOW[:1], FEB21, upload_id=load, state=1, is_whole=False)
    whole = tiers(
        [*LOW[:1], row("Birch 4002", 12, 100)], FEB21, upload_id=load, state=2, groups=("students", "parents")
    )
    other = tiers([row("Alder 4001", 6, 100)], FEB21, upload_id=load, group="students", groups=("students", "parents"))
    hear(*((whole, other, lacking) if older_last else (lacking,)))
    sending.send_due()
    hear(*(() if older_last else (whole, other)))
    sending.send_due()
    assert marks() == {"4001/parents": "still", "4002/parents": "new", "4001/students": "new"} or older_last
    newest = server.mails()[-1].get_body(("plain",))
    assert newest is not None and "6 of 100" in newest.get_content() and "12 of 100" in newest.get_content()
    assert len(server.mails()) == (1 if older_last else 2)
