"""A directory that changes: addresses, parts, and people of one name, on the real database."""

import pytest

from tests.notify.telling import (
    FEB14,
    FEB21,
    FRISCH,
    LOW,
    digests,
    mails,
    mark_sent,
    marks,
    person,
    row,
    rows_of,
    tell,
    tell_directory,
)

pytestmark = pytest.mark.usefixtures("clean")


def test_mails_not_sent_yet_follow_the_directory_to_another_address_or_another_person() -> None:
    tell_directory()
    tell(LOW)
    vega, ito = person("marta.vega@lausd.example", "Vega, Marta"), person("ken.ito@lausd.example", "Ito, Ken", FRISCH)
    tell_directory([vega, ito], revision=2)
    assert sorted(rcpt for rcpt, _ in mails()) == ["ken.ito@lausd.example", "marta.vega@lausd.example"]
    assert len(mails("superseded")) == 2
    tell_directory([vega], revision=3)
    assert [rcpt for rcpt, _ in mails()] == ["marta.vega@lausd.example"]
    assert digests("unroutable") == [(FRISCH, "first", "unroutable")]


def test_a_directory_in_parts_drops_who_is_gone_with_its_last_part_and_an_older_one_brings_nobody_back() -> None:
    def addresses() -> list[str]:
        return sorted(r.email for r in rows_of("select email from director"))

    tell_directory()
    vega, frisch = person("marta.vega@lausd.example", "Vega, Marta"), person("soren.frisch@lausd.example", FRISCH)
    tell_directory([vega], revision=2, part=1, parts=2)
    assert len(addresses()) == 3
    tell_directory([frisch], revision=2, part=2, parts=2)
    assert addresses() == ["marta.vega@lausd.example", "soren.frisch@lausd.example"]
    tell_directory()
    assert addresses() == ["marta.vega@lausd.example", "soren.frisch@lausd.example"]
    tell(LOW)
    assert [state for *_, state in digests()] == ["planned", "planned"]


ANSWERS = (
    "with s as (insert into snooze(director_key, term, extraction_date, school_key, school, reason, until, author)"
    "  values (:old, 'Sp25', '2025-02-14', '1400101', 'Alder', 'closed', '2025-02-28', 'x')),"
    " a as (insert into acknowledgement(digest_id, director_key, term, extraction_date, plan, author)"
    "  values (1, :old, 'Sp25', '2025-02-14', 'calls', 'x')),"
    " p as (insert into preference(person_id, only_changes, also_when_none, changed_by) values (:old, true, false, 'x')),"
    " v as (insert into visit(person_id) values (:old)),"
    " m as (insert into alias_match(alias_key, alias, person_id, matched_by) values ('v. m', 'V. M', :old, 'x'))"
    " select 1"
)
KEYS = (
    "select 'digest' as what, director_key as key from digest where director like 'VEGA%' union select 'person',"
    " person_id from digest where director like 'VEGA%' union select 'snooze', director_key from snooze union"
    " select 'answer', director_key from acknowledgement union select 'wish', person_id from preference union"
    " select 'visit', person_id from visit union select 'match', person_id from alias_match"
)


def test_who_comes_under_another_address_keeps_what_was_told_answered_and_wished() -> None:
    tell_directory()
    tell(LOW, FEB14)
    mark_sent()
    rows_of(ANSWERS, old="director:director@lausd.example")
    people = [person("marta.vega@lausd.example", "Vega, Marta"), person("soren.frisch@lausd.example", FRISCH)]
    tell_directory(people, revision=2)
    kept = rows_of(KEYS)
    assert len(kept) == 7 and {r.key for r in kept} == {"director:marta.vega@lausd.example"}
    tell([LOW[0], row("Birch 4002", 60, 100), LOW[2]], FEB21)
    assert marks() == {"4001/parents": "snoozed", "4002/parents": "left"}
    assert mails()[-1][0] == "marta.vega@lausd.example"


@pytest.mark.parametrize(
    ("before", "after"),
    [(("a", "b"), ("b",)), (("a", "b"), ("b", "c")), (("a",), ("b", "c")), (("a", "b"), ("c",))],
)
def test_of_two_directors_of_one_name_nobody_gets_what_was_the_others(
    before: tuple[str, ...], after: tuple[str, ...]
) -> None:
    for revision, names in enumerate((before, after), 1):
        tell_directory([person(f"{name}@lausd.example", "Kim, Ana") for name in names], revision)
        if revision == 1:
            rows_of("insert into visit(person_id) values ('director:a@lausd.example') returning 1")
    assert [r.person_id for r in rows_of("select person_id from visit")] == ["director:a@lausd.example"]
