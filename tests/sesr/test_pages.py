"""The pages of sesr without script: form, receipt, history, correction, incidents; and where phones may be."""

import html
import re
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import text

from shared.db import transaction
from shared.settings import SERVICES
from shared.web.clock import today
from tests.people import browser_of
from tests.sesr.world import ALDER, BIRCH, CEDAR, SCHOOLS, load_schools, open_incident, send
from tests.stack import deliver, failures

pytestmark = pytest.mark.usefixtures("clean")


@pytest.fixture(autouse=True)
def incident(clean: None) -> str:
    load_schools()
    return open_incident()


def filled(page: str, **fields: str) -> dict[str, str]:
    """The hidden fields of the shown report form, with fields filled in."""
    form = page[page.index("data-report") :]
    hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form))
    return {**hidden, **fields}


def test_the_form_is_prefilled_and_its_report_leads_to_a_receipt() -> None:
    principal = browser_of("principal")
    assert principal.get("/sesr/").headers["location"] == "/sesr/report"
    form = principal.get("/sesr/report").text
    assert "Alder El (1400101)" in form
    assert 'value="Per Lindqvist"' in form
    assert 'value="213-555-0101"' in form
    assert "of 29" in form
    sent = principal.post("/sesr/report", data=filled(form, students_present="310", media="yes", cell="(213) 555-0177"))
    assert sent.status_code == 303
    receipt = principal.get(sent.headers["location"]).text
    assert re.search(r"Report \d+ received", receipt)
    deliver()
    again = principal.get("/sesr/report").text
    assert re.search(r"No change since \d+:\d\d [AP]M", again)
    assert 'value="213-555-0177"' in again


def test_no_change_sends_the_same_numbers_as_a_new_report() -> None:
    first = send(counts={"students_present": 310, "walkout": 5}, flags={"media": True}).json()
    principal = browser_of("principal")
    fields = {"report_id": str(uuid4()), "of": first["report_id"]}
    assert principal.post("/sesr/report/same", data=fields).status_code == 303
    with transaction("sesr") as session:
        rows = session.execute(text("select counts, flags from report")).all()
    assert len(rows) == 2
    assert rows[0] == rows[1]


def test_what_is_wrong_is_shown_at_its_field_and_nothing_typed_is_lost() -> None:
    principal = browser_of("principal")
    form = principal.get("/sesr/report").text
    fields = filled(form, students_present="12.5", walkout="7", cell="55", commander="Jo <b>Park</b>")
    answer = principal.post("/sesr/report", data=fields)
    assert answer.status_code == 422
    assert 'href="#students_present"' in answer.text
    assert 'href="#cell"' not in answer.text
    assert 'value="55"' in answer.text
    assert 'value="12.5"' in answer.text
    assert 'value="7"' in answer.text
    assert "Jo &lt;b&gt;Park&lt;/b&gt;" in answer.text


def test_a_correction_keeps_the_trail_in_the_history() -> None:
    first = send().json()
    principal = browser_of("principal")
    form = principal.get(f"/sesr/report?correct={first['report_id']}").text
    assert 'value="310"' in form
    sent = principal.post("/sesr/report", data=filled(form, students_present="301", reason="typed wrongly"))
    assert sent.status_code == 303
    history = principal.get(f"/sesr/schools/{ALDER}").text
    assert "Reason: typed wrongly." in history
    assert f"Corrected by {first['number'] + 1}" in history


def test_foreign_schools_and_reports_are_not_there() -> None:
    foreign = send("desk", school_key=BIRCH).json()["report_id"]
    principal = browser_of("principal")
    for path in (
        f"/sesr/schools/{BIRCH}",
        f"/sesr/receipts/{foreign}",
        f"/sesr/report?school={BIRCH}",
        f"/sesr/report?correct={foreign}",
        f"/sesr/schools/{CEDAR}",
    ):
        assert principal.get(path).status_code == 404, path
    assert principal.post("/sesr/report/same", data={"report_id": str(uuid4()), "of": foreign}).status_code == 404
    assert browser_of("desk").get(f"/sesr/schools/{CEDAR}").status_code == 404
    assert "Cedar HS" not in browser_of("desk").get("/sesr/?q=").text
    assert "Cedar HS" in browser_of("central").get("/sesr/?q=ced").text


