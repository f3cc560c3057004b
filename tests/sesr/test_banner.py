"""The banner of an open incident: what is due next for each own site, on the pages of the other services."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from shared.access.people import grant
from shared.days import date_words
from shared.db import transaction
from shared.web.clock import district_zone, today
from tests.people import browser_of
from tests.sesr.world import ALDER, BIRCH, CEDAR, load_schools, open_incident, send
from tests.stack import deliver

pytestmark = pytest.mark.usefixtures("clean")
LOADED = 'hx-get="/sesr/banner"'


def said_to(role: str) -> str:
    """The banner without the place for what waits on the device."""
    shown, place, _ = (
        browser_of(role).get("/sesr/banner").text.partition('<div class="alert alert-error" data-strike-waiting="')
    )
    assert place
    return shown.replace('<span hidden data-live=""></span>', "").strip()


def test_nothing_is_said_while_no_incident_is_open() -> None:
    load_schools()
    assert said_to("principal") == ""


def test_each_own_site_has_its_state_and_one_tap_to_its_form() -> None:
    load_schools()
    with transaction("ingest") as session:
        grant(session, "principal@lausd.example", "principal", [ALDER, BIRCH], "operations")
    incident = open_incident(windows="00:00", grace_minutes=0)
    send(school_key=ALDER)
    deliver()
    shown = said_to("principal")
    assert shown.count("alert-warning") == 1 and "Birch MS: Strike: Due since 12:00 AM" in shown
    assert shown.count("alert-success") == 1 and "Alder El: Strike: Nothing more today" in shown
    assert f"/sesr/report?school={BIRCH}&amp;incident={incident}" in shown
    assert CEDAR not in shown
    assert said_to("desk") == ""
    browser_of("central").post(f"/sesr/incidents/{incident}/close")
    assert said_to("principal") == ""


def test_it_says_in_how_many_minutes_the_next_report_is_due() -> None:
    load_schools()
    now = datetime.now(UTC).astimezone(district_zone())
    due = min(now + timedelta(minutes=13), now.replace(hour=23, minute=59))
    incident = open_incident(windows=f"{due:%H:%M}", grace_minutes=120)
    shown = said_to("principal")
    assert re.search(r"Due in 1[23] minutes" if due - now == timedelta(minutes=13) else r"Due (in|now)", shown)
    assert incident in shown


def test_sites_with_the_same_state_share_a_line_and_those_that_are_due_come_first() -> None:
    load_schools()
    with transaction("ingest") as session:
        grant(session, "principal@lausd.example", "principal", [ALDER, BIRCH, CEDAR], "operations")
    open_incident(windows="00:00", grace_minutes=0)
    send(school_key=ALDER)
    send(school_key=BIRCH)
    deliver()
    shown = said_to("principal")
    assert shown.index("Cedar HS: Strike: Due since") < shown.index("Nothing more today, 2 sites")
    assert shown.count('href="/sesr/report?') == 3 and shown.count('class="alert ') == 2


def test_home_says_which_incidents_are_open_where_there_are_several() -> None:
    load_schools()
    open_incident(name="Strike of the north", regions=["E"])
    assert "Open incidents" not in browser_of("desk").get("/sesr/cards").text
    open_incident(name="Strike of the west", regions=["W"])
    later = str(today() + timedelta(days=3))
    open_incident(name="Exercise", drill=True, first_day=later, last_day=later)
    shown = browser_of("desk").get("/sesr/cards").text
    begins = date_words(today() + timedelta(days=3))
    for named in ("Open incidents", "Strike of the north", "Strike of the west", f"Exercise (drill) (from {begins})"):
        assert named in shown


@pytest.mark.parametrize(
    ("role", "is_loaded"),
    [("principal", True), ("designee", True), ("desk", False), ("central", False), ("ops", False), ("director", False)],
)
def test_pages_load_it_for_those_who_report_for_a_school(role: str, is_loaded: bool) -> None:
    assert (LOADED in browser_of(role).get("/rates/").text) == is_loaded
    assert LOADED not in browser_of(None).get("/sign-in").text


def test_the_banner_keeps_no_session_alive() -> None:
    principal = browser_of("principal")
    with transaction("ingest") as session:
        session.execute(text("update access.session set last_seen_at = now() - interval '20 minutes'"))
    assert principal.get("/sesr/banner").status_code == 200
    with transaction("ingest") as session:
        assert session.execute(text("select last_seen_at < now() - interval '19 minutes' from access.session")).scalar()
