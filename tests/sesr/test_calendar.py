"""A person's calendar, read by another library than the one that writes it: what is in it, who may read it, until when."""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
import vobject
from httpx2 import Response
from sqlalchemy import text

from services.sesr.actions.intake import store_calendar
from services.sesr.rules.calendar import FeedIncident, FeedSite, read_address, report_events, sign_address
from services.sesr.rules.keys import BadKey
from services.sesr.rules.plans import Course, Plan
from shared.access.people import set_active, take_role
from shared.calendars import CalendarEvent
from shared.db import transaction
from shared.events import CalendarChanged, ExtractionDay, TermDates
from shared.files.ics_writing import calendar_file
from tests.people import browser_of
from tests.sesr.world import load_schools, open_incident

AT = datetime(2026, 11, 20, 17, tzinfo=UTC)
SITE = FeedSite("https://ses.example", "ses.example")
DAYS = CalendarChanged(
    revision=3,
    changed_at=AT,
    days_off=[],
    windows=[TermDates("Fa26", date(2026, 11, 2), date(2026, 12, 11))],
    extraction_days=[ExtractionDay("Fa26", date(2026, 11, 20))],
)


def store(event: CalendarChanged) -> None:
    with transaction("sesr") as session:
        store_calendar(session, event)


def made_address(role: str) -> str:
    """The path of a new address that the role's person made."""
    browser = browser_of(role)
    assert browser.post("/sesr/calendar").status_code == 303
    found = re.search(r'value="http[^"]*(/sesr/calendar/\w+\.ics)"', browser.get("/sesr/calendar").text)
    assert found is not None
    return found[1]


def fetched(path: str, **headers: str) -> Response:
    """What a calendar program gets: nobody is signed in."""
    return browser_of(None).get(path, headers=headers)


def events(answer: Response) -> dict[str, Any]:
    """Summary -> event, as another library reads the calendar."""
    assert answer.status_code == 200, answer.text
    read = vobject.readOne(answer.text, validate=True)
    return {event.uid.value: event for event in getattr(read, "vevent_list", [])}


@pytest.mark.usefixtures("clean")
def test_the_calendar_has_window_extractions_and_report_times_and_names_nobody() -> None:
    load_schools()
    incident = open_incident(windows="8:30, 13:30", grace_minutes=15, drill=True)
    store(DAYS)
    answer = fetched(made_address("principal"))
    assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
    found = events(answer)
    by_summary = {event.summary.value: event for event in found.values()}
    window = by_summary["School Experience Survey Fa26: open"]
    assert (window.dtstart.value, window.dtend.value) == (date(2026, 11, 2), date(2026, 12, 12))
    assert by_summary["School Experience Survey Fa26: new response rates"].dtstart.value == date(2026, 11, 20)
    times = sorted(event.dtstart.value for uid, event in found.items() if uid.startswith(f"report-{incident}"))
    assert [f"{at:%H:%M}" for at in times] == ["08:30", "13:30"]
    zone = ZoneInfo("America/Los_Angeles")
    assert [at.astimezone(UTC) for at in times] == [at.replace(tzinfo=zone).astimezone(UTC) for at in times]
    assert "DRILL, strike report due: Strike" in by_summary
    for name in ("Lindqvist", "@lausd.example", "213-555", "Alder"):
        assert name not in answer.text


