"""The board: who reported, totals with coverage, past minutes, scope, exports, calls."""

import csv
import io
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import openpyxl
import pytest
from sqlalchemy import text

from services.sesr.queries import board as queries
from services.sesr.queries.board import BoardFilter
from shared.access import Scope
from shared.db import transaction
from shared.settings import settings
from shared.web.clock import today
from tests.people import api_of, browser_of
from tests.sesr.world import ALDER, BIRCH, CEDAR, load_schools, midnight, open_incident, send, yesterday
from tests.stack import deliver

pytestmark = pytest.mark.usefixtures("clean")


@pytest.fixture(autouse=True)
def incident(clean: None) -> str:
    load_schools()
    return open_incident(windows="00:00", grace_minutes=0, most_per_adult=20, first_day=str(yesterday()))


def board(role: str = "central", **query: str) -> dict[str, Any]:
    answer = api_of(role).get("/sesr/api/v1/board", params=query)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_who_has_not_reported_is_not_zero() -> None:
    send(counts={"students_present": 310, "volunteers": 10}, flags={"media": True})
    deliver()
    shown = board()
    total = shown["total"]
    assert (total["expected"], total["reported"], total["not_yet"]) == (3, 1, 2)
    assert (total["totals"]["students_present"], total["totals"]["enrolled"]) == (310, 944)
    assert total["given"]["walkout"] == 0
    assert shown["media"] == [ALDER]
    assert shown["alarms"] == [ALDER]
    assert shown["estimate"]["schools"] == 2
    assert [row["counts"] is None for row in shown["rows"]] == [False, True, True]


def test_each_role_sees_its_own_schools_on_the_board() -> None:
    for school in (ALDER, BIRCH, CEDAR):
        send("central", school_key=school)
    deliver()
    seen = {role: [row["school_key"] for row in board(role)["rows"]] for role in ("central", "desk", "director")}
    assert seen == {"central": [ALDER, BIRCH, CEDAR], "desk": [ALDER, BIRCH], "director": [ALDER, BIRCH]}
    assert [api_of(role).get("/sesr/api/v1/board").status_code for role in ("principal", "ops", None)] == [
        403,
        403,
        401,
    ]
    assert "Cedar" not in browser_of("desk").get("/sesr/board").text
    assert "Cedar" not in browser_of("desk").get("/sesr/board.csv").text
    assert len(api_of("desk").get("/sesr/api/v1/changes").json()["rows"]) == 2


def test_the_board_of_a_past_minute_is_what_counted_then() -> None:
    first = send().json()
    deliver()
    then = datetime.now(UTC)
    send(counts={"students_present": 290})
    send(supersedes=first["report_id"], reason="typed wrongly", counts={"students_present": 5})
    deliver()
    assert board()["total"]["totals"]["students_present"] == 290
    assert board(as_of=then.isoformat())["total"]["totals"]["students_present"] == 310
    assert board(as_of=(then - timedelta(days=1)).isoformat())["total"]["reported"] == 0


def test_the_live_board_and_the_board_as_of_now_are_the_same(incident: str) -> None:
    first = send().json()
    send("desk", school_key=BIRCH, counts={"students_present": 20})
    send(supersedes=first["report_id"], reason="typed wrongly", counts={"students_present": 300})
    deliver(times=3)
    with transaction("sesr") as session:
        [found] = session.execute(text("select incident_id from incident")).scalars()
        shown = BoardFilter(found, today())
        live = queries.lines(session, Scope(everywhere=True), shown)
        assert queries.lines(session, Scope(everywhere=True), shown, datetime.now(UTC)) == live


