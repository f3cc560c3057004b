"""Reports of many schools from a spreadsheet, and the form on paper."""

import io
import re
from typing import Any
from uuid import uuid4

import openpyxl
import pytest
from sqlalchemy import text

from services.sesr.rules.entry import MOST_ROWS, read_rows
from shared.db import transaction
from tests.people import browser_of
from tests.sesr.world import ALDER, BIRCH, CEDAR, load_schools, open_incident

HEAD = "Code\tSchool\tStudents present\tMedia on site\tGiven by"


@pytest.mark.parametrize(
    ("pasted", "said"),
    [
        ("", "Nothing was pasted"),
        ("1400101\t310", "no heading Code and no heading Students present"),
        ("Code\tSchool\n1400101\tAlder", "no heading Students present"),
        ("Code\tStudents present\tCode\n", "The heading Code is there twice"),
        (f'{HEAD}\n1400101\t"Alder\t310' + "x" * 200_000, "An unclosed quotation mark"),
        (f"{HEAD}\n" + "1400101\tA\t3\t\t\n" * (MOST_ROWS + 1), f"Paste at most {MOST_ROWS} at a time"),
    ],
)
def test_a_paste_that_cannot_be_read_says_what_to_do(pasted: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        read_rows(pasted)


def test_columns_stand_in_any_order_and_separated_as_the_spreadsheet_does() -> None:
    for mark in "\t;,":
        lines = (
            ("students  PRESENT", "unknown", "Code"),
            ("1200" if mark == "," else "1,200", "x", " 1400101 "),
            ("", "", "1"),
        )
        [row] = read_rows("\r\n".join(mark.join(line) for line in lines))
        assert (row.number, row.school_key, row.counts) == (2, "1400101", {"students_present": "1200"})


@pytest.fixture
def incident(clean: None) -> str:
    load_schools()
    return open_incident()


def reports() -> list[Any]:
    with transaction("sesr") as session:
        return list(
            session.execute(text("select school_key, counts, flags, proxy_for, author from report order by number"))
        )


def test_each_line_is_a_report_by_telephone_and_what_is_refused_comes_back(incident: str) -> None:
    rows = f"{HEAD}\n{ALDER}\tAlder El\t310\tyes\tthe office\n{BIRCH}\tBirch MS\t12.5\t\tthe office\n{CEDAR}\tCedar HS\t5\t\tme\n"
    sent = {"incident_id": incident, "batch": str(uuid4()), "rows": rows}
    desk = browser_of("desk")
    shown = desk.post("/sesr/entry", data=sent).text
    assert "1 taken of 3" in shown and "enter a whole number" in shown and "not one of yours" in shown
    [area] = re.findall(r"<textarea[^>]*>([^<]*)</textarea>", shown)
    assert [line.split("\t")[0] for line in area.strip().splitlines()] == ["Code", BIRCH, CEDAR]
    desk.post("/sesr/entry", data=sent)
    [one] = reports()
    assert (one.school_key, one.counts["students_present"], one.flags) == (ALDER, 310, {"media": True})
    assert one.proxy_for == "the office" and one.counts["walkout"] is None
    mended = area.replace("12.5", "120")
    assert "1 taken of 2" in desk.post("/sesr/entry", data={**sent, "batch": str(uuid4()), "rows": mended}).text
    assert [row.school_key for row in reports()] == [ALDER, BIRCH]


def test_a_school_twice_a_flag_that_is_none_and_nobody_named_are_told_by_line(incident: str) -> None:
    rows = f"{HEAD}\n{ALDER}\t\t310\t\tme\n{ALDER}\t\t300\t\tme\n{BIRCH}\t\t1\tperhaps\tme\n"
    sent = {"incident_id": incident, "batch": str(uuid4())}
    shown = browser_of("central").post("/sesr/entry", data={**sent, "rows": rows}).text
    assert "is in an earlier line too" in shown and "write yes or no, not perhaps" in shown
    again = browser_of("central").post(
        "/sesr/entry", data={**sent, "batch": str(uuid4()), "rows": f"{HEAD}\n{BIRCH}\t\t5\t\t\n"}
    )
    assert "Enter who gave you the numbers" in again.text
    assert browser_of("central").post("/sesr/entry", data={**sent, "rows": "x"}).status_code == 422
    assert browser_of("director").post("/sesr/entry", data={**sent, "rows": rows}).status_code == 403


def test_the_table_to_fill_is_what_can_be_pasted(incident: str) -> None:
    content = browser_of("desk").get("/sesr/entry.xlsx").content
    sheet = openpyxl.load_workbook(io.BytesIO(content))["Reports"]
    lines = [[str(cell or "") for cell in row] for row in sheet.values]
    assert [line[0] for line in lines[1:]] == [ALDER, BIRCH]
    assert read_rows("\n".join("\t".join(line) for line in lines)) == []
    place = lines[0].index("Students present")
    lines[1][place] = "310"
    [row] = read_rows("\n".join("\t".join(line) for line in lines))
    assert (row.school_key, row.counts["students_present"]) == (ALDER, "310")


def test_the_form_on_paper_has_every_count_and_is_of_own_schools(incident: str) -> None:
    shown = browser_of("principal").get(f"/sesr/paper?school={ALDER}").text
    assert "Students present" in shown and "944" in shown and "Volunteers" in shown and "At 08:30" in shown
    assert "Meals served" not in shown
    assert browser_of("principal").get(f"/sesr/paper?school={CEDAR}").status_code == 404
