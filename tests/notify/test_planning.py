"""Planning on the real database: who gets which digest, what is replaced, waiting, and told again."""

import pytest
from sqlmodel import delete

from services.notify.actions import answers, planning, routing
from services.notify.tables.facts import AliasMatch
from shared.db import transaction
from shared.events import Group
from tests.notify.telling import (
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


def test_the_first_extraction_tells_each_director_of_the_own_schools_only() -> None:
    tell_directory()
    tell(LOW)
    assert digests() == [(FRISCH, "first", "planned"), (VEGA, "first", "planned")]
    assert marks() == {"4002/parents": "still", "4001/parents": "still"}
    assert mails() == [
        ("soren.frisch@lausd.example", "1 school below 25% - SES Sp25, Feb 21"),
        ("director@lausd.example", "2 schools below 25% - SES Sp25, Feb 21"),
    ]


def test_what_changed_is_told_against_what_was_last_told() -> None:
    tell_directory()
    tell([*LOW, row("Dogwood 4004", 40, 100)], FEB14)
    mark_sent()
    tell([row("Alder 4001", 60, 100), row("Birch 4002", 20, 100), row("Dogwood 4004", 3, 100)], FEB21)
    assert digests()[-1] == (VEGA, "new schools", "planned")
    assert marks() == {"4001/parents": "left", "4002/parents": "still", "4004/parents": "new"}
    assert mails()[-1][1] == "2 schools below 25%, 1 new, 1 rose above - SES Sp25, Feb 21"


def test_a_missing_school_is_unknown_and_neither_left_nor_new_when_it_comes_back() -> None:
    tell_directory()
    tell(LOW[:2], FEB14)
    mark_sent()
    tell(LOW[:1], FEB21)
    assert marks() == {"4001/parents": "still", "4002/parents": "missing"}
    mark_sent()
    tell(LOW[:2], FEB28)
    assert digests()[-1][1] == "still"
    assert marks() == {"4001/parents": "still", "4002/parents": "still"}


def test_all_left_is_told_once_and_then_nothing() -> None:
    tell_directory()
    tell(LOW[:2], FEB14)
    mark_sent()
    high = [row("Alder 4001", 60, 100), row("Birch 4002", 80, 100)]
    tell(high, FEB21)
    assert mails()[-1][1] == "All your schools are above 25% - SES Sp25"
    mark_sent()
    tell(high, FEB28)
    assert [reason for _, reason, _ in digests()] == ["first", "all left"]


def test_nothing_in_tier_1_and_no_expected_surveys_mail_nobody() -> None:
    tell_directory()
    tell([row("Alder 4001", 60, 100), row("Birch 4002", 0, 0), row("Cedar 4003", None, None)])
    assert digests() == []


def test_a_row_with_far_more_surveys_than_expected_stops_no_mail() -> None:
    tell_directory()
    tell([*LOW, row("Dogwood 4004", 1_500, 1)])
    assert [(r.tier, r.rate) for r in rows_of("select tier, rate from tier_state where ploc = '4004'")] == [
        (4, 150_000)
    ]
    assert len(mails()) == 2


def test_an_older_extraction_and_an_unchanged_one_mail_nobody() -> None:
    tell_directory()
    tell(LOW, FEB21)
    mark_sent()
    tell(LOW, FEB14)
    tell(LOW, FEB21, revision=2)
    assert len(digests()) == 2
    assert [r.outcome for r in rows_of('select outcome from upload order by extraction_date, revision')] == [
        "older extraction", "planned", "planned",
    ]  # fmt: skip


def test_a_correction_reaches_only_whom_it_concerns_and_says_so() -> None:
    tell_directory()
    tell(LOW)
    mark_sent()
    tell([row("Alder 4001", 12, 100), *LOW[1:]], revision=2)
    assert digests()[2:] == [(VEGA, "corrected", "planned")]
    assert mails() == [("director@lausd.example", "Corrected: 2 schools below 25% - SES Sp25, Feb 21")]


def test_numbers_of_an_older_day_that_are_loaded_again_are_a_correction_too() -> None:
    tell_directory()
    tell([row("Alder 4001", 3, 50)], FEB14, group="students")
    tell(LOW)
    send_at_once(FEB21)
    mark_sent()
    tell([row("Alder 4001", 4, 50)], FEB14, group="students", revision=2)
    assert mails() == [("director@lausd.example", "Corrected: 2 schools below 25% - SES Sp25, Feb 21")]


def test_a_school_that_comes_by_a_matched_name_corrects_nothing() -> None:
    tell_directory()
    tell([*LOW, row("Elm 4005", 3, 100, "FRSCH. SOREN")])
    mark_sent()
    with transaction("notify") as session:
        routing.match_alias(session, "FRSCH. SOREN", "director:soren.frisch@lausd.example", "central")
    assert mails() == [("soren.frisch@lausd.example", "2 schools below 25%, 1 new - SES Sp25, Feb 21")]
    assert "loaded again" not in rows_of("select body from mail where state = 'queued'")[0].body


def test_a_snooze_since_the_mail_is_no_number_that_changed() -> None:
    tell_directory()
    tell(LOW)
    mark_sent()
    with transaction("notify") as session:
        digest = answers.digest_of(session, 2, "director:director@lausd.example")
        answers.snooze(session, digest, answers.SnoozeRequest([("1400101", "parents")], "closed", None), "Vega")
    tell([*LOW[:2], row("Cedar 4003", 6, 100, FRISCH)], revision=2)
    assert [rcpt for rcpt, _ in mails()] == ["soren.frisch@lausd.example"]


def test_who_was_told_of_an_extraction_that_was_taken_back_reads_so_once() -> None:
    tell_directory()
    tell(LOW, FEB14)
    mark_sent()
    tell([row("Alder 4001", 60, 100), row("Birch 4002", 60, 100), LOW[2]])
    mark_sent()
    tell([], revision=2, is_undo=True, removed=[r.school_key for r in LOW])
    assert mails() == [
        ("soren.frisch@lausd.example", "Corrected: 1 school below 25% - SES Sp25, Feb 14"),
        ("director@lausd.example", "Corrected: 2 schools below 25%, 2 new - SES Sp25, Feb 14"),
    ]
    bodies = [r.body for r in rows_of("select body from mail where state = 'queued'")]
    assert all("The file of Feb 21 was withdrawn" in body for body in bodies)
    assert not any("more of that extraction has come" in body for body in bodies)
    mark_sent()
    tell(LOW, revision=3)
    assert [reason for _, reason, _ in digests()[-2:]] == ["still", "still"]
    assert not any("withdrawn" in r.body for r in rows_of("select body from mail where state = 'queued'"))


def test_a_quick_correction_replaces_the_mail_that_is_not_sent_yet() -> None:
    tell_directory()
    tell(LOW)
    tell([row("Alder 4001", 60, 100), *LOW[1:]], revision=2)
    assert digests() == [(FRISCH, "first", "planned"), (VEGA, "first", "planned")]
    assert marks() == {"4002/parents": "still"}
    assert len(mails()) == 2
    assert len(mails("superseded")) == 2


def test_a_mail_that_may_have_been_sent_is_not_replaced() -> None:
    tell_directory()
    tell(LOW)
    with transaction("notify") as session:
        session.connection().exec_driver_sql("update mail set unknown = 1")
    tell([row("Alder 4001", 12, 100), *LOW[1:]], revision=2)
    assert [reason for _, reason, _ in digests()] == ["first", "first", "corrected"]


def test_an_older_revision_that_comes_late_takes_nothing_back() -> None:
    tell_directory()
    tell([row("Alder 4001", 12, 100), *LOW[1:]], revision=2)
    tell(LOW, revision=1)
    assert [r.revision for r in rows_of("select revision from digest where state = 'planned'")] == [2, 2]
    assert "12 of 100" in rows_of("select body from mail where state = 'queued' and rcpt like 'director@%'")[0].body
    assert len(mails()) == 2


def test_a_second_group_of_the_same_extraction_is_no_correction() -> None:
    tell_directory()
    tell(LOW)
    mark_sent()
    tell([row("Alder 4001", 3, 50)], group="students", revision=2)
    assert digests()[2:] == [(VEGA, "new schools", "planned")]
    assert not mails()[-1][1].startswith("Correction")


def test_digests_wait_for_all_groups_of_an_upload() -> None:
    tell_directory()
    first = tiers(LOW, groups=("students", "parents"))
    hear(first)
    assert digests() == []
    hear(tiers([row("Alder 4001", 3, 50)], group="students", groups=("students", "parents"), upload_id=first.upload_id))
    assert len(digests()) == 2
    assert marks()["4001/students"] == "still"


def test_a_correction_of_one_group_waits_for_the_upload_that_is_still_coming_in() -> None:
    tell_directory()
    both: tuple[Group, ...] = ("students", "parents")
    first = tiers(LOW, groups=both)
    students = tiers([row("Alder 4001", 3, 50)], group="students", groups=both, upload_id=first.upload_id)
    hear(first, tiers([row("Alder 4001", 12, 100), *LOW[1:]], revision=2))
    assert digests() == []
    hear(students)
    assert digests() == [(FRISCH, "first", "planned"), (VEGA, "first", "planned")]
    assert sorted(r.outcome for r in rows_of("select outcome from upload")) == ["planned", "together with revision 2"]


def test_after_the_time_out_the_mail_names_the_group_that_did_not_come() -> None:
    tell_directory()
    first = tiers(LOW, groups=("students", "parents"))
    hear(first)
    with transaction("notify") as session:
        session.connection().exec_driver_sql("update upload set arrived_at = now() - interval '31 min'")
    for _ in range(2):
        with transaction("notify") as session:
            planning.plan_overdue(session)
    assert len(digests()) == 2
    assert "Students of Feb 21 have not arrived" in rows_of("select body from mail limit 1")[0].body
    hear(tiers([row("Alder 4001", 3, 50)], group="students", groups=("students", "parents"), upload_id=first.upload_id))
    assert len(digests()) == 2
    assert marks()["4001/students"] == "still"
    assert "not arrived" not in rows_of("select body from mail order by mail_id desc limit 1")[0].body


def test_a_name_that_nobody_has_waits_and_is_sent_once_a_person_matches_it() -> None:
    tell_directory()
    tell([*LOW[:2], row("Cedar 4003", 5, 100, "FRSCH. SOREN")])
    assert digests("unroutable") == [("FRSCH. SOREN", "first", "unroutable")]
    with transaction("notify") as session:
        routing.match_alias(session, "FRSCH. SOREN", "director:soren.frisch@lausd.example", "central")
    assert digests("unroutable") == []
    assert mails()[-1] == ("soren.frisch@lausd.example", "1 school below 25% - SES Sp25, Feb 21")
    said = rows_of("select cast(payload as jsonb) as payload from outbox_event where topic = 'notify.alias_resolved'")
    assert [(e.payload["alias"], e.payload["person_id"]) for e in said] == [
        ("FRSCH. SOREN", "director:soren.frisch@lausd.example")
    ]


def test_a_match_that_is_made_again_after_it_was_taken_back_is_published_again() -> None:
    tell_directory()
    for _ in range(2):
        with transaction("notify") as session:
            routing.match_alias(session, "V. MARTA", "director:director@lausd.example", "central")
            session.exec(delete(AliasMatch))
    versions = rows_of("select version from outbox_event where topic = 'notify.alias_resolved' order by created_at")
    assert len(versions) == 2 and versions[0].version < versions[1].version


def test_a_later_directory_sends_what_waited() -> None:
    tell_directory([])
    tell(LOW)
    assert [state for *_, state in digests()] == ["unroutable", "unroutable"]
    tell_directory(revision=2)
    assert [state for *_, state in digests()] == ["planned", "planned"]
    assert len(mails()) == 2


def test_a_match_for_someone_who_has_a_mail_already_gives_one_mail_with_both() -> None:
    tell_directory()
    tell([*LOW[:2], row("Cedar 4003", 5, 100, "V. MARTA")])
    with transaction("notify") as session:
        routing.match_alias(session, "V. MARTA", "director:director@lausd.example", "central")
    assert mails() == [("director@lausd.example", "3 schools below 25% - SES Sp25, Feb 21")]


def test_two_spellings_of_one_person_are_one_mail_and_two_people_of_one_name_are_none() -> None:
    tell_directory()
    tell([LOW[2], row("Alder 4001", 10, 100, "Frisch, Soren")])
    assert mails() == [("soren.frisch@lausd.example", "2 schools below 25% - SES Sp25, Feb 21")]
    people = [person("a@lausd.example", "Kim, Ana"), person("b@lausd.example", "Kim, Ana")]
    tell_directory(people, revision=2)
    tell([row("Alder 4001", 10, 100, "KIM, ANA")], FEB28)
    assert digests("unroutable") == [("KIM, ANA", "first", "unroutable")]


def test_a_school_that_moved_goes_to_the_new_director_and_the_former_is_told_once() -> None:
    tell_directory()
    tell(LOW, FEB14)
    mark_sent()
    moved = [row("Alder 4001", 10, 100, FRISCH), *LOW[1:]]
    tell(moved, FEB21)
    assert marks(VEGA) == {"4001/parents": "moved", "4002/parents": "still"}
    assert marks(FRISCH) == {"4001/parents": "handed over", "4003/parents": "still"}
    (received,) = rows_of("select body from mail where state = 'queued' and rcpt like 'soren%'")
    assert "from Vega, Marta" in received.body
    mark_sent()
    tell(moved, FEB28)
    assert marks(VEGA) == {"4002/parents": "still"}


def test_a_school_that_moved_goes_to_the_new_director_also_with_a_group_that_the_newest_file_has_not() -> None:
    tell_directory()
    tell(LOW[:1], FEB14)
    tell([row("Alder 4001", 5, 50)], FEB14, group="students", revision=2)
    mark_sent()
    tell([row("Alder 4001", 10, 100, FRISCH)], FEB21)
    send_at_once(FEB21)
    assert marks(FRISCH) == {"4001/parents": "handed over", "4001/students": "handed over"}
    assert marks("Vega, Marta") == {"4001/parents": "moved", "4001/students": "moved"}
    (earlier,) = rows_of("select body from mail where state = 'queued' and rcpt like 'director@%'")
    assert earlier.body.count("now with Frisch, Soren L") == 3
    mark_sent()
    tell([row("Alder 4001", 10, 100, FRISCH)], FEB28)
    send_at_once(FEB28)
    assert [director for director, *_ in digests()[3:]] == [FRISCH]


def test_who_lost_the_only_school_to_another_director_is_told_it_moved() -> None:
    tell_directory()
    tell(LOW[:1], FEB14)
    mark_sent()
    tell([row("Alder 4001", 10, 100, FRISCH)], FEB21)
    assert digests()[1:] == [(FRISCH, "first", "planned"), ("Vega, Marta", "moved", "planned")]