def test_who_was_present_at_a_minute_is_what_the_fold_of_the_reports_says(incident: str) -> None:
    moments: list[datetime | None] = [datetime.now(UTC)]
    first = send().json()
    send("desk", school_key=BIRCH, counts={"students_present": 20})
    moments.append(datetime.now(UTC))
    second = send(supersedes=first["report_id"], reason="typed wrongly", counts={"students_present": 300}).json()
    send(counted_at=(datetime.now(UTC) - timedelta(minutes=9)).isoformat(), counts={"students_present": 7})
    moments.append(datetime.now(UTC))
    send(supersedes=second["report_id"], reason="typed wrongly again", counts={"students_present": 290})
    moments.append(None)
    deliver()
    with transaction("sesr") as session:
        [found] = session.execute(text("select incident_id from incident")).scalars()
        shown, everywhere = BoardFilter(found, today()), Scope(everywhere=True)
        present = [queries.students_present(session, everywhere, shown, moment) for moment in moments]
        folded = [queries.lines(session, everywhere, shown, moment) for moment in moments]
    known = [
        {line.school_key: line.current.counts.get("students_present") for line in lines if line.current}
        for lines in folded
    ]
    assert present == known
    assert [each.get(ALDER) for each in present] == [None, 310, 300, 290]
    assert present[1][BIRCH] == 20


def test_an_excused_school_is_not_expected(incident: str) -> None:
    fields = {"school_key": BIRCH, "excused": "true"}
    assert browser_of("desk").post(f"/sesr/incidents/{incident}/excuse", data=fields).status_code == 303
    assert board()["total"]["expected"] == 2
    fields["school_key"] = CEDAR
    assert browser_of("desk").post(f"/sesr/incidents/{incident}/excuse", data=fields).status_code == 404


def test_a_school_that_is_excused_after_its_report_counts_and_owes_no_more(incident: str) -> None:
    send()
    deliver()
    fields = {"school_key": ALDER, "excused": "true"}
    assert browser_of("desk").post(f"/sesr/incidents/{incident}/excuse", data=fields).status_code == 303
    with transaction("sesr") as session:
        session.execute(text("update current_report set times = array[counted_at - interval '1 day']"))
    shown = board()
    states = {row["school_key"]: row["state"] for row in shown["rows"]}
    assert states == {ALDER: "reported", BIRCH: "overdue", CEDAR: "overdue"}
    before = board(as_of=midnight().isoformat())
    assert [row["school_key"] for row in before["rows"]] == [ALDER, BIRCH, CEDAR]


def test_a_closed_incident_leaves_nobody_overdue_for_later_reports(incident: str) -> None:
    with transaction("sesr") as session:
        session.execute(text("update incident set windows = '{00:00,00:01}', closed_at = :at"), {"at": midnight()})
    shown = board()
    assert (shown["window"], shown["next_window"]) == ("00:00", None)
    assert "No report is due any more" in browser_of("central").get("/sesr/board").text


def test_an_incident_opened_in_the_course_of_a_day_asks_for_no_report_that_was_due_before(incident: str) -> None:
    began = {"at": midnight(yesterday())}
    with transaction("sesr") as session:
        session.execute(text("update incident set windows = '{00:00,00:01}', opened_at = :at"), began)
    shown = board(day=str(yesterday()))
    assert shown["window"] == "00:01"
    with transaction("sesr") as session:
        session.execute(text("update incident set opened_at = now()"))
    shown = board(day=str(yesterday()))
    assert (shown["window"], [row["state"] for row in shown["rows"]]) == (None, ["not_yet"] * 3)


def test_what_fell_due_while_an_incident_was_closed_is_asked_of_nobody(incident: str) -> None:
    assert {row["state"] for row in board()["rows"]} == {"overdue"}
    central = browser_of("central")
    assert central.post(f"/sesr/incidents/{incident}/close").status_code == 303
    with transaction("sesr") as session:
        session.execute(text("update incident set closed_at = :at"), {"at": midnight() - timedelta(hours=3)})
    assert central.post(f"/sesr/incidents/{incident}/reopen").status_code == 303
    assert {row["state"] for row in board()["rows"]} == {"not_yet"}
    assert {row["state"] for row in board(day=str(yesterday()))["rows"]} == {"overdue"}
    [listed] = central.get("/sesr/api/v1/incidents").json()["rows"]
    assert (len(listed["pauses"]), listed["closed_at"]) == (1, None)


