"""What is doubtful in a directory is told at upload with its place, and what it accepts every other service accepts."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import text
from starlette.testclient import TestClient

from services.sesr.rules.contact import read_phone
from shared.db import transaction
from tests.files import PEOPLE_HEADER, SCHOOL_HEADER, workbook
from tests.ingest.test_listings import PEOPLE, SCHOOL, send
from tests.people import api_of, browser_of

BIRCH = ("1400201", "4002", "Birch El", "Elementary", "N", "South CoS", "AMES, JOY")
CENTRAL = PEOPLE[1]
BOTH = ["1400101", "1400201"]


@pytest.fixture
def central(clean: None) -> Iterator[TestClient]:
    with api_of("central") as client:
        yield client


def load(client: TestClient, person: tuple[Any, ...], landline: str = "") -> Any:
    """A directory with this person and two schools, the first one with that landline."""
    schools = [(*SCHOOL_HEADER, "Landline"), (*SCHOOL, landline), (*BIRCH, "")]
    return send(client, "directory", workbook({"Schools": schools, "People": [PEOPLE_HEADER, person, CENTRAL]}))


def told(answer: Any) -> list[tuple[Any, ...]]:
    """Code, sheet, row, column, value and what became of it, of every finding."""
    assert answer.status_code == 201, answer.text
    names = ("code", "sheet", "row", "column", "value", "became")
    return [tuple(problem.get(name, "") for name in names) for problem in answer.json()["problems"]]


def person_in(schema: str, column: str, email: str = "vega@lausd.example") -> Any:
    table = "person" if schema == "ingest" else "access.person"
    with transaction("ingest") as session:
        return session.execute(
            text(f"select {column} from {table} where email = :email"), {"email": email}
        ).scalar_one()


@pytest.mark.parametrize(
    "written",
    [
        "1400101, 1400201",
        "1400101/1400201",
        "1400101 | 1400201",
        "1400101\n1400201",
        "1400101 1400201",
        "1400101\r\n1400201",
    ],
)
def test_schools_of_a_scope_are_parted_by_any_mark_and_told(central: TestClient, written: str) -> None:
    found = told(load(central, ("Vega, Marta", "director", "vega@lausd.example", written, "")))
    assert [(row[:4], row[5]) for row in found] == [(("list_parted", "People", 2, "Scope"), "1400101; 1400201")]
    assert person_in("ingest", "scope") == BOTH


def test_the_documented_mark_is_no_finding(central: TestClient) -> None:
    answer = load(central, ("Vega, Marta", "director", "vega@lausd.example", "1400101; 1400201;", "VEGA, M; WEGA, M"))
    assert told(answer) == []


@pytest.mark.parametrize("written", ["9999999", "Alder", "4001", "Region Q", "1400101; 9999999"])
def test_a_scope_that_is_no_school_and_no_region_is_told(central: TestClient, written: str) -> None:
    found = told(load(central, ("Vega, Marta", "principal", "vega@lausd.example", written, "")))
    assert found == [("scope_unknown", "People", 2, "Scope", written.rpartition("; ")[2], "")]


@pytest.mark.parametrize("written", ["VEGA, M\nWEGA, M", "VEGA, M | WEGA, M", "VEGA, M / WEGA, M"])
def test_spellings_are_parted_by_any_mark_but_a_comma(central: TestClient, written: str) -> None:
    found = told(load(central, ("Vega, Marta", "director", "vega@lausd.example", "", written)))
    assert [(row[0], row[3], row[5]) for row in found] == [("list_parted", "Aliases", "VEGA, M; WEGA, M")]
    assert person_in("ingest", "aliases") == ["VEGA, M", "WEGA, M"]


@pytest.mark.parametrize(
    "written", ["mailto:vega@lausd.example", "MAILTO: Vega@lausd.example", " mailto:vega@LAUSD.example "]
)
def test_an_address_is_taken_without_the_words_of_a_link(central: TestClient, written: str) -> None:
    found = told(load(central, ("Vega, Marta", "director", written, "", "")))
    assert [(row[0], row[2], row[3], row[5]) for row in found] == [("email_fixed", 2, "Email", "vega@lausd.example")]
    assert person_in("access", "person_id") == "vega@lausd.example"


@pytest.mark.parametrize(
    ("landline", "is_told"),
    [
        ("213-555-0100", False),
        ("(213) 555-0100 ext. 12", False),
        ("1 213 555 0100", False),
        ("555-0187", False),
        ("+1.213.555.0100", False),
        ("213-555-01", True),
        ("213-555-0187 / 0188", True),
        ("ask the office", True),
        ("213-LAUSD-01", True),
        ("2 213 555 0100", True),
        ("213-555-0100x1234567", True),
    ],
)
def test_a_landline_is_told_where_the_strike_form_takes_it_for_no_phone(
    central: TestClient, landline: str, is_told: bool
) -> None:
    found = told(load(central, ("Vega, Marta", "director", "vega@lausd.example", "", ""), landline))
    assert read_phone(landline)[1] is not is_told
    assert found == ([("landline_unclear", "Schools", 2, "Landline", landline, "")] if is_told else [])


def test_the_page_of_a_person_reads_a_scope_as_a_file_does(central: TestClient) -> None:
    load(central, ("Vega, Marta", "director", "vega@lausd.example", "", ""))
    page, place = browser_of("central"), "/ingest/directory/people/director:vega@lausd.example"
    assert page.post(place, data={"scope": "1400101, 1400201", "aliases": ""}).status_code == 303
    assert person_in("ingest", "scope") == BOTH
    assert page.post(place, data={"scope": "region north", "aliases": ""}).status_code == 303
    assert person_in("ingest", "scope") == ["N"]
    refused = page.post(place, data={"scope": "9999999", "aliases": ""})
    assert (refused.status_code, "9999999" in refused.text) == (422, True)