def test_incidents_are_opened_closed_and_opened_again_by_central_only(incident: str) -> None:
    central = browser_of("central")
    bad = {"name": "Drill", "first_day": str(today()), "last_day": str(today() - timedelta(days=1)), "windows": "25:00"}
    assert central.post("/sesr/incidents", data=bad).status_code == 422
    good = {**bad, "last_day": str(today()), "windows": "8:30, 11:00", "drill": "true", "levels": "Middle"}
    assert central.post("/sesr/incidents", data=good).status_code == 303
    with transaction("sesr") as session:
        found = session.execute(text("select school_key from expected join incident using (incident_id) where drill"))
        assert found.scalars().all() == [BIRCH]
    assert central.post(f"/sesr/incidents/{incident}/close").status_code == 303
    assert "No incident is open" in browser_of("principal").get("/sesr/report").text
    assert central.post(f"/sesr/incidents/{incident}/reopen").status_code == 303
    assert "data-report" in browser_of("principal").get("/sesr/report").text
    assert browser_of("desk").get("/sesr/incidents").status_code == 403


def test_a_school_that_left_the_directory_is_expected_in_no_later_incident() -> None:
    load_schools(SCHOOLS[1:], revision=2)
    later = open_incident(name="Later")
    with transaction("sesr") as session:
        found = session.execute(
            text("select school_key from expected where incident_id = :id order by 1"), {"id": later}
        )
        assert found.scalars().all() == [BIRCH, CEDAR]
    load_schools(SCHOOLS, revision=3)
    with transaction("sesr") as session:
        found = session.execute(text("select count(*) from expected where incident_id = :id"), {"id": later})
        assert found.scalar_one() == 3


def test_a_running_incident_gets_another_day_other_times_and_another_alarm(incident: str) -> None:
    central = browser_of("central")
    tomorrow = str(today() + timedelta(days=1))
    good = {"last_day": tomorrow, "windows": "9:15, 12:00", "most_per_adult": "25"}
    assert central.post(f"/sesr/incidents/{incident}/change", data={**good, "windows": "noon"}).status_code == 422
    assert browser_of("desk").post(f"/sesr/incidents/{incident}/change", data=good).status_code == 403
    assert central.post(f"/sesr/incidents/{incident}/change", data=good).status_code == 303
    changed = central.get(f"/sesr/incidents/{incident}").text
    assert f'value="{tomorrow}"' in changed
    assert 'value="09:15, 12:00"' in changed
    with transaction("sesr") as session:
        detail = session.execute(text("select detail from audit where action = 'incident.change'")).scalar_one()
    assert (detail["before"]["most_per_adult"], detail["now"]["most_per_adult"]) == (30, 25)
    central.post(f"/sesr/incidents/{incident}/close")
    assert central.post(f"/sesr/incidents/{incident}/change", data=good).status_code == 409


def test_the_desk_sees_who_called_and_whether_the_school_is_expected(incident: str) -> None:
    desk = browser_of("desk")
    came = {"referer": "http://127.0.0.1:8000/sesr/board?region=E"}
    shown = desk.get(f"/sesr/schools/{BIRCH}", headers=came).text
    assert 'name="back" value="/sesr/board?region=E"' in shown
    assert "Do not expect this school" in shown
    assert "Ana Ruiz" in shown
    assert 'href="tel:213-555-0102"' in shown
    assert "Allow late entry" not in shown
    note = {
        "incident_id": incident,
        "day": str(today()),
        "school_key": BIRCH,
        "outcome": "message",
        "note": "line busy",
    }
    assert (
        desk.post("/sesr/chase", data={**note, "back": "/sesr/board?region=E"}).headers["location"].endswith("region=E")
    )
    desk.post("/sesr/chase", data={**note, "outcome": "no_answer", "note": ""})
    day = str(today() - timedelta(days=1))
    excused = {"school_key": BIRCH, "excused": "true", "day": day}
    assert f"day={day}" in desk.post(f"/sesr/incidents/{incident}/excuse", data=excused).headers["location"]
    again = desk.get(f"/sesr/schools/{BIRCH}").text
    assert "line busy" in again
    assert "Called, no answer" in again
    assert "Do not expect this school" not in again
    assert "Not expected" in again
    assert "Duty desk" not in browser_of("principal").get(f"/sesr/schools/{ALDER}").text