def test_no_board_is_of_a_moment_to_come(incident: str) -> None:
    with transaction("sesr") as session:
        session.execute(text("update incident set windows = '{23:59}', last_day = :day"), {"day": today()})
    now = datetime.now(UTC)
    later = board(as_of=(now + timedelta(days=2)).isoformat())
    assert datetime.fromisoformat(later["as_of"]) < now + timedelta(minutes=1)
    assert later["window"] is None


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_a_day_outside_the_incident_is_refused(day: str) -> None:
    central = api_of("central")
    for path in ("board", "changes"):
        assert central.get(f"/sesr/api/v1/{path}?day={day}").status_code == 422
    assert browser_of("central").get(f"/sesr/board?day={day}").status_code == 200


def test_a_call_noted_later_is_not_on_the_board_of_an_earlier_minute(incident: str) -> None:
    day = str(yesterday())
    note = {"incident_id": incident, "day": day, "school_key": BIRCH, "outcome": "no_answer"}
    browser_of("desk").post("/sesr/chase", data=note)
    assert "Called, no answer" in browser_of("desk").get(f"/sesr/board?day={day}").text
    assert "Called, no answer" not in browser_of("desk").get(f"/sesr/board?day={day}&at=00:00").text


def test_a_day_is_compared_with_the_last_day_that_has_reports(incident: str) -> None:
    friday = today() - timedelta(days=3)
    earlier = "(received_at at time zone :zone - interval '3 days') at time zone :zone"
    with transaction("sesr") as session:
        session.execute(text("update incident set first_day = :day"), {"day": friday})
    send()
    send("desk", day=str(friday), counts={"students_present": 300})
    deliver()
    with transaction("sesr") as session:
        values = {"day": friday, "zone": settings().timezone}
        session.execute(text(f"update recorded set received_at = {earlier} where day = :day"), values)
    shown = board()
    assert (shown["same_schools_as_yesterday"], shown["yesterday"]) == ([1, 300, 310], str(friday))


def test_a_page_of_the_schools_to_call_says_which_of_how_many_it_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    assert " of 3</span>" not in browser_of("central").get("/sesr/board").text
    monkeypatch.setattr("services.sesr.pages.board.CHASED_AT_ONCE", 2)
    central = browser_of("central")
    assert "<span>1 to 2 of 3</span>" in central.get("/sesr/board").text
    assert "<span>3 to 3 of 3</span>" in central.get("/sesr/board", params={"after": 2}).text


def test_a_call_is_noted_on_the_chase_list(incident: str) -> None:
    desk = browser_of("desk")
    page = desk.get("/sesr/board").text
    assert 'href="tel:213-555-0102"' in page
    assert "overdue since 12:00 AM" in page
    note = {"incident_id": incident, "day": str(today()), "school_key": BIRCH, "outcome": "no_answer", "note": "twice"}
    assert desk.post("/sesr/chase", data=note).status_code == 303
    assert desk.post("/sesr/chase", data={**note, "outcome": "shrug"}).status_code == 422
    assert desk.post("/sesr/chase", data={**note, "school_key": CEDAR}).status_code == 404
    assert "Called, no answer" in desk.get("/sesr/board").text


def test_the_page_shows_groups_changes_and_the_day(incident: str) -> None:
    send(flags={"outside_group": True})
    deliver()
    central = browser_of("central")
    for by in ("region", "cos", "director", "level", "nonsense"):
        page = central.get(f"/sesr/board?by={by}")
        assert page.status_code == 200
    assert "Group outside fence (1)" in page.text
    assert "Latest reports" in page.text
    assert "hx-sse:connect" in page.text
    past = central.get("/sesr/board?at=00:00").text
    assert "As it was at" in past
    assert "hx-sse:connect" not in past
    assert central.get("/sesr/board?at=never").status_code == 422
    assert "Cedar" in central.get("/sesr/board/live?region=W").text


