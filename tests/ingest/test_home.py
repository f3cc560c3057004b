"""Home by role, the search of the header, and the one page of a school: what each links to is there for who sees it."""

import html
import re

import pytest

from shared.access.policy import ROLES
from shared.settings import SERVICES
from shared.web.cards import duration
from shared.web.parts import HOME_PARTS
from tests.office import ALDER, CEDAR, ELA, load_office
from tests.people import browser_of

_LINK = re.compile(r'<h3><a href="([^"]+)">([^<]+)</a></h3>\n(?:<p class="status-figure">([^<]*)</p>)?')


@pytest.fixture
def office(clean: None) -> None:
    load_office()


def cards(role: str, path: str) -> list[tuple[str, str, str]]:
    """(title, figure, link) of each card of a fragment."""
    answer = browser_of(role).get(path, headers={"hx-request": "true"})
    assert answer.status_code == 200, (role, path, answer.text)
    assert "<html" not in answer.text
    return [tuple(map(html.unescape, (title, figure, link))) for link, title, figure in _LINK.findall(answer.text)]  # type: ignore[misc]


@pytest.mark.parametrize("role", ROLES)
def test_every_card_of_every_service_leads_where_its_reader_may_go(office: None, role: str) -> None:
    client = browser_of(role)
    shown = [card for service in SERVICES for card in cards(role, f"/{service}/cards")]
    shown += [card for service in SERVICES for card in cards(role, f"/{service}/cards/school/{ALDER}")]
    wrong = {link: status for _, _, link in shown if (status := client.get(link).status_code) != 200}
    assert wrong == {}
    assert shown


@pytest.mark.parametrize("role", ROLES)
def test_home_asks_each_service_that_has_something_for_the_role(office: None, role: str) -> None:
    body = browser_of(role).get("/").text
    asked_for = re.findall(r'hx-get="/(\w+)/cards"', body)
    assert asked_for == [part.service for part in HOME_PARTS[role]]
    assert len(asked_for) == len(set(asked_for)) >= 2


def test_a_director_reads_the_own_schools_in_tier_1_closest_first(office: None) -> None:
    [(title, figure, link)] = cards("director", "/rates/cards")
    assert (title, figure) == ("Parents: in Tier 1", "2 of 2 schools")
    body = browser_of("director").get(link).text
    assert body.index("Alder El") < body.index("Éla Vista MS")
    assert "Cedar HS" not in body
    assert "Alder El (5 more), Éla Vista MS (20 more)" in browser_of("director").get("/rates/cards").text


def test_a_director_has_an_open_answer_until_it_is_given(office: None) -> None:
    assert ("Waiting for your answer", "2 alerts", "/notify/mine") in cards("director", "/notify/cards")
    number = re.search(r'name="digest_id" value="(\d+)"', browser_of("director").get("/notify/mine").text)
    assert number is not None
    sent = browser_of("director").post("/notify/mine/answer", data={"digest_id": number[1], "plan": "Calls home."})
    assert sent.status_code == 303, sent.text
    assert cards("director", "/notify/cards") == []
    assert "Alerts: nothing to do." in browser_of("director").get("/notify/cards").text


def test_a_principal_reads_rate_report_and_tracker_of_the_school(office: None) -> None:
    assert [card[:2] for card in cards("principal", "/rates/cards")] == [("Parents response rate", "20%")]
    assert "5 more surveys for Tier 2" in browser_of("principal").get("/rates/cards").text
    [(title, _, link)] = cards("principal", "/sesr/cards")
    assert (title, link.partition("&")[0]) == ("Alder El: Strike", f"/sesr/report?school={ALDER}")
    assert [title for title, _, _ in cards("principal", "/tracker/cards")] == ["Progress tracker"]


def test_central_reads_the_last_extraction_and_what_waits(office: None) -> None:
    titles = [title for title, _, _ in cards("central", "/ingest/cards")]
    assert titles == ["Last extraction"]
    assert ("Alerts without a route", "1 alert", "/notify/unroutable") in cards("central", "/notify/cards")


def test_without_script_a_part_is_a_page_of_its_own(office: None) -> None:
    body = browser_of("principal").get("/rates/cards").text
    assert "<h1>Response rates</h1>" in body
    assert "20%" in body


@pytest.mark.parametrize("q", ["ela", "ÉLA vista", "vista éla", "4002", "14002", ELA])
def test_a_school_is_found_by_name_ploc_and_code_and_opened_at_once(office: None, q: str) -> None:
    answer = browser_of("principal").get("/schools", params={"q": q})
    assert (answer.status_code, answer.headers["location"]) == (303, f"/schools/{ELA}")


def test_a_search_names_directors_only_to_those_who_see_the_directory(office: None) -> None:
    assert "Regional directors</h2>" in browser_of("central").get("/schools?q=vega").text
    assert "Nothing found" in browser_of("principal").get("/schools?q=vega").text
    assert "Nothing found" in browser_of("central").get("/schools?q=50%25_").text


def test_a_list_of_schools_is_sorted_with_accented_letters_among_their_own(office: None) -> None:
    body = browser_of("desk").get("/schools").text
    names = re.findall(r'<th scope="row"><a href="[^"]+">([^<]+)', body)
    assert names == ["Alder El", "Cedar HS", "Éla Vista MS"]


def test_a_schools_page_has_the_parts_of_the_services_that_the_role_may_see(office: None) -> None:
    parts = {
        role: re.findall(r'hx-get="/(\w+)/cards/school/1400301"', browser_of(role).get(f"/schools/{CEDAR}").text)
        for role in ("central", "principal", "ops")
    }
    assert parts == {
        "central": ["rates", "sesr", "tracker", "notify", "ingest"],
        "principal": ["rates", "sesr", "tracker"],
        "ops": ["rates", "notify"],
    }
    assert browser_of("desk").get("/schools/9999999").status_code == 404


def test_lengths_of_time_are_said_in_words() -> None:
    assert [duration(seconds) for seconds in (0, 1, 90, 7300, 200_000)] == [
        "0 seconds", "1 second", "1 minute", "2 hours", "2 days",
    ]  # fmt: skip