@pytest.mark.usefixtures("clean")
def test_the_same_calendar_is_the_same_bytes_and_a_change_counts_up_under_the_same_ids() -> None:
    load_schools()
    incident = open_incident(windows="8:30")
    store(DAYS)
    path = made_address("principal")
    with transaction("sesr") as session:  # a stamp has seconds, and all of this may happen within one
        session.execute(text("update incident set planned_at = planned_at - interval '1 minute'"))
    first = fetched(path)
    assert fetched(path).content == first.content
    again = fetched(path, **{"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    moved = TermDates("Fa26", date(2026, 11, 3), date(2026, 12, 18))
    store(DAYS.model_copy(update={"revision": 5, "changed_at": AT + timedelta(days=1), "windows": [moved]}))
    store(DAYS.model_copy(update={"revision": 4}))  # comes late
    assert (
        browser_of("central").post(f"/sesr/incidents/{incident}/change", data={"name": "Strike 2"}).status_code == 303
    )
    before, after = events(first), events(fetched(path))
    assert before.keys() == after.keys()
    grown = {uid.partition("-")[0]: (int(before[uid].sequence.value), int(after[uid].sequence.value)) for uid in before}
    assert grown == {"window": (3, 5), "extraction": (3, 3), "report": (0, 1)}
    for uid, event in after.items():
        assert (event.dtstamp.value > before[uid].dtstamp.value) == (grown[uid.partition("-")[0]] != (3, 3))


@pytest.mark.usefixtures("clean")
def test_each_sees_the_incidents_of_their_own_schools_and_operations_none() -> None:
    load_schools()
    open_incident(name="West only", regions=["W"])
    open_incident(name="East only", regions=["E"])
    store(DAYS)
    seen = {
        role: {event.summary.value.rpartition(": ")[2] for event in events(fetched(made_address(role))).values()}
        for role in ("central", "desk", "principal", "ops")
    }
    both = {"open", "new response rates"}
    east = {*both, "East only"}
    assert seen == {"central": {*east, "West only"}, "desk": east, "principal": east, "ops": both}


@pytest.mark.usefixtures("clean")
def test_an_address_ends_when_it_is_replaced_turned_off_or_its_person_has_the_role_no_more() -> None:
    store(DAYS)
    first, browser = made_address("principal"), browser_of("principal")
    second = made_address("principal")
    assert [fetched(first).status_code, fetched(second).status_code] == [404, 200]
    assert browser.post("/sesr/calendar/remove").status_code == 303
    assert fetched(second).status_code == 404
    third, other = made_address("principal"), made_address("designee")
    with transaction("ingest") as session:
        take_role(session, "principal@lausd.example", "principal")
        set_active(session, "designee@lausd.example", False)
    assert [fetched(path).status_code for path in (third, other)] == [404, 404]
    assert "Sign in, open Calendar" in fetched(third).text


@pytest.mark.usefixtures("clean")
def test_nobody_guesses_an_address_and_a_program_that_asks_too_often_waits() -> None:
    store(DAYS)
    path = made_address("principal")
    forged = path[:-8] + ("0000" if path[-8:-4] != "0000" else "1111") + ".ics"
    assert [fetched(each).status_code for each in (forged, "/sesr/calendar/x.ics", "/sesr/calendar/.ics")] == [404] * 3
    statuses = [fetched(path).status_code for _ in range(61)]
    assert statuses == [200] * 60 + [429]
    assert fetched(made_address("desk")).status_code == 200, "each address by itself"


def test_an_address_is_read_only_with_the_secret_that_signed_it() -> None:
    signed = sign_address(b"secret", "a" * 32)
    assert read_address(b"secret", signed) == "a" * 32
    for secret, address in ((b"other", signed), (b"", signed), (b"secret", signed[:-1]), (b"secret", "ä" + signed[1:])):
        with pytest.raises(BadKey):
            read_address(secret, address)


@pytest.mark.parametrize("zone", ["America/Los_Angeles", "America/St_Johns", "Australia/Lord_Howe", "Asia/Kolkata"])
def test_another_library_finds_the_same_instants_by_the_time_zone_in_the_file_alone(zone: str) -> None:
    """On both sides of every change of the clocks: it evaluates the VTIMEZONE, not a list of zones of its own."""
    own = ZoneInfo(zone)
    moments = [datetime(2026, 1, 5, 8, 30, tzinfo=own) + timedelta(days=n) for n in range(0, 720, 3)]
    made = [
        CalendarEvent(f"{n}@x", "s", "d", "u", at, at + timedelta(minutes=10), 0, AT) for n, at in enumerate(moments)
    ]
    name = f"Nobody-knows-{zone.partition('/')[2]}"
    content = calendar_file("x", made, own).decode().replace(zone, name)
    if zone == "America/Los_Angeles":  # RFC 5545, 3.6.5: the local time before the clocks are changed
        assert "BEGIN:DAYLIGHT\r\nDTSTART:20260308T020000\r\n" in content
        assert "BEGIN:STANDARD\r\nDTSTART:20261101T020000\r\n" in content
    read = vobject.readOne(content)
    found = [event.dtstart.value.astimezone(UTC) for event in read.vevent_list]
    assert found == [at.astimezone(UTC) for at in moments]
    assert all(len(line.encode()) <= 75 for line in content.split("\r\n") if name not in line)


def test_reports_are_in_the_calendar_as_the_incident_asks_for_them_now() -> None:
    zone = ZoneInfo("America/Los_Angeles")
    monday = date(2026, 3, 23)
    opened = datetime(2026, 3, 22, 12, tzinfo=UTC)
    old = Plan(opened, monday, monday + timedelta(days=6), False, (date(2026, 3, 25),), ("08:30", "13:30"), 10, 30)
    closed = datetime(2026, 3, 27, 17, tzinfo=UTC)  # Friday, 10:00
    course = Course((old, old._replace(since=opened + timedelta(hours=1))), opened, closed, ())
    made = report_events(FeedIncident(uuid4(), "Strike", False, course), closed, zone, SITE)
    shown = [f"{event.first.astimezone(zone):%a %H:%M}" for event in made if isinstance(event.first, datetime)]
    assert shown == ["Mon 08:30", "Mon 13:30", "Tue 08:30", "Tue 13:30", "Thu 08:30", "Thu 13:30", "Fri 08:30"]
    assert {(event.sequence, event.stamp) for event in made} == {(1, course.plans[1].since)}