def test_a_school_that_is_not_expected_is_told_so_and_not_that_no_incident_is_open(incident: str) -> None:
    browser_of("desk").post(f"/sesr/incidents/{incident}/excuse", data={"school_key": ALDER, "excused": "true"})
    shown = browser_of("principal").get("/sesr/report").text
    assert "Strike is open, and the duty desk took Alder El out of those expected" in shown
    assert "No incident is open" not in shown
    browser_of("central").post(f"/sesr/incidents/{incident}/close")
    assert "No incident is open" in browser_of("principal").get("/sesr/report").text


def test_the_form_of_a_day_that_is_over_says_whether_it_may_be_sent() -> None:
    incident = open_incident(name="Longer", first_day=str(today() - timedelta(days=1)))
    day = str(today() - timedelta(days=1))
    asked = f"/sesr/report?incident={incident}&day={day}"
    assert "Ask the duty desk of your region" in browser_of("principal").get(asked).text
    desk = browser_of("desk")
    desk.post(f"/sesr/incidents/{incident}/late-entry", data={"school_key": ALDER, "day": day, "reason": "no network"})
    assert "lets you enter" in browser_of("principal").get(asked).text
    shown = desk.get(f"/sesr/schools/{ALDER}?incident={incident}&day={day}").text
    assert "no network" in shown
    assert "Allow late entry" not in shown


def test_a_day_that_takes_no_report_offers_none(incident: str) -> None:
    desk = browser_of("desk")
    offered = {}
    for days in (-1, 0, 1):
        shown = desk.get(f"/sesr/schools/{ALDER}?incident={incident}&day={today() + timedelta(days=days)}").text
        offered[days] = ("New report" in shown, "Allow late entry" in shown)
    assert offered == {-1: (False, False), 0: (True, False), 1: (False, False)}


def test_names_and_phones_stay_in_the_reports_table(capfd: pytest.CaptureFixture[str]) -> None:
    send(commander="Zoltan Quill", landline="2135550143", cell="213 555 0144 x9", counts={"students_present": 1})
    send(commander="Zoltan Quill", cell="2135550145", counts={"students_present": -1})
    deliver()
    assert failures() == []
    found = []
    for service in (*SERVICES,):
        with transaction(service) as session:
            tables = session.execute(
                text("select tablename from pg_tables where schemaname = current_schema()")
            ).scalars()
            found += [
                f"{service}.{table}"
                for table in tables.all()
                if session.execute(
                    text(f"select 1 from {table} x where cast(x as text) ~ 'Quill|555.?014[345]' limit 1")
                ).scalar()
            ]
    assert found == ["sesr.report"]
    said = "".join(capfd.readouterr())
    assert "Quill" not in said
    assert not re.search(r"555.?014[345]", said)


def test_what_is_told_while_typing_is_what_the_receipt_says_and_of_own_schools_only(incident: str) -> None:
    send(counts={"students_present": 310})
    deliver()
    asked = f"/sesr/report/warnings?incident={incident}&day={today()}&students_present=945&volunteers=x&school="
    told = browser_of("principal").get(asked + ALDER)
    said = send(counts={"students_present": 945}).json()["warnings"]
    assert len(said) == 2
    assert all(html.escape(sentence) in told.text for sentence in said)
    assert browser_of("principal").get(asked + CEDAR).status_code == 404
    assert browser_of("director").get(asked + ALDER).status_code == 403
