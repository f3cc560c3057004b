"""Survey results, the directory and LCAP tables: what is wrong in their rows is told, and nothing is taken twice."""

import io
from collections.abc import Iterator
from typing import Any

import openpyxl
import pytest
from sqlalchemy import text
from starlette.testclient import TestClient

from shared.db import transaction
from shared.files.workbooks import Cell
from tests.files import PEOPLE_HEADER, SCHOOL_HEADER, directory, workbook
from tests.ingest.making import text_table
from tests.people import api_of, browser_of
from tests.stack import deliver, failures

API = "/ingest/api/v1/uploads"
SCHOOL = ("1400101", "4001", "Alder El", "Elementary", "E", "North CoS", "VEGA, MARTA")
PEOPLE = (
    ("Vega, Marta", "director", "vega@lausd.example", "1400101", ""),
    ("Okafor, Ines", "central", "central@lausd.example", "", ""),
)
RESULTS = ("Period", "Level", "Item", "PLOC", "School", "Percent")


@pytest.fixture
def central(clean: None) -> Iterator[TestClient]:
    with api_of("central") as client:
        assert send(client, "directory", directory(PEOPLE, [SCHOOL])).status_code == 201
    with api_of("central") as client:
        yield client


def send(client: TestClient, kind: str, content: bytes, name: str = "file.xlsx") -> Any:
    return client.post(API, params={"kind": kind}, files={"file": (name, content)})


def result(item: str, percent: Cell, school: str = "Alder El") -> tuple[Cell, ...]:
    return ("Fall 2025", "Elementary", item, "4001" if school == "Alder El" else "9999", school, percent)


def results(*rows: tuple[Cell, ...]) -> bytes:
    return workbook({"Results": [RESULTS, *rows]})


def codes(answer: Any) -> dict[str, int]:
    """Code -> how often it was found."""
    return {found["code"]: found["count"] for found in answer.json()["found"]}


def faulty(answer: Any) -> list[tuple[Any, ...]]:
    """The rows of the workbook of rejected rows."""
    place = answer.headers["location"].replace("/api/v1", "")
    content = browser_of("central").get(f"{place}/rejected.xlsx").content
    return list(openpyxl.load_workbook(io.BytesIO(content)).worksheets[0].iter_rows(values_only=True))


def test_a_result_that_stands_twice_is_taken_once_and_one_that_contradicts_is_rejected(central: TestClient) -> None:
    good = [result(f"Item {n}", 70 + n) for n in range(20)]
    torn = [result("I feel safe.", 70), result("I feel  safe.", 71)]
    answer = send(central, "survey-results", results(*good, good[3], *torn, ("Note: preliminary",)))
    assert answer.status_code == 201, answer.text
    assert answer.json()["counts"] == {"accepted": 20, "rejected": 2}
    assert codes(answer) == {"row_repeated": 1, "results_contradict": 2, "note_skipped": 1}
    assert [row[2] for row in faulty(answer)[1:]] == ["I feel safe.", "I feel  safe."]


def test_a_result_is_never_put_under_another_school_of_its_site_without_a_word(central: TestClient) -> None:
    def row(code: str, school: str, item: str) -> tuple[Cell, ...]:
        return ("Fall 2025", "Elementary", item, code, "4001", school, 70)

    columns = (*RESULTS[:3], "Cost Center Code", *RESULTS[3:])
    good = [row("1400101", "Alder Elementary", f"Item {n}") for n in range(20)]
    file = workbook({"Results": [columns, *good, row("1400102", "Alder Mag", "A")]})
    other_code = send(central, "survey-results", file)
    assert (other_code.json()["counts"]["rejected"], codes(other_code)) == (1, {"school_unknown": 1})
    good = [row("", "Alder El", f"Item {n}") for n in range(20)]
    two_names = send(central, "survey-results", workbook({"Results": [columns, *good, row("", "Alder Mag", "A")]}))
    assert (two_names.json()["counts"]["rejected"], codes(two_names)) == (1, {"school_unknown": 1})
    no_code = send(central, "survey-results", workbook({"Results": [columns, row("n/a", "Alder El", "A")]}))
    assert (no_code.json()["counts"]["accepted"], codes(no_code)) == (1, {})
    one = send(central, "survey-results", workbook({"Results": [columns, row("", "Alder Elementary", "A")]}))
    assert (one.json()["counts"]["accepted"], codes(one)) == (1, {"school_name_differs": 1})


