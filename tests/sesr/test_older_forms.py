"""Forms that were filled in before something else happened: a newer report, a strike beside a drill, a clock that was set."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text

from shared.db import transaction
from shared.web.clock import today
from tests.people import api_of, browser_of
from tests.sesr.world import ALDER, load_schools, midnight, open_incident, send, yesterday
from tests.stack import deliver

pytestmark = pytest.mark.usefixtures("clean")
FULL = {"students_present": 300, "walkout": 5, "classified_other": 12, "volunteers": 4}


@pytest.fixture(autouse=True)
def incident(clean: None) -> str:
    load_schools()
    return open_incident(first_day=str(yesterday()))


def counts_of(report_id: str) -> dict[str, Any]:
    with transaction("sesr") as session:
        found = session.execute(text("select counts from report where report_id = :id"), {"id": report_id})
        counts: dict[str, Any] = found.scalar_one()
    return counts


def current() -> Any:
    deliver()
    with transaction("sesr") as session:
        return session.execute(text("select counts, flags, number from current_report")).one()


def test_no_change_since_an_older_report_than_the_newest_asks() -> None:
    first = send(counts=FULL).json()
    newest = send("designee", counts={**FULL, "students_present": 150}).json()
    asked = send(counts=FULL, same_as=first["report_id"], report_id=(again := str(uuid4())))
    assert (asked.status_code, asked.json()["code"]) == (409, "newer_report")
    assert "150 students present. Yours says 300" in asked.json()["detail"]
    assert current().counts["students_present"] == 150
    [problem] = asked.json()["problems"]
    assert problem["report_id"] == newest["report_id"]
    meant = send(counts=FULL, same_as=first["report_id"], report_id=again, after=newest["report_id"])
    assert meant.status_code == 201
    assert current().counts["students_present"] == 300


def test_what_a_form_still_shows_of_an_older_report_is_no_statement_against_a_newer_one() -> None:
    first = send(counts=FULL).json()
    newest = send("designee", counts={"students_present": 150, "walkout": 9, "volunteers": 4}).json()
    sent = send(counts={**FULL, "students_present": 140}, based_on=first["report_id"]).json()
    kept = counts_of(sent["report_id"])
    assert (kept["students_present"], kept["walkout"], kept["classified_other"], kept["volunteers"]) == (
        140,
        9,
        None,
        4,
    )
    again = send(counts={**FULL, "students_present": 140}, based_on=first["report_id"], report_id=sent["report_id"])
    assert (again.status_code, again.json()["number"]) == (200, sent["number"])
    asked = send(counts={**FULL, "walkout": 1}, based_on=first["report_id"])
    assert asked.json()["code"] == "newer_report"
    assert newest["number"] != sent["number"]


def test_a_report_that_starts_from_the_newest_one_is_taken_as_it_is() -> None:
    first = send(counts=FULL).json()
    sent = send(counts={**FULL, "walkout": ""}, based_on=first["report_id"])
    assert sent.status_code == 201
    assert counts_of(sent.json()["report_id"])["walkout"] is None


def test_a_report_counted_before_the_newest_one_is_asked_nothing() -> None:
    first = send(counts=FULL).json()
    send("designee", counts={**FULL, "students_present": 150})
    now = datetime.now(UTC)
    earlier = max(now - timedelta(minutes=2), midnight()).isoformat()
    late = send(counts=FULL, based_on=first["report_id"], counted_at=earlier, sent_at=now.isoformat())
    assert late.status_code == 201
    assert current().counts["students_present"] == 150


def test_a_flag_stays_until_a_report_ends_it() -> None:
    send(flags={"media": True})
    send(flags={})
    assert current().flags == {"media": True}
    assert api_of("central").get("/sesr/api/v1/board").json()["media"] == [ALDER]
    send(flags={"media": False, "outside_group": True})
    assert current().flags == {"media": False, "outside_group": True}


def test_without_script_a_later_form_starts_from_the_last_report() -> None:
    send(counts={**FULL, "students_present": 0}, flags={"media": True}, confirmed_zero=True)
    page = browser_of("principal").get("/sesr/report").text
    for name, value in {"students_present": 0, "walkout": 5, "classified_other": 12, "volunteers": 4}.items():
        field = page[page.index(f'id="{name}"') - 400 : page.index(f'id="{name}"') + 200]
        assert f'value="{value}"' in field, name
    assert "Yes stays until a report says No." in page


def test_without_script_the_question_is_asked_on_a_page_and_answered_there() -> None:
    first = send(counts=FULL).json()
    newest = send("designee", counts={**FULL, "students_present": 150}).json()
    principal = browser_of("principal")
    fields = {"report_id": str(uuid4()), "of": first["report_id"]}
    asked = principal.post("/sesr/report/same", data=fields)
    assert asked.status_code == 409
    assert "150 students present. Yours says 300" in asked.text
    hidden = {
        "school_key": ALDER,
        "students_present": "300",
        "same_as": first["report_id"],
        "after": newest["report_id"],
    }
    assert all(f'value="{value}"' in asked.text for value in hidden.values())


def test_a_form_of_a_drill_that_stayed_open_asks_when_a_strike_has_begun() -> None:
    drill = open_incident(name="Exercise", drill=True)
    earlier = datetime.now(UTC) - timedelta(seconds=30)
    with transaction("sesr") as session:
        session.execute(text("update incident set opened_at = now() - interval '1 s' where not drill"))
    asked = send(incident_id=drill)
    assert (asked.status_code, asked.json()["code"]) == (409, "which_incident")
    assert [problem["message"] for problem in asked.json()["problems"]] == ["For Strike", "For the drill Exercise"]
    assert send(incident_id=drill, confirmed_incident=True).status_code == 201
    before = send(incident_id=drill, counted_at=earlier.isoformat(), sent_at=datetime.now(UTC).isoformat())
    assert before.status_code == 201


def test_a_clock_that_was_not_set_when_counting_is_asked_for() -> None:
    reading = {"counted_at": "1970-01-01T00:00:10Z", "sent_at": datetime.now(UTC).isoformat()}
    asked = send(**reading, day=str(today()))
    assert (asked.status_code, asked.json()["code"]) == (422, "clock_unset")
    assert [problem["field"] for problem in asked.json()["problems"]] == ["counted_time"]
    assert send(**reading, day=str(today()), counted_time="23:59").json()["code"] in ("clock_unset", None)
    taken = send(**reading, day=str(today()), counted_time="12:00 am")
    assert taken.status_code == 201
    assert taken.json()["note"] == "The time of counting was entered by hand."
    with transaction("sesr") as session:
        assert session.execute(text("select counted_at from report")).scalars().all() == [midnight().astimezone(UTC)]


def test_a_correction_of_a_past_day_needs_the_desks_permission(incident: str) -> None:
    desk = {"school_key": ALDER, "day": str(yesterday()), "incident_id": incident}
    first = send("desk", **desk).json()
    wrong = {**desk, "supersedes": first["report_id"], "reason": "typed wrongly", "counts": {"students_present": 9}}
    refused = send(**wrong)
    assert (refused.status_code, refused.json()["code"]) == (422, "day_over")
    page = browser_of("principal").get(f"/sesr/report?correct={first['report_id']}").text
    assert "Ask the duty desk of your region to allow a late entry or to correct it" in page
    allowed = {"school_key": ALDER, "day": str(yesterday()), "reason": "typed wrongly"}
    browser_of("desk").post(f"/sesr/incidents/{incident}/late-entry", data=allowed)
    assert (
        "lets you correct reports of" in browser_of("principal").get(f"/sesr/report?correct={first['report_id']}").text
    )
    assert send(**wrong).status_code == 201


@pytest.mark.parametrize("phone", ["555-0187", "213-555-0187 / 0188", "12", "ask the office", "x" * 5000])
def test_no_phone_ever_refuses_a_count(phone: str) -> None:
    answer = send(landline=phone, cell=phone)
    assert answer.status_code == 201
    with transaction("sesr") as session:
        kept = session.execute(text("select landline from report")).scalar_one()
    assert kept == phone[:60]
    assert any("kept as it is written" in warning for warning in answer.json()["warnings"]) == (phone != "555-0187")
