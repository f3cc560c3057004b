"""Sending a strike report through the API: what is taken, what is refused and what is then said."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text

from shared.db import transaction
from shared.web.clock import today
from tests.people import api_of
from tests.sesr.world import ALDER, BIRCH, CEDAR, body, load_schools, midnight, open_incident, send, yesterday
from tests.stack import deliver, failures

pytestmark = pytest.mark.usefixtures("clean")


@pytest.fixture(autouse=True)
def incident(clean: None) -> str:
    load_schools()
    return open_incident(first_day=str(yesterday()))


def rows(query: str) -> list[Any]:
    with transaction("sesr") as session:
        return list(session.execute(text(query)).all())


def test_a_report_is_kept_published_recorded_and_counts() -> None:
    answer = send(counts={"students_present": 310, "walkout": 4}, flags={"media": True, "outside_group": None})
    assert answer.status_code == 201
    deliver()
    assert failures() == []
    current = rows("select number, counts, flags from current_report")
    assert [row.number for row in current] == [answer.json()["number"]]
    assert current[0].counts["students_present"] == 310
    assert current[0].counts["enrolled"] == 944
    assert current[0].counts["substitutes"] is None
    assert current[0].flags == {"media": True}


def test_the_same_id_twice_is_one_report() -> None:
    sent = body()
    principal = api_of("principal")
    first, again = (principal.post("/sesr/api/v1/reports", json=sent) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["number"] == again.json()["number"]
    assert again.json()["repeated"] is True
    assert len(rows("select 1 from report")) == 1
    assert len(rows("select 1 from outbox_event")) == 1
    assert len(rows("select 1 from audit where action = 'report.submit'")) == 1


def test_a_form_sent_again_with_other_numbers_is_not_swallowed() -> None:
    sent = body()
    principal = api_of("principal")
    principal.post("/sesr/api/v1/reports", json=sent)
    again = principal.post("/sesr/api/v1/reports", json={**sent, "counts": {"students_present": 299}})
    assert (again.status_code, again.json()["code"]) == (409, "sent_with_other_numbers")
    again = principal.post("/sesr/api/v1/reports", json={**sent, "flags": {"media": True}})
    assert (again.status_code, again.json()["code"]) == (409, "sent_with_other_numbers")


def test_the_id_of_another_persons_report_tells_nothing() -> None:
    taken = send("desk", school_key=BIRCH).json()["report_id"]
    answer = send(report_id=taken)
    assert (answer.status_code, answer.json()["code"]) == (409, "report_id_taken")


@pytest.mark.parametrize("value", ["12.5", "-3", "many", "1234567890", 12.5, -3, True, [1], "١٢"])
def test_what_is_no_whole_number_is_refused_at_its_field(value: object) -> None:
    answer = send(counts={"students_present": value})
    assert answer.status_code == 422
    assert [problem["field"] for problem in answer.json()["problems"]] == ["students_present"]
    assert rows("select 1 from report") == []


def test_only_students_present_is_required() -> None:
    answer = send(counts={"walkout": 3})
    assert [problem["code"] for problem in answer.json()["problems"]] == ["missing"]


def test_a_zero_has_to_be_confirmed() -> None:
    refused = send(counts={"students_present": 0})
    assert (refused.status_code, refused.json()["code"]) == (422, "zero_unconfirmed")
    assert send(counts={"students_present": 0}, confirmed_zero=True).status_code == 201


def test_odd_numbers_are_warned_about_and_taken() -> None:
    answer = send(counts={"students_present": 940, "walkout": 10, "classified_other": 30})
    assert answer.status_code == 201
    assert answer.json()["warnings"] == [
        "Classified present (non-classroom support): 30 is more than the 29 there are.",
        "Present and walkout together are 950 of 944 enrolled: count a student once.",
    ]


def test_a_jump_against_the_last_report_is_warned_about() -> None:
    send()
    deliver()
    assert send(counts={"students_present": 600}).json()["warnings"] == [
        "Students present went from 310 to 600 since the last report."
    ]


@pytest.mark.parametrize("school_key", [BIRCH, CEDAR, "1999999", "' or 1=1 --"])
def test_another_sites_code_is_unknown_to_a_principal(school_key: str) -> None:
    answer = send(school_key=school_key)
    assert (answer.status_code, answer.json()["code"]) == (404, "school_unknown")


def test_a_desk_reports_for_the_schools_of_its_region_only_and_says_for_whom() -> None:
    assert send("desk", school_key=BIRCH).status_code == 201
    assert send("desk", school_key=CEDAR).status_code == 404
    silent = send("desk", school_key=BIRCH, proxy_for="")
    assert [problem["field"] for problem in silent.json()["problems"]] == ["proxy_for"]
    assert rows("select proxy_for from report")[0].proxy_for == "the office"


@pytest.mark.parametrize("role", ["director", "ops", None])
def test_who_may_not_report_is_refused(role: str | None) -> None:
    assert api_of(role).post("/sesr/api/v1/reports", json=body()).status_code == (401 if role is None else 403)


def test_a_designee_who_lost_the_school_is_refused_at_once() -> None:
    assert send("designee").status_code == 201
    with transaction("ingest") as session:
        session.execute(text("update access.role_grant set scope = '{}' where role = 'designee'"))
    assert send("designee").status_code == 404


def test_a_day_in_the_future_is_refused() -> None:
    answer = send(day=str(today() + timedelta(days=1)))
    assert (answer.status_code, answer.json()["code"]) == (422, "day_in_future")


def test_a_closed_incident_takes_no_report_but_one_counted_before() -> None:
    before = datetime.now(UTC)
    [(incident,)] = rows("select incident_id from incident")
    api_of("central").post(f"/sesr/api/v1/incidents/{incident}/close")
    answer = send(incident_id=str(incident))
    assert (answer.status_code, answer.json()["code"]) == (409, "incident_closed")
    late = send(incident_id=str(incident), counted_at=before.isoformat(), sent_at=datetime.now(UTC).isoformat())
    assert late.status_code == 201
    assert send().json()["code"] == "incident_closed"


def test_a_correction_made_before_the_closing_is_taken_after_it_and_none_made_later() -> None:
    first = send().json()
    before = datetime.now(UTC)
    [(incident,)] = rows("select incident_id from incident")
    api_of("central").post(f"/sesr/api/v1/incidents/{incident}/close")
    sent = {"incident_id": str(incident), "supersedes": first["report_id"], "reason": "typed wrongly"}
    now = datetime.now(UTC).isoformat()
    late = send(**sent, counted_at=now, sent_at=now)
    assert (late.status_code, late.json()["code"]) == (409, "incident_closed")
    travelled = send(**sent, counted_at=before.isoformat(), sent_at=now)
    assert travelled.status_code == 201
    counted = rows("select distinct counted_at from report")
    assert len(counted) == 1


def test_no_change_since_a_report_that_was_corrected_meanwhile_is_refused() -> None:
    first = send().json()
    assert send(same_as=first["report_id"]).status_code == 201
    assert (
        send(supersedes=first["report_id"], counts={"students_present": 31}, reason="typed wrongly").status_code == 201
    )
    refused = send(same_as=first["report_id"])
    assert (refused.status_code, refused.json()["code"]) == (409, "superseded")
    assert "Open the form again" in refused.json()["detail"]


def test_a_phone_whose_clock_is_wrong_by_an_hour_counts_at_the_right_time() -> None:
    wrong = datetime.now(UTC) + timedelta(hours=1)
    counted = wrong - timedelta(minutes=3)
    answer = send(counted_at=counted.isoformat(), sent_at=wrong.isoformat())
    assert answer.status_code == 201
    assert answer.json()["note"] == "The clock of this device is 60 minutes fast; the time was corrected."
    [(waited,)] = rows("select extract(epoch from received_at - counted_at) from report")
    assert 170 < waited < 190


def test_a_name_that_ends_in_half_a_character_is_kept_without_it() -> None:
    answer = api_of("principal").post(
        "/sesr/api/v1/reports",
        content=json.dumps(body(commander="Per \ud83d")),
        headers={"content-type": "application/json"},
    )
    assert answer.status_code == 201
    assert [row.commander for row in rows("select commander from report")] == ["Per ?"]


@pytest.mark.parametrize("reading", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"])
def test_a_clock_that_shows_no_day_is_refused_at_its_field(reading: str) -> None:
    answer = send(counted_at=reading)
    assert answer.status_code == 422
    assert "counted_at" in answer.text


def test_a_phone_whose_clock_was_never_set_counts_at_the_right_time() -> None:
    answer = send(counted_at="1970-01-01T00:00:00Z", sent_at="1970-01-01T00:02:00Z")
    assert answer.status_code == 201
    [(waited,)] = rows("select extract(epoch from received_at - counted_at) from report")
    assert 115 < waited < 150


def test_two_phones_for_one_school_are_two_reports_and_the_latest_count_counts() -> None:
    now = datetime.now(UTC)
    earlier = max(now - timedelta(minutes=2), midnight()).isoformat()
    newest = send(counts={"students_present": 300})
    send("designee", counts={"students_present": 290}, counted_at=earlier, sent_at=now.isoformat())
    deliver()
    assert len(rows("select 1 from report")) == 2
    assert [row.number for row in rows("select number from current_report")] == [newest.json()["number"]]


def test_a_correction_supersedes_with_a_reason_and_nothing_is_changed() -> None:
    first = send().json()
    sent = {"supersedes": first["report_id"], "counts": {"students_present": 301}}
    assert [problem["field"] for problem in send(**sent).json()["problems"]] == ["reason"]
    second = send(**sent, reason="typed wrongly")
    assert second.status_code == 201
    again = send(**sent, reason="again")
    assert (again.status_code, again.json()["code"]) == (409, "superseded")
    deliver()
    [current] = rows("select number, counts, cardinality(times) as reports from current_report")
    assert (current.number, current.reports) == (second.json()["number"], 1)
    history = api_of("principal").get(f"/sesr/api/v1/reports?school_key={ALDER}").json()["rows"]
    assert {row["number"]: row["superseded_by"] for row in history} == {
        first["number"]: second.json()["number"],
        second.json()["number"]: None,
    }
    assert history[0]["counted_at"] == history[1]["counted_at"]


def test_a_day_that_is_over_needs_the_desks_permission() -> None:
    incident = open_incident(name="Longer", first_day=str(yesterday()))
    sent = {"incident_id": incident, "day": str(yesterday())}
    refused = send(**sent)
    assert (refused.status_code, refused.json()["code"]) == (422, "day_over")
    desk = api_of("desk")
    allowed = {"school_key": ALDER, "day": str(yesterday()), "reason": "no network all day"}
    assert desk.post(f"/sesr/incidents/{incident}/late-entry", data=allowed).status_code == 303
    assert send(**sent).status_code == 201


def test_a_report_counted_yesterday_is_taken_today() -> None:
    incident = open_incident(name="Longer", first_day=str(yesterday()))
    now = datetime.now(UTC)
    counted = (now - timedelta(days=1)).isoformat()
    assert (
        send(incident_id=incident, counted_at=counted, sent_at=now.isoformat(), day=str(yesterday())).status_code == 201
    )


def test_nobody_sends_reports_without_end() -> None:
    answers = [send(report_id=str(uuid4())).status_code for _ in range(25)]
    assert answers[0] == 201
    assert answers[-1] == 429
