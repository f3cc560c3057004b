"""The list to call, and a day's report times: on the page and as workbooks, with phones, callers and excused schools."""

import io
from datetime import UTC, datetime, time, timedelta
from typing import Any

import openpyxl
import pytest
from sqlalchemy import text

from services.sesr.rules.day import Expectation, window_states
from services.sesr.rules.timing import windows_of
from shared.db import transaction
from shared.web.clock import today
from tests.people import browser_of
from tests.sesr.world import ALDER, BIRCH, CEDAR, load_schools, midnight, open_incident, send
from tests.stack import deliver

DAY = datetime(2026, 3, 10, tzinfo=UTC)
TIMES = windows_of(DAY.date(), ["08:30", "11:00", "13:30"], UTC, timedelta(minutes=10))
ALWAYS = [Expectation(DAY - timedelta(days=1), None, False)]


def at(hour: int, minute: int = 0) -> datetime:
    return DAY + timedelta(hours=hour, minutes=minute)


def rows_of(answer: Any, sheet: str) -> list[list[Any]]:
    book = openpyxl.load_workbook(io.BytesIO(answer.content))
    return [[cell.value for cell in row] for row in book[sheet]]


@pytest.mark.parametrize(
    ("times", "expectations", "now", "states"),
    [
        ([at(8), at(11, 5)], ALWAYS, at(12), ["on_time", "on_time", "to_come"]),
        ([at(9)], ALWAYS, at(13, 35), ["late", "missed", "due"]),
        ([at(10, 30)], ALWAYS, at(20), ["missed", "on_time", "missed"]),
        ([], [], at(20), ["not_expected"] * 3),
        ([at(8)], [], at(20), ["on_time", "not_expected", "not_expected"]),
        (
            [],
            [Expectation(at(0), at(10), False), Expectation(at(10), None, True)],
            at(20),
            ["missed", "excused", "excused"],
        ),
        (
            [],
            [Expectation(at(0), at(10), True), Expectation(at(10), None, False)],
            at(12),
            ["excused", "missed", "to_come"],
        ),
    ],
)
def test_each_report_time_has_its_state(
    times: list[datetime], expectations: list[Expectation], now: datetime, states: list[str]
) -> None:
    assert window_states(times, expectations, TIMES, now) == states


def test_a_day_without_report_times_has_no_states() -> None:
    assert window_states([at(8)], ALWAYS, [], at(20)) == []


@pytest.fixture
def incident(clean: None) -> str:
    load_schools()
    return open_incident(windows="00:00", grace_minutes=0)


def test_the_list_has_phones_and_callers_and_leaves_out_who_reported(incident: str) -> None:
    send(commander="Per L", cell="310-555-0187", school_key=ALDER)
    deliver()
    desk = browser_of("desk")
    day = {"incident_id": incident, "day": str(today())}
    gone = desk.post("/sesr/calls/assign", data={**day, "to": " Kim  Ode ", "school_key": [BIRCH]})
    assert gone.headers["location"] == f"/sesr/calls?incident={incident}&day={today()}"
    desk.post("/sesr/chase", data={**day, "school_key": BIRCH, "outcome": "no_answer"})
    shown = desk.get(gone.headers["location"]).text
    assert "Birch MS" in shown and "213-555-0102" in shown and "Kim Ode" in shown and "Called, no answer" in shown
    assert "Alder El" not in shown and "Cedar HS" not in shown
    [row] = rows_of(browser_of("central").get("/sesr/calls.xlsx?caller=Kim+Ode"), "To call")[1:]
    assert [*row[:4], row[8], row[9], row[11]] == [
        BIRCH, "Birch MS", "E", "Overdue", "213-555-0102", "Kim Ode", "Called, no answer"
    ]  # fmt: skip
    [other] = rows_of(browser_of("central").get("/sesr/calls.xlsx?caller=nobody"), "To call")[1:]
    assert other[1] == "Cedar HS"
    desk.post("/sesr/calls/assign", data={**day, "to": "", "school_key": [BIRCH]})
    assert "Who calls 1 school was saved." in desk.get("/sesr/calls").text
    assert "Kim Ode" not in desk.get("/sesr/calls").text


def test_nobody_assigns_schools_of_others_or_none(incident: str) -> None:
    day = {"incident_id": incident, "day": str(today()), "to": "Kim"}
    assert browser_of("desk").post("/sesr/calls/assign", data={**day, "school_key": [CEDAR]}).status_code == 404
    nothing = browser_of("desk").post("/sesr/calls/assign", data=day)
    assert nothing.status_code == 422 and "Tick the schools first" in nothing.text
    assert browser_of("director").get("/sesr/calls").status_code == 403


def test_the_desk_comes_back_to_the_list_after_an_entry_by_telephone(incident: str) -> None:
    receipt = send("desk", school_key=BIRCH).json()
    link = f"/sesr/calls?incident={incident}&amp;day={today()}"
    path = f"/sesr/receipts/{receipt['report_id']}"
    assert link in browser_of("desk").get(path).text
    own = send(school_key=ALDER).json()
    assert "Back to the list" not in browser_of("principal").get(f"/sesr/receipts/{own['report_id']}").text


def test_the_day_says_who_missed_which_report_time_and_who_is_excused(incident: str) -> None:
    send(school_key=ALDER)
    browser_of("desk").post(f"/sesr/incidents/{incident}/excuse", data={"school_key": BIRCH, "excused": "true"})
    with transaction("sesr") as session:
        change = "update expected set {} = :at where school_key = :key and {}"
        for column, which in (("until", "until is not null"), ("since", "until is null")):
            session.execute(text(change.format(column, which)), {"at": midnight() - timedelta(hours=1), "key": BIRCH})
    deliver()
    shown = browser_of("central").get("/sesr/day").text
    assert shown.count("Excused") == 3 and "Cedar HS" in shown and "Alder El" not in shown
    own = browser_of("director").get("/sesr/day").text
    assert "Birch MS" in own and "Cedar HS" not in own
    book = browser_of("central").get("/sesr/day.xlsx")
    times = {row[0]: row[5] for row in rows_of(book, "Report times")}
    assert (times["Alder El"], times["Birch MS"], times["Cedar HS"]) == ("Late", "Excused", "Missed")
    assert (times["Schools: Late"], times["Schools: Excused"], times["Schools: Missed"]) == (1, 1, 1)


def test_all_reports_of_a_day_are_exported_with_their_corrections(incident: str) -> None:
    first = send(counts={"students_present": 310, "walkout": 4}, flags={"media": True}).json()
    second = send(counts={"students_present": 290}, supersedes=first["report_id"], reason="mistyped").json()
    day = {"incident_id": incident, "day": str(today())}
    browser_of("desk").post("/sesr/chase", data={**day, "school_key": BIRCH, "outcome": "message", "note": "=1+1"})
    deliver()
    book = browser_of("desk").get("/sesr/day.xlsx")
    header, *reports = rows_of(book, "Reports")
    named = [dict(zip(header, row, strict=True)) for row in reports]
    assert [(row["Report"], row["Students present"], row["Corrected by report"]) for row in named] == [
        (first["number"], 310, second["number"]),
        (second["number"], 290, None),
    ]
    assert named[0]["Media on site"] == "Yes" and named[0]["Group outside fence"] is None
    assert named[1]["Reason"] == "mistyped" and named[0]["Enrolled"] == 944
    assert isinstance(named[0]["Counted at"], datetime | time)
    assert rows_of(book, "Calls")[1][4:] == ["Left a message", "=1+1"]
    assert len(rows_of(browser_of("director").get("/sesr/day.xlsx"), "Calls")) == 1