def test_percents_given_as_fractions_wait_for_a_person(central: TestClient) -> None:
    every = send(central, "survey-results", results(*(result(f"Item {n}", 0.7) for n in range(3))))
    assert (every.status_code, every.json()["code"]) == (422, "fractions_all")
    answer = send(central, "survey-results", results(*(result(f"Item {n}", 0.7) for n in range(3)), result("Last", 70)))
    assert answer.status_code == 409
    assert [problem["code"] for problem in answer.json()["problems"][:2]] == ["fractions_many", "percent_fraction"]
    one = send(central, "survey-results", results(*(result(f"Item {n}", 70) for n in range(12)), result("Last", 0.8)))
    assert (one.status_code, codes(one)) == (201, {"percent_fraction": 1})


def test_every_rejected_row_is_in_the_download_however_many_there_are(central: TestClient) -> None:
    bad = [result(f"Item {n}", 50, "Nowhere El") for n in range(230)]
    rows = faulty(send(central, "survey-results", results(result("Good", 50), *bad)))
    assert len(rows) == 231
    assert {row[-1] for row in rows[1:]} == {
        "School: No school of the directory has this code or this PLOC and name. Correct the row."
    }


@pytest.mark.parametrize(
    ("schools", "people", "code"),
    [
        ([SCHOOL, (*SCHOOL[:2], "Other El", *SCHOOL[3:])], PEOPLE, "school_twice"),
        ([(*SCHOOL[:2], "#REF!", *SCHOOL[3:])], PEOPLE, "cell_error"),
        ([(*SCHOOL[:2], "A" * 201, *SCHOOL[3:])], PEOPLE, "text_too_long"),
        ([SCHOOL], [("", "director", "nobody@lausd.example", "", "")], "name_missing"),
    ],
)
def test_a_directory_with_a_wrong_row_is_refused_whole(
    central: TestClient, schools: Any, people: Any, code: str
) -> None:
    answer = send(
        central,
        "directory",
        workbook({"Schools": [SCHOOL_HEADER, *schools], "People": [PEOPLE_HEADER, *people]}),
    )
    assert (answer.status_code, answer.json()["problems"][0]["code"]) == (422, code)


@pytest.mark.parametrize(
    ("kind", "sheets", "place"),
    [
        (
            "survey-results",
            {"Elementary": [RESULTS, result("Item 1", 70)], "High": [(*RESULTS[:5], "Pct"), result("Item 2", 70)]},
            ("High", 1, "Percent"),
        ),
        (
            "directory",
            {"Schools": [SCHOOL_HEADER, SCHOOL], "People": [("Name", "Role", "Mail", "Scope", "Aliases"), *PEOPLE]},
            ("People", 1, "Email"),
        ),
    ],
)
def test_a_sheet_without_one_of_its_columns_refuses_the_file_and_says_where(
    central: TestClient, kind: str, sheets: Any, place: tuple[Any, ...]
) -> None:
    answer = send(central, kind, workbook(sheets))
    assert (answer.status_code, answer.json()["code"]) == (422, "columns_missing")
    assert [(p["sheet"], p["row"], p["column"]) for p in answer.json()["problems"]] == [place]


def test_a_list_beside_the_results_is_left_out_and_told(central: TestClient) -> None:
    listed = [("PLOC", "School", "Level"), ("4001", "Alder El", "Elementary")]
    answer = send(central, "survey-results", workbook({"Results": [RESULTS, result("Item 1", 70)], "Schools": listed}))
    assert (answer.status_code, codes(answer)) == (201, {"sheet_incomplete": 1})
    assert {found["column"] for found in answer.json()["found"]} == {"Period", "Item", "Percent"}


