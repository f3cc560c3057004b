"""What an undo leaves is what was there before: each change is made, seen, taken back by the form of the next page."""

import re
from collections.abc import Iterator
from html import unescape
from html.parser import HTMLParser
from typing import Any, Final, NamedTuple
from urllib.parse import quote
from uuid import UUID

import pytest
from httpx2 import Response
from starlette.testclient import TestClient

from services.sesr.queries.day import callers
from shared.access import csrf_of
from shared.db import transaction
from shared.web.clock import today
from shared.web.requests import cookie_name
from shared.web.undo import cookie_name as note_cookie
from tests.office import ALDER, CEDAR, ELA, load_office
from tests.people import add_people, browser_of
from tests.stack import wipe

PERSON: Final = quote("designee@lausd.example", safe="")
DIRECTOR: Final = quote("director:director@lausd.example", safe="")
# What a page says of the past is longer after an undo; the rest is as it was.
PAST: Final = re.compile(r'id="(changes|history|report)"|class="[^"]*sheet-history|<h2>Plans')


class PageState(HTMLParser):
    """Fields with their values and the texts of cells and list entries, without times and form tokens."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[Any] = []
        self.depth, self.in_time = 0, False
        main = html.partition("<main")[2].partition("</main>")[0]
        self.feed(PAST.split(main, maxsplit=1)[0])

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        kept = {name: value for name, value in attrs if name in ("name", "value", "checked", "selected", "href")}
        if tag in ("input", "option", "textarea", "a", "button") and kept.get("name") not in (
            "csrf",
            "report_id",
            "as_of",
        ):
            self.found.append((tag, sorted(kept.items())))
        self.depth += tag in ("td", "th", "li", "dd", "textarea")
        moment = dict(attrs).get("datetime") or ""
        if tag == "time" and "T" not in moment:
            self.found.append(moment)
        self.in_time |= tag == "time"

    def handle_endtag(self, tag: str) -> None:
        self.depth -= tag in ("td", "th", "li", "dd", "textarea")
        self.in_time &= tag != "time"

    def handle_data(self, data: str) -> None:
        if self.depth and not self.in_time and data.strip():
            self.found.append(" ".join(data.split()))


def state(client: TestClient, path: str) -> list[Any]:
    answer = client.get(path)
    assert answer.status_code == 200, answer.text
    return PageState(answer.text).found


def undo_form(answer: Response) -> tuple[str, dict[str, list[str]]]:
    """Address and fields of the undo that a page offers."""
    note = re.search(r'<div class="toast toast-success">(.*?)</form>', answer.text, re.DOTALL)
    assert note is not None, "the page offers no undo"
    fields: dict[str, list[str]] = {}
    for name, value in re.findall(r'name="([^"]*)" value="([^"]*)"', note[1]):
        fields.setdefault(name, []).append(unescape(value))
    action = re.search(r'action="([^"]*)"', note[1])
    assert action is not None
    return unescape(action[1]), fields


class Case(NamedTuple):
    """A change: who makes it, where, with which fields, and the page that shows it."""

    role: str
    path: str
    data: dict[str, Any]
    page: str


SETTINGS: Final = {"wait_minutes": 40, "remind_days": 2, "escalate_after": 3, "per_minute": 10, "link_days": 9}
SCHOOL: Final = {"name": "Alder Elementary", "region": "W", "level": "Elementary", "enrolled": "900"}
MAILS: Final = "/notify/extractions/Sp25/2025-02-21"
CASES: Final = (
    Case("central", "/ingest/windows", {"term": "Fa31", "opens": "2031-09-01", "closes": "2031-10-01"}, "/ingest/windows"),
    Case("central", "/ingest/windows", {"term": "Sp31", "opens": "2031-02-03", "closes": "2031-04-01"}, "/ingest/windows"),
    Case("central", "/ingest/windows/Sp31/remove", {}, "/ingest/windows"),
    Case("central", f"/ingest/directory/schools/{ALDER}", SCHOOL, f"/ingest/directory/schools/{ALDER}"),
    Case("central", f"/ingest/directory/people/{DIRECTOR}",
         {"name": "Vega, M", "email": "director@lausd.example", "scope": "E", "aliases": "V, M; M V"},
         f"/ingest/directory/people/{DIRECTOR}"),
    Case("central", "/rates/settings/window", {"term": "Sp25", "opens": "2025-01-01", "closes": "2025-03-01"}, "/rates/settings"),
    Case("central", "/rates/settings/days-off", {"day": "2025-02-17", "last": "2025-02-21", "name": "Recess"}, "/rates/settings"),
    Case("central", "/rates/settings/days-off/list", {"days": "2025-03-31 Founders\n2025-04-14 to 2025-04-18 Break"}, "/rates/settings"),
    Case("central", "/rates/settings/days-off/remove", {"day": "2025-03-31"}, "/rates/settings"),
    Case("central", "/rates/settings/goal", {"group": "parents", "percent": "60"}, "/rates/settings"),
    Case("central", "/rates/views", {"name": "Mine", "query": "group=parents"}, "/rates/?group=parents"),
    Case("principal", f"/tracker/schools/{ALDER}", {"v-1b-happy-0": "0.5", "w-1b-happy-0": "74", "small_is_meant": "on",
         "v-1b-happy-1": "75", "w-1b-happy-1": ""}, f"/tracker/schools/{ALDER}"),
    Case("central", f"/tracker/schools/{ALDER}/levels", {"level-Middle": "on"}, f"/tracker/schools/{ALDER}?level=Elementary"),
    Case("central", "/tracker/items/1b-happy/move", {"steps": "1"}, "/tracker/items"),
    Case("central", "/tracker/items/1b-happy/retire", {"retired": "true"}, "/tracker/items"),
    Case("central", "/tracker/periods/1/terms", {"terms": "Fa31, Sp31"}, "/tracker/items"),
    Case("central", "/tracker/levels", {"kind": "Elementary", "level-Middle": "on"}, "/tracker/levels"),
    Case("central", "/tracker/lcap/settings", {"under": "70", "over": "120"}, "/tracker/lcap/settings"),
    Case("central", "/sesr/incidents/INCIDENT/close", {}, "/sesr/incidents"),
    Case("central", "/sesr/incidents/INCIDENT/change", {"name": "Walkout", "windows": "9:00", "lists": "true",
         "regions": ["E"], "extras": [], "days_off": "", "grace_minutes": "20"}, "/sesr/incidents/INCIDENT"),
    Case("desk", "/sesr/incidents/INCIDENT/excuse", {"school_key": ALDER, "excused": "true"},
         f"/sesr/schools/{ALDER}?incident=INCIDENT&day={today()}"),
    Case("central", "/notify/settings", {**SETTINGS, "hold_all": "1", "opens": "08:00", "closes": "17:00"}, "/notify/settings"),
    Case("central", "/notify/settings/heads", {"name_E": "Ono, Ai", "email_E": "ono@lausd.example"}, "/notify/settings"),
    Case("director", "/notify/mine/preference", {"only_changes": "1"}, "/notify/mine"),
    Case("central", f"/notify/directors/{DIRECTOR}/preference", {"also_when_none": "1"}, "/notify/directors"),
    Case("central", f"/notify/schools/{CEDAR}/retire", {"term": "Sp25", "reason": "closed"}, f"/notify/schools/{CEDAR}"),
    Case("director", "/notify/mine/snoozes/1/end", {}, "/notify/mine"),
    Case("central", "/notify/snoozes/1/end", {}, "/notify/snoozes"),
    Case("central", f"{MAILS}/hold", {"why": "to look at"}, MAILS),
    Case("ops", f"/access/people/{PERSON}/roles", {"role": "ops", "scope": ""}, f"/access/people/{PERSON}"),
    Case("ops", f"/access/people/{PERSON}/active", {"active": "false"}, f"/access/people/{PERSON}"),
)  # fmt: skip


@pytest.fixture(scope="module")
def incident(stack_servers: object) -> Iterator[str]:
    """The office with something to change in every service."""
    wipe()
    add_people()
    load_office()
    central, principal, director = browser_of("central"), browser_of("principal"), browser_of("director")
    sent(central, "/ingest/windows", {"term": "Sp31", "opens": "2031-02-01", "closes": "2031-03-01"})
    sent(central, "/rates/settings/days-off", {"day": "2025-03-31", "name": "Chavez Day"})
    sent(principal, f"/tracker/schools/{ALDER}", {"v-1b-happy-0": "74", "w-1b-happy-0": ""})
    [digest] = re.findall(r'name="digest_id" value="(\d+)"', director.get("/notify/mine").text)
    snooze = {"digest_id": digest, "place": f"{ALDER}|parents", "reason": "being rebuilt", "plan": "", "until": ""}
    sent(director, "/notify/mine/answer", snooze)
    sent(central, "/tracker/lcap/settings", {"under": "75", "over": "115"})
    [found] = set(re.findall(r"/sesr/board\?incident=([0-9a-f-]{36})", central.get("/sesr/incidents").text))
    yield found
    wipe()


def sent(client: TestClient, path: str, data: dict[str, Any]) -> Response:
    answer = client.post(path, data=data)
    assert answer.status_code == 303, answer.text
    return answer


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.role} {case.path}")
def test_an_undo_leaves_the_page_as_it_was(incident: str, case: Case) -> None:
    path, page = (text.replace("INCIDENT", incident) for text in (case.path, case.page))
    data = {name: incident if value == "INCIDENT" else value for name, value in case.data.items()}
    client = browser_of(case.role)
    before = state(client, page)
    answer = sent(client, path, data)
    action, fields = undo_form(client.get(answer.headers["location"]))
    assert state(client, page) != before
    again = client.get(sent(client, action, fields).headers["location"])
    assert state(client, page) == before
    # An undo may be undone itself, but for mails that have gone, a role that was taken away, and days off.
    assert ("data-undo" in again.text) == (not path.endswith(("/hold", "/roles")) and "days-off" not in path)


def test_each_school_goes_back_to_its_own_caller(incident: str) -> None:
    desk, day = browser_of("desk"), today()
    shared = {"incident_id": incident, "day": str(day)}
    sent(desk, "/sesr/calls/assign", {**shared, "to": "Nia", "school_key": [ALDER]})
    answer = sent(desk, "/sesr/calls/assign", {**shared, "to": "Lou", "school_key": [ALDER, ELA]})
    assert called_by(incident) == {ALDER: "Lou", ELA: "Lou"}
    action, fields = undo_form(desk.get(answer.headers["location"]))
    sent(desk, action, fields)
    assert called_by(incident) == {ALDER: "Nia"}


def called_by(incident: str) -> dict[str, str]:
    with transaction("sesr") as session:
        return callers(session, UUID(incident), today())


def test_what_was_done_is_said_once_and_to_nobody_else(incident: str) -> None:
    client = browser_of("central")
    sent(client, "/rates/settings/goal", {"group": "staff", "percent": "70"})
    note = client.cookies[note_cookie()]
    # A part of a page, or what a script fetches, does not use it up
    assert "data-undo" not in client.get("/rates/settings", headers={"hx-request": "true"}).text
    assert "data-undo" not in client.get("/rates/settings", headers={"sec-fetch-dest": "empty"}).text
    first = client.get("/rates/settings")
    assert "The goal of staff is 70%." in first.text
    assert first.headers["cache-control"] == "no-store"
    assert "The goal of staff is 70%." not in client.get("/rates/settings").text
    other = browser_of("central")
    other.cookies.set(note_cookie(), note)
    assert "The goal of staff" not in other.get("/rates/settings").text
    assert csrf_of(client.cookies[cookie_name()]) != csrf_of(other.cookies[cookie_name()])


@pytest.mark.parametrize("value", [".", "x.y", f"{'0' * 64}.eJw"])
def test_a_note_that_is_none_is_passed_over(incident: str, value: str) -> None:
    client = browser_of("central")
    client.cookies.set(note_cookie(), value)
    answer = client.get("/rates/settings")
    assert (answer.status_code, "data-undo" in answer.text) == (200, False)


def test_a_page_that_the_browser_keeps_says_what_was_done(incident: str) -> None:
    client = browser_of("central")
    tag = client.get("/rates/").headers["etag"]
    answer = sent(client, "/rates/views", {"name": "Kept", "query": ""})
    said = client.get(answer.headers["location"], headers={"if-none-match": tag})
    assert (said.status_code, "The view Kept was saved." in said.text) == (200, True)


def test_two_people_who_enter_values_see_both(incident: str) -> None:
    """An undo of a value that somebody else has changed meanwhile saves nothing and shows what is there."""
    first, second = browser_of("principal"), browser_of("designee")
    path = f"/tracker/schools/{ALDER}"
    answer = sent(first, path, {"v-1b-happy-2": "80", "w-1b-happy-2": ""})
    action, fields = undo_form(first.get(answer.headers["location"]))
    sent(second, path, {"v-1b-happy-2": "81", "w-1b-happy-2": "80"})
    assert first.post(action, data=fields).status_code == 409