def test_what_a_board_of_today_leads_to_goes_on_to_tomorrow_as_it_does(incident: str) -> None:
    central = browser_of("central")
    leads = re.compile(r'(?:href|connect)="(/sesr/board[^"]+)"')
    live = leads.findall(central.get(f"/sesr/board?incident={incident}&day={today()}").text)
    assert len(live) > 5
    assert [link for link in live if "day=" in link] == []
    for other in (f"day={yesterday()}", f"day={today()}&at=00:00"):
        fixed = leads.findall(central.get(f"/sesr/board?incident={incident}&{other}").text)
        assert [link for link in fixed if "&amp;day=" not in link] == []


def test_exports_hold_every_school_and_blanks_for_what_is_not_known() -> None:
    send()
    deliver()
    central = browser_of("central")
    book = openpyxl.load_workbook(io.BytesIO(central.get("/sesr/board.xlsx").content))
    assert book.sheetnames == ["Summary", "Groups", "Schools"]
    rows = list(book["Schools"].values)
    header = list(rows[0])
    assert [row[0] for row in rows[1:]] == ["Alder El", "Birch MS", "Cedar HS"]
    assert [row[header.index("Students present")] for row in rows[1:]] == [310, None, None]
    summary = {row[0]: row[1] for row in book["Summary"].values}
    assert (summary["Schools reported"], summary["Schools not yet reported"]) == (1, 2)
    assert (summary["Schools overdue"], summary["Schools that gave adults"]) == (2, 0)
    lines = central.get("/sesr/board.csv").text.splitlines()
    assert len(lines) == 4
    assert lines[2].startswith("Birch MS,1400201")
    assert re.search(rf",{today()} \d\d:\d\d,", lines[1])


def test_what_no_school_gave_is_a_dash_and_a_blank_and_no_zero() -> None:
    send(counts={"students_present": 310})
    deliver()
    central = browser_of("central")
    shown = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", central.get("/sesr/board").text))
    assert "Adults on site – – students per adult, at 0 schools that gave adults" in shown
    assert "Certificated present (administrators) – – 0" in shown
    assert "E 1 2 1 310 33% – – – 0 0" in shown
    book = openpyxl.load_workbook(io.BytesIO(central.get("/sesr/board.xlsx?region=W").content))
    summary = {row[0]: row[1] for row in book["Summary"].values}
    assert summary["Students present at reporting schools"] is None
    assert summary["Students enrolled at reporting schools"] is None
    assert list(book["Groups"].values)[1][-1] is None


def test_students_without_any_adult_are_told_in_the_exports_too() -> None:
    send(counts={"students_present": 310, "volunteers": 0})
    send("central", school_key=BIRCH, counts={"students_present": 90})
    deliver()
    rows = list(csv.DictReader(io.StringIO(browser_of("central").get("/sesr/board.csv").text.lstrip("\ufeff"))))
    assert [row["Students per adult"] for row in rows] == ["no adult", "", ""]


def test_without_an_incident_there_is_no_board() -> None:
    with transaction("sesr") as session:
        session.execute(text("delete from incident"))
    assert "No incident yet" in browser_of("central").get("/sesr/board").text
    assert api_of("central").get("/sesr/api/v1/board").status_code == 404


def test_the_board_draws_the_day_with_who_was_expected_and_when_a_report_was_due(incident: str) -> None:
    assert send().status_code == 201
    deliver()
    assert "The day so far" not in browser_of("central").get("/sesr/board").text, "one moment is no course"
    with transaction("sesr") as session:
        session.execute(text("update recorded set received_at = received_at - interval '2 hours'"))
    assert send("central", school_key=BIRCH).status_code == 201
    deliver()
    page = browser_of("central").get("/sesr/board").text
    assert page.count('class="chart"') == 2
    assert "2 of 3 schools had reported at" in page and ">Expected 3<" in page
    assert "620 students at the schools that had reported at" in page
