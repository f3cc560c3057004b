"""Sending refused mails again in one step: of an extraction, an address or a spell of time, seen before it is done."""

from datetime import date

import pytest

from services.notify.actions import sending
from tests.notify.sinks import Sink
from tests.notify.telling import FEB14, FEB21, LOW, mails, row, rows_of, tell
from tests.people import api_of, browser_of

REFUSED = "/notify/api/v1/refused-mails"
VEGA, FRISCH = "director@lausd.example", "soren.frisch@lausd.example"
FEB14_LOAD = {"term": "Sp25", "on": FEB14.isoformat()}


def refuse_both(server: Sink) -> None:
    """The mails of both directors about Feb 14 are refused for what they say."""
    tell(LOW, FEB14)
    server.on_data = lambda _rcpt: "554 5.6.0 content rejected"
    sending.send_due()
    server.on_data = lambda _rcpt: None
    assert len(mails("failed")) == 2


@pytest.mark.parametrize("role", ["central", "ops"])
def test_all_refused_mails_of_an_extraction_go_again_in_one_step(role: str, server: Sink) -> None:
    refuse_both(server)
    office = api_of(role)
    shown = office.get(REFUSED, params=FEB14_LOAD).json()
    assert sorted(mail["rcpt"] for mail in shown["mails"]) == [VEGA, FRISCH] and shown["expected"] == 2
    assert office.post(REFUSED, params={**FEB14_LOAD, "expected": 3}).status_code == 409
    assert mails("queued") == []
    assert office.post(REFUSED, params={**FEB14_LOAD, "expected": 2}).status_code == 201
    sending.send_due()
    assert sorted(mail["To"] for mail in server.mails()) == [VEGA, FRISCH]
    assert all(mail["Subject"].startswith("Copy: ") for mail in server.mails())
    assert office.get(REFUSED, params=FEB14_LOAD).json() == {"mails": [], "expected": 0}


def test_the_page_shows_which_go_again_and_which_do_not_and_why(server: Sink) -> None:
    refuse_both(server)
    tell([row("Alder 4001", 12, 100), *LOW[1:]], FEB21)
    sending.send_due()
    central = browser_of("central")
    page = central.get("/notify/refused", params={"since": "2020-01-01"}).text
    assert page.count("Not sent again: a newer state took its place") == 2 and "again</button>" not in page
    rows_of("update mail set state = 'failed' where state = 'sent' returning 1")
    page = central.get("/notify/refused", params={"address": FRISCH.upper()}).text
    assert "Send 1 mail again" in page and VEGA not in page
    form = {"address": FRISCH, "expected": "1"}
    assert central.post("/notify/refused", data=form).headers["location"] == "/notify/refused?sent=1"
    assert [rcpt for rcpt, _ in mails("queued")] == [FRISCH]
    assert browser_of("director").get("/notify/refused").status_code == 403
    assert browser_of("principal").post("/notify/refused", data=form).status_code == 403


def test_a_filter_that_says_nothing_or_cannot_be_is_refused_with_a_sentence(server: Sink) -> None:
    refuse_both(server)
    office = api_of("central")
    assert office.get(REFUSED).json()["code"] == "no_filter"
    backwards = {"since": date(2025, 3, 1).isoformat(), "until": date(2025, 2, 1).isoformat()}
    assert "Swap the two days" in office.get(REFUSED, params=backwards).text
    page = browser_of("central").get("/notify/refused", params={"since": "soon"})
    assert page.status_code == 422 and "From is not a day" in page.text
    assert office.get(REFUSED, params={"until": "2020-01-01"}).json()["mails"] == []
