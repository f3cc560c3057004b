"""What a mail says of the close, if nothing changes, and of what the director planned last time; heads of regions see all plans."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from services.notify.actions import answers
from services.notify.mailer.headings import outlook_counts, outlook_words, since_words
from services.notify.rules.plans import PlanOutcome
from shared.db import transaction
from shared.events import TierRow
from tests.notify.telling import FEB14, FEB21, FEB28, FRISCH, VEGA, mark_sent, row, rows_of, tell, tell_directory
from tests.notify.test_letters import line
from tests.people import browser_of

VEGA_KEY = "director:director@lausd.example"


def body_to(address: str = "director@lausd.example") -> str:
    """The text of the newest mail to an address."""
    found = rows_of("select body from mail where rcpt = :rcpt order by mail_id desc limit 1", rcpt=address)
    return str(found[0].body)


def plan(words: str) -> None:
    """Vega answers her newest mail."""
    newest = rows_of("select digest_id from digest where director = :d order by digest_id desc limit 1", d=VEGA)
    with transaction("notify") as session:
        answers.acknowledge(session, answers.digest_of(session, newest[0].digest_id, VEGA_KEY), words, "Vega")


def forecast(found: TierRow, low: int, high: int, outlook: str, per_day: str | None = None) -> TierRow:
    each_day = None if per_day is None else Decimal(per_day)
    return found._replace(
        final_low=low, final_likely=(low + high) // 2, final_high=high, outlook=outlook, needed_per_day=each_day
    )


@pytest.mark.usefixtures("clean")
def test_the_mail_says_how_each_school_ends_if_nothing_changes_and_what_each_school_day_has_to_bring() -> None:
    tell_directory()
    low = forecast(row("Alder 4001", 10, 100), 15, 21, "stays", "2.3")
    tell([low, forecast(row("Birch 4002", 20, 100), 22, 31, "may"), row("Cedar 4003", 5, 100)], FEB14)
    body = body_to()
    assert "If nothing changes, 1 school will stay below 25%, 1 may." in body
    assert "will stay below 25% (15.0% to 21.0%)" in body and "may stay below 25% (22.0% to 31.0%)" in body
    assert "Alder 4001: 15 more parents, 3 a school day" in body, "2.3 a day are 3 on at least one"
    mark_sent()
    tell([forecast(low._replace(submitted=30, tier=2, needed=21), 31, 40, "")], FEB21)
    assert "stay below" not in body_to(), "neither one that rose nor one that is missing has an outlook"
    page = browser_of("director").get("/notify/mine").text
    assert "missing" in page.lower() and "stay below" not in page


@pytest.mark.parametrize(
    ("outlooks", "sentence"),
    [
        ([("1", "stays"), ("2", "may"), ("3", "leaves")], "If nothing changes, 1 school will stay below 25%, 1 may, 1 will rise above."),
        ([("1", "leaves"), ("1", "stays"), ("2", "leaves")], "If nothing changes, 1 school will stay below 25%, 1 will rise above."),
        ([("1", "may"), ("2", "may")], "If nothing changes, 2 schools may stay below 25%."),
        ([("1", "leaves")], "If nothing changes, 1 school will rise above 25%."),
        ([("1", "")], ""),
    ],
)  # fmt: skip
def test_a_school_counts_once_by_the_gravest_of_its_groups(outlooks: list[tuple[str, str]], sentence: str) -> None:
    assert outlook_counts([line(school_key=key, outlook=outlook) for key, outlook in outlooks]) == sentence
    assert outlook_counts([line("left", school_key="9", outlook="stays")]) == ""


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"outlook": "stays", "total": 2600, "final_low": 640, "final_high": 649}, "will stay below 25% (24.6% to 24.96%)"),
        ({"outlook": "leaves", "final_low": 40, "final_high": 40}, "will rise above 25% (40.0%)"),
        ({"outlook": "", "final_low": 40, "final_high": 40}, ""),
        ({"outlook": "may"}, "may stay below 25%"),
    ],
)  # fmt: skip
def test_a_range_stays_on_its_side_of_25_percent(facts: dict[str, Any], words: str) -> None:
    assert outlook_words(line(**facts)) == words


@pytest.mark.usefixtures("clean")
def test_the_next_mail_quotes_the_plan_and_says_by_school_what_came_in_since() -> None:
    tell_directory()
    tell([row("Alder 4001", 10, 100), row("Birch 4002", 20, 100), row("Cedar 4003", 5, 100)], FEB14)
    mark_sent()
    plan("Paper goes home on Monday.")
    tell([row("Alder 4001", 14, 100), row("Birch 4002", 30, 100), row("Dogwood 4004", 1, 100)], FEB21)
    body = body_to()
    assert 'YOUR PLAN OF FEB 14\n  * "Paper goes home on Monday."' in body
    assert "Since then 14 more surveys at 2 of 3 schools, 1 rose above 25%, 1 not in a newer file." in body
    alder, birch, dogwood = (body[body.rindex(name) :] for name in ("Alder 4001", "Birch 4002", "Dogwood 4004"))
    assert "+4 since your plan" in alder.partition("\n\n")[0] and "+10 since your plan" in birch.partition("\n\n")[0]
    assert "since your plan" not in dogwood.partition("\n\n")[0], "it was not on the mail that was answered"
    assert not {"because", "thanks to", "worked", "led to"} & set(body.lower().split())


@pytest.mark.usefixtures("clean")
def test_a_correction_of_the_answered_extraction_does_not_judge_the_plan_yet() -> None:
    tell_directory()
    tell([row("Alder 4001", 10, 100)], FEB14)
    mark_sent()
    plan("Paper goes home on Monday.")
    tell([row("Alder 4001", 11, 100)], FEB14, revision=2)
    assert "Corrected" in body_to() or "discard the mail" in body_to()
    assert "YOUR PLAN" not in body_to()


@pytest.mark.usefixtures("clean")
def test_the_head_of_a_region_reads_who_planned_what_and_who_did_not() -> None:
    rows_of("insert into alert_settings(id, escalate_after) values (1, 2) returning 1")
    rows_of(
        "insert into region_head(region, name, email) values ('E', 'Head, Hanna', 'head@lausd.example') returning 1"
    )
    tell_directory()
    schools = [row("Alder 4001", 10, 100), row("Cedar 4003", 5, 100, FRISCH)]
    tell(schools, FEB14)
    mark_sent()
    plan("Paper goes home on Monday.")
    tell([row("Alder 4001", 12, 100), schools[1]], FEB21)
    body = body_to("head@lausd.example")
    assert 'Vega, Marta, Feb 14: "Paper goes home on Monday."\n    Since then 2 more surveys at 1 of 1 school.' in body
    assert "Frisch, Soren L: no plan yet" in body
    mark_sent()
    tell(schools, FEB28)
    assert "no more surveys at 0 of 1 school" in body_to()


def test_a_plan_whose_schools_no_newer_file_has_says_so() -> None:
    given = PlanOutcome("Vega", date(2025, 2, 14), "x", schools=2)
    assert since_words(given) == "No newer file has its schools yet."