def test_what_is_doubtful_in_a_directory_is_told_and_a_known_region_kept(central: TestClient) -> None:
    schools = [SCHOOL_HEADER, (*SCHOOL[:4], "F", *SCHOOL[5:]), (*SCHOOL[:4], "F", *SCHOOL[5:])]
    people = [
        PEOPLE_HEADER,
        ("Vega, Marta", "director", "vega@lausd.example", "", "MV"),
        ("Ames, Joy", "director", "ames@lausd.example", "", "MV"),
    ]
    answer = send(central, "directory", workbook({"Schools": schools, "People": people}))
    assert answer.status_code == 201, answer.text
    assert codes(answer) == {"region_unknown": 1, "row_repeated": 1, "spelling_shared": 1, "central_missing": 1}
    with transaction("ingest") as session:
        assert session.execute(text("select region from school where school_key = '1400101'")).scalar_one() == "E"


def test_spellings_follow_a_director_to_another_address(central: TestClient) -> None:
    place = "/ingest/api/v1/directory/people"
    assert central.put(f"{place}/director:vega@lausd.example/aliases/WEGA, M").status_code == 200
    moved = (("Vega, Marta", "director", "marta.vega@lausd.example", "1400101", ""), PEOPLE[1])
    assert send(central, "directory", directory(moved, [SCHOOL])).status_code == 201
    assert central.get(f"{place}/director:marta.vega@lausd.example").json()["resolved_aliases"] == ["WEGA, M"]
    deliver()
    assert failures() == []


def test_an_lcap_row_that_says_not_what_it_is_about_is_rejected_and_comes_back(central: TestClient) -> None:
    columns = ("Goal Action", "Title", "Description", "Planned 2024-25")
    rows: list[tuple[Cell, ...]] = [
        columns,
        ("1.01", "Tutoring", "What is done", 100),
        ("", "", "Whose are these?", 900),
    ]
    answer = send(central, "lcap-actions", workbook({"Actions": rows}))
    assert answer.json()["counts"] == {"accepted": 1, "rejected": 1}
    assert faulty(answer)[1][2:4] == ("Whose are these?", 900)


def test_a_clean_table_of_lcap_actions_is_read_from_a_text_parted_by_tabs(central: TestClient) -> None:
    words = ", ".join(["reading", "writing", "sums", "music", "sports"] * 4)
    columns = ("Goal Action", "Title", "Description", "Planned 2024-25")
    content = text_table([columns, ("1.01", "Tutoring", words, 100), ("", "", "Whose are these?", 900)], delimiter="\t")
    answer = send(central, "lcap-actions", content, "actions.tsv")
    assert answer.json()["counts"] == {"accepted": 1, "rejected": 1}
    assert faulty(answer)[1][2:4] == ("Whose are these?", "900")
    deliver()
    told = central.get("/tracker/api/v1/lcap/actions").json()["rows"]
    assert [(row["title"], row["description"]) for row in told] == [("Tutoring", words)]
    assert failures() == []


def test_a_text_without_an_lcap_table_is_refused_and_the_table_before_stays(central: TestClient) -> None:
    table = workbook({"Actions": [("Goal Action", "2024-25 Action Title"), ("1.01", "Tutoring")]})
    assert send(central, "lcap-actions", table).status_code == 201
    letter = b"Dear all,\nthe table follows next week. Goal Action and title stay as they are.\n"
    for kind, needed in (("lcap-actions", "Action Title"), ("lcap-measures", "Progress Measure")):
        answer = send(central, kind, letter, "letter.txt")
        assert (answer.status_code, answer.json()["code"]) == (422, "no_rows")
        assert needed in answer.json()["detail"]
    deliver()
    assert len(central.get("/tracker/api/v1/lcap/actions").json()["rows"]) == 1
