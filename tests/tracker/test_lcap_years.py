"""LCAP tables of several plan years and in the State's shape: side by side, followed, previewed, undone."""

import csv
import io
from collections.abc import Sequence
from typing import Any

import openpyxl
import pytest

from services.tracker.rules.lcap.actions import read_actions
from tests.people import api_of, browser_of
from tests.stack import deliver, failures
from tests.tracker.lcap_tables import clean, demo, load, loaded_events, published

ACTIONS, LOADS = "/tracker/api/v1/lcap/actions", "/tracker/api/v1/lcap/loads"
HEADINGS = (
    "Goal Action", "{now} Action Title", "Contributing to Increased or Improved Services?",
    "Change in Planned LCFF Expenditures: ({before} to {now})", "Total Planned LCFF Expenditures ({now})",
    "Total Planned LCFF Expenditures ({before})", "Estimated Actual LCFF Expenditures ({before})",
)  # fmt: skip
ROWS = (("1.01", "Gardens", "No", "10", "110", "100", "90"), ("1.02", "Choirs", "Yes", "20", "220", "200", "150"))
TOTAL_PLANNED = (
    "Goal #", "Action #", "Action Title", "Student Group(s)", "Contributing to Increased or Improved Services?",
    "LCFF Funds", "Other State Funds", "Local Funds", "Federal Funds", "Total Funds",
    "Planned Percentage of Improved Services",
)  # fmt: skip
pytestmark = pytest.mark.usefixtures("clean")


def text_of(*lines: Sequence[str]) -> bytes:
    out = io.StringIO()
    csv.writer(out).writerows(lines)
    return out.getvalue().encode()


def district_table(now: str, before: str, rows: Sequence[Sequence[str]] = ROWS) -> bytes:
    return text_of([heading.format(now=now, before=before) for heading in HEADINGS], *rows)


def upload(content: bytes, name: str = "lcap.csv", kind: str = "lcap-actions") -> dict[str, Any]:
    answer = api_of("central").post("/ingest/api/v1/uploads", params={"kind": kind}, files={"file": (name, content)})
    assert answer.status_code == 201, answer.text
    deliver()
    assert failures() == []
    uploaded: dict[str, Any] = answer.json()
    return uploaded


def rows_of(year: str, table: str = "") -> dict[str, dict[str, Any]]:
    answer = api_of("central").get(ACTIONS, params={"year": year, "table": table})
    assert answer.status_code == 200, answer.text
    return {row["goal_action"]: row for row in answer.json()["rows"]}


def newest() -> dict[str, Any]:
    found: dict[str, Any] = api_of("central").get(LOADS).json()["rows"][0]
    return found


def decide(**decision: object) -> Any:
    return api_of("central").post(f"{LOADS}/{newest()['version_id']}", json=decision)


@pytest.mark.parametrize("now", ["2025-26", "2031-32"])
def test_next_years_table_stands_beside_this_years(now: str) -> None:
    load(*loaded_events("actions", demo("actions")))
    before = f"{int(now[:4]) - 1}-{int(now[:4]) % 100:02}"
    upload(district_table(now, before), f"{now}.csv")
    assert len(rows_of("2024-25")) == 86
    first = rows_of(now)["1.01"]
    assert (first["planned_next"], first["planned"], first["estimated_actual"]) == (110, 100, 90)
    answer = api_of("central").get(ACTIONS, params={"year": now}).json()
    assert answer["amounts"]["planned_next"] == f"Planned {now}"
    assert answer["amounts"]["estimated_actual"] == f"Estimated actual {before}"
    assert answer["source_file"] == f"{now}.csv"
    page = browser_of("central").get("/tracker/lcap/", params={"year": now}).text
    assert f"Planned {now}" in page and f"from {now}.csv" in page
    assert "$8,317,011,844" in browser_of("central").get("/tracker/lcap/", params={"year": "2024-25"}).text


def test_the_published_text_of_another_year_is_read_as_that_year() -> None:
    lines = [
        {**row, "text": str(row["text"]).replace("2024-25", "2025-26").replace("2023-24", "2024-25")}
        for row in published()
    ]
    load(*loaded_events("actions", published()), *loaded_events("actions", lines, revision=2))
    this, following = rows_of("2024-25"), rows_of("2025-26")
    assert list(this) == list(following)
    assert {number: row["planned_next"] for number, row in this.items()} == {
        number: row["planned_next"] for number, row in following.items()
    }


def _styled(style: str, first: int) -> str:
    return style.format(first, first + 1, (first + 1) % 100)


@pytest.mark.parametrize(
    "style", ["{0}-{2:02}", "{0}–{2:02}", "{0}‑{1}", "{0} - {2:02}", "{0}/{2:02}", "FY {0}-{2:02}", "FY{0}/{1}"]
)
def test_a_year_is_read_however_it_is_written(style: str) -> None:
    this, before = _styled(style, 2030), _styled(style, 2029)
    (reading,) = read_actions(
        clean("actions", [[heading.format(now=this, before=before) for heading in HEADINGS], *ROWS])
    )
    lines = [
        {**row, "text": str(row["text"]).replace("2024-25", this).replace("2023-24", before)} for row in published()
    ]
    (text,) = read_actions(lines)
    assert [(found.year, found.warnings) for found in (reading, text)] == [("2030-31", ()), ("2030-31", ())]
    assert (len(reading.actions), len(text.actions)) == (2, 18)


def test_a_second_file_of_a_year_waits_and_says_what_it_would_change() -> None:
    upload(district_table("2025-26", "2024-25"), "first.csv")
    upload(
        district_table("2025-26", "2024-25", [*ROWS[:1], ("1.02", "Choirs", "Yes", "-20", "180", "200", "150")]),
        "b.csv",
    )
    assert (newest()["state"], rows_of("2025-26")["1.02"]["planned_next"]) == ("waiting", 220)
    page = browser_of("central").get(f"/tracker/lcap/loads/{newest()['version_id']}").text
    assert "A table of 2025-26 stands here: from first.csv" in page and "$180" in page


def test_the_states_tables_that_name_two_years_are_refused_with_a_sentence() -> None:
    headings = [*TOTAL_PLANNED[:5], "LCFF Funds (2025-26)", *TOTAL_PLANNED[6:9], "Total Funds (2026-27)"]
    answer = api_of("central").post(
        "/ingest/api/v1/uploads",
        params={"kind": "lcap-actions"},
        files={"file": ("a.csv", text_of(headings, ("1", "1.1", "Gardens", "All", "No", "1", "0", "0", "0", "1")))},
    )
    assert (answer.status_code, answer.json()["code"]) == (422, "lcap_years")
    assert "The headings name several years: 2025-26, 2026-27." in answer.json()["detail"]


def test_a_text_whose_page_headers_name_two_years_waits_until_a_person_says_which() -> None:
    lines = published()
    last = max(at for at, row in enumerate(lines) if "2024-25 Action Title" in str(row["text"]))
    lines[last] = {**lines[last], "text": str(lines[last]["text"]).replace("2024-25 Action", "2025-26 Action")}
    load(*loaded_events("actions", lines))
    assert (newest()["state"], newest()["plan_year"]) == ("waiting", "")
    page = browser_of("central").get(f"/tracker/lcap/loads/{newest()['version_id']}").text
    assert "The page headers name several plan years: 2024-25 in line" in page
    assert decide(decision="take").status_code == 422
    assert decide(decision="take", plan_year="2025").status_code == 422
    assert decide(decision="take", plan_year="2024-25").status_code == 200
    assert len(rows_of("2024-25")) == 18


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("Expenditures (2025-26)", "Expenditures (2027-28)"), "the newest planned amounts are those of 2027-28"),
        (
            ("Actual LCFF Expenditures (2024-25)", "Actual LCFF Expenditures (2022-23)"),
            "estimated actual is of 2022-23",
        ),
        (("2025-26 Action", "2021-22 Action"), "The titles are those of 2021-22"),
    ],
)
def test_headings_whose_years_contradict_each_other_are_refused_with_a_sentence(
    change: tuple[str, str], words: str
) -> None:
    content = district_table("2025-26", "2024-25").decode().replace(*change).encode()
    answer = api_of("central").post(
        "/ingest/api/v1/uploads", params={"kind": "lcap-actions"}, files={"file": ("a.csv", content)}
    )
    assert (answer.status_code, answer.json()["code"]) == (422, "lcap_years")
    assert words in answer.json()["detail"]


def test_a_part_of_a_table_replaces_nothing_until_the_rows_that_would_disappear_are_confirmed() -> None:
    load(*loaded_events("actions", demo("actions"), file_name="whole.csv"))
    part = [
        {**row, "planned_next": "5"} if row["number"] == "1.02" else row
        for row in demo("actions")
        if row["number"] < "2"
    ]
    load(*loaded_events("actions", [*part, {**part[0], "number": "1.99", "title": "Orchards"}], revision=2))
    assert len(rows_of("2024-25")) == 86
    answer = api_of("central").get(f"{LOADS}/{newest()['version_id']}").json()
    assert (len(answer["added"]), len(answer["changed"]), len(answer["gone"]), answer["same"]) == (1, 1, 53, 32)
    assert answer["changed"][0]["changes"] == [{"name": "planned_next", "was": "$2,664,031,601", "now": "$5"}]
    page = browser_of("central").get(f"/tracker/lcap/loads/{newest()['version_id']}").text
    assert "53 rows that stand now would disappear" in page
    assert "A table of 2024-25 stands here: from whole.csv" in page
    assert "waits for a decision" in browser_of("central").get("/tracker/lcap/").text
    refused = decide(decision="take")
    assert (refused.status_code, refused.json()["code"], len(refused.json()["problems"])) == (409, "lcap_rows_gone", 53)
    assert decide(decision="take", gone_is_meant=True).status_code == 200
    assert len(rows_of("2024-25")) == 34
    assert decide(decision="undo").status_code == 200
    assert len(rows_of("2024-25")) == 86


def test_a_declined_load_leaves_everything_as_it_is() -> None:
    load(*loaded_events("actions", demo("actions")))
    load(*loaded_events("actions", demo("actions")[:3], revision=2))
    path = f"/tracker/lcap/loads/{newest()['version_id']}"
    assert browser_of("central").post(f"{path}/decline").status_code == 303
    assert (newest()["state"], len(rows_of("2024-25"))) == ("declined", 86)
    assert browser_of("central").post(f"{path}/take", data={"gone_is_meant": "true"}).status_code == 409


def test_a_table_without_a_year_waits_until_it_is_named_and_one_of_the_past_says_so() -> None:
    load(*loaded_events("actions", demo("actions")))
    upload(text_of(["Goal Action", "Action Title", "Planned"], ["1.01", "Gardens", "5"]))
    assert (newest()["state"], newest()["plan_year"]) == ("waiting", "")
    path = f"/tracker/lcap/loads/{newest()['version_id']}"
    assert "Which year is this table for?" in browser_of("central").get(path).text
    assert browser_of("central").post(f"{path}/year", data={"plan_year": "2020-22"}).status_code == 422
    assert browser_of("central").post(f"{path}/year", data={"plan_year": "2019-20"}).status_code == 303
    assert "2019-20 lies before the newest plan year here, 2024-25" in browser_of("central").get(path).text
    browser_of("central").post(f"{path}/take")
    assert (len(rows_of("2019-20")), len(rows_of("2024-25"))) == (1, 86)


def total_planned(*rows: Sequence[str]) -> bytes:
    return text_of(["2025-26 Total Planned Expenditures Table"], TOTAL_PLANNED, *rows)


def test_the_states_total_planned_expenditures_load_with_their_funds() -> None:
    upload(
        total_planned(
            ("1", "1.1", "Gardens", "All", "No", "$100", "$20", "$3", "$4", "$127", "0.00%"),
            ("1", "1.10", "Choirs", "All", "Yes", "$1,000.40", "$0", "$0", "$0", "$999", "-2.5%"),
            ("2", "3", "Orchards", "All", "Yes", "$7", "$0", "$0", "$0", "$7", "1.25%"),
        )
    )
    rows = rows_of("2025-26", "total_planned")
    assert list(rows) == ["1.01", "1.10", "2.03"]
    assert rows["1.01"]["funds"] == {"lcff": 100, "other_state": 20, "local": 3, "federal": 4, "total": 127}
    assert (rows["1.01"]["planned_next"], rows["2.03"]["improved_percent"]) == (100, "1.25")
    assert rows["1.10"]["damage"] == [
        "LCFF funds reads '$1,000.40'; rounded to whole dollars",
        "the four funds add up to $1,000, the total says $999",
        "planned percentage of improved services reads '-2.5%'; a percentage cannot be negative, so none was taken",
    ]
    page = browser_of("central").get("/tracker/lcap/").text
    assert "Federal funds" in page and "$127" in page
    book = openpyxl.load_workbook(io.BytesIO(browser_of("central").get("/tracker/lcap/export.xlsx").content))
    assert "Federal funds" in [cell.value for cell in book["Total Planned Expenditures"][2]]


def test_a_workbook_of_the_states_tables_loads_tab_by_tab_each_with_its_year() -> None:
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    tabs: dict[str, list[Sequence[Any]]] = {
        "Total Planned": [["2025-26 Total Planned Expenditures Table"], [], TOTAL_PLANNED,
                          (1, 1.1, "Gardens", "All", "No", 100, 0, 0, 0, 100, 0), ("Totals", None, None, None, None, 100)],
        "Contributing": [["2025-26 Contributing Actions Table"],
                         ["Goal #", "Action #", "Action Title", "Contributing to Increased or Improved Services?", "Scope",
                          "Unduplicated Student Group(s)", "Location",
                          "Planned Expenditures for Contributing Actions (LCFF Funds)",
                          "Planned Percentage of Improved Services (%)"],
                         (1, 1.2, "Choirs", "Yes", "LEA-wide", "All", "All Schools", 50, 0.5)],
        "Annual Update": [["2024-25 Annual Update Table"],
                          ["Last Year's Goal #", "Last Year's Action #", "Prior Action/Service Title",
                           "Contributed to Increased or Improved Services?",
                           "Last Year's Planned Expenditures (Total Funds)",
                           "Estimated Actual Expenditures (Input Total Funds)"],
                          (1, 1.1, "Gardens", "No", 90, 80)],
        "Contributing Annual Update": [["2024-25 Contributing Actions Annual Update Table"],
                          ["Last Year's Goal #", "Last Year's Action #", "Prior Action/Service Title",
                           "Contributed to Increased or Improved Services?",
                           "Last Year's Planned Expenditures for Contributing Actions (LCFF Funds)",
                           "Estimated Actual Expenditures for Contributing Actions (Input LCFF Funds)",
                           "Planned Percentage of Improved Services",
                           "Estimated Actual Percentage of Improved Services (Input Percentage)"],
                          (1, 1.2, "Choirs", "Yes", 45, 40, 0.5, 0.4)],
        "Carryover": [["2024-25 LCFF Carryover Table"],
                      ["9. Estimated Actual LCFF Base Grant (Input Dollar Amount)",
                       "6. Estimated Actual LCFF Supplemental and/or Concentration Grants",
                       "12. LCFF Carryover — Dollar Amount (Subtract 11 from 10 and multiply by 9)",
                       "13. LCFF Carryover — Percentage (12 divided by 9)"],
                      (1000, 300, 25, "2.50%")],
    }  # fmt: skip
    for title, lines in tabs.items():
        sheet = book.create_sheet(title)
        for line in lines:
            sheet.append(list(line))
    out = io.BytesIO()
    book.save(out)
    upload(out.getvalue(), "action-tables.xlsx")
    loads = api_of("central").get(LOADS).json()["rows"]
    assert sorted((row["form"], row["plan_year"], row["state"], row["kept"]) for row in loads) == [
        ("annual_update", "2024-25", "standing", 1),
        ("carryover", "2024-25", "standing", 1),
        ("contributing", "2025-26", "standing", 1),
        ("contributing_annual_update", "2024-25", "standing", 1),
        ("total_planned", "2025-26", "standing", 1),
    ]
    update = rows_of("2024-25", "annual_update")["1.01"]
    assert (update["fund"], update["planned"], update["estimated_actual"], update["percent_spent"]) == (
        "All funds", 90, 80, "88.9",
    )  # fmt: skip
    assert rows_of("2024-25", "contributing_annual_update")["1.02"]["actual_improved_percent"] == "0.4"
    page = browser_of("central").get("/tracker/lcap/", params={"year": "2024-25", "table": "carryover"}).text
    assert "$25" in page and "2.50%" in page


def test_actions_are_followed_from_year_to_year_and_two_years_compared() -> None:
    upload(district_table("2024-25", "2023-24"))
    moved = (("1.01", "Choirs", "Yes", "30", "250", "220", "200"), ("1.02", "Orchards", "No", "", "70", "", ""))
    upload(district_table("2025-26", "2024-25", moved))
    page = browser_of("central").get("/tracker/lcap/compare").text
    assert "$30" in page and "Gardens" in page and "gone" in page
    put = api_of("central").put
    path = "/tracker/api/v1/lcap/renumberings/2024-25"
    assert (
        put(path, json={"lines": [{"was": "1.01", "now": "1.02"}, {"was": "1.02", "now": "1.01"}]}).status_code == 409
    )
    twice = put(path, json={"lines": [{"was": "1.01", "now": "1.02"}, {"was": "1.03", "now": "1.02"}]})
    assert (twice.status_code, twice.json()["code"]) == (422, "renumbering_unclear")
    assert put(path, json={"lines": [{"was": "1.01", "now": "1.02"}]}).status_code == 200
    assert "gone" not in browser_of("central").get("/tracker/lcap/compare").text


def test_a_renumbering_is_edited_on_its_page_and_a_circle_is_a_sentence() -> None:
    load(*loaded_events("actions", demo("actions")))
    path, central = "/tracker/lcap/renumbering", browser_of("central")
    assert 'value="1.32"' in central.get(path, params={"year": "2023-24"}).text
    circle = {"year": "2023-24", "was": ["1.31", "1.32", "1.33"], "now": ["1.32", "1.33", "1.31"]}
    refused = central.post(path, data=circle)
    assert refused.status_code == 409
    assert "The lines lead in a circle: 1.31, 1.32, 1.33, 1.31." in refused.text
    assert central.post(path, data={**circle, "circle_is_meant": "true"}).status_code == 303
    bad = central.post(path, data={"year": "2023-24", "was": ["one"], "now": [""]})
    assert (bad.status_code, "“one” is not an action number" in bad.text) == (422, True)


def test_measures_belong_to_their_reporting_year() -> None:
    headings = ["Goal", "Action", "Action Title", "Progress Measure ({})", "Growth / Decrease in Performance ({})"]
    for year, now in (("2023-24", "50%"), ("2024-25", "60%")):
        row = ["1", "1", "Gardens", "Pupils who garden", f"{now}, compared to 40% in 2021-22"]
        upload(text_of([heading.format(year) for heading in headings], row), kind="lcap-measures")
    found = {
        year: api_of("central").get("/tracker/api/v1/lcap/measures", params={"year": year}).json()["rows"][0]
        for year in ("2023-24", "2024-25")
    }
    assert {year: (row["values"][0]["now"], row["values"][0]["period_now"]) for year, row in found.items()} == {
        "2023-24": ("50", "2023-24"),
        "2024-25": ("60", "2024-25"),
    }


def test_a_value_that_the_rules_cannot_read_is_shown_in_words_and_never_judged() -> None:
    headings = ["Goal", "Action", "Action Title", "Progress Measure (2023-24)", "Growth"]
    text = "Participation increased 1.0% compared to 2022; from 40,811 in summer 2022 to 41,168 in summer 2023"
    upload(text_of(headings, ["1", "16", "Summer", "Participation rates", text]), kind="lcap-measures")
    row = api_of("central").get("/tracker/api/v1/lcap/measures").json()["rows"][0]
    assert [(value["doubtful"], value["favor"], value["delta"]) for value in row["values"]] == [
        (True, "not judged", None)
    ]
    for path in ("/tracker/lcap/measures", f"/tracker/lcap/measures/{row['key']}"):
        page = browser_of("central").get(path).text
        assert "from 40,811 in summer 2022 to 41,168" in page and "To check" in page
        assert "Worse" not in page and "-40,810" not in page
    book = openpyxl.load_workbook(io.BytesIO(browser_of("central").get("/tracker/lcap/export.xlsx").content))
    cells = [cell for line in book["Measures"].iter_rows(min_row=3, values_only=True) for cell in line]
    assert (
        not any(isinstance(cell, float) and cell < 0 for cell in cells) and -40810 not in cells and "worse" not in cells
    )
    sent = {"group": "", "now": "41,168", "before": "40,811", "period_now": "", "period_before": "2022", "as_of": ""}
    browser_of("central").post(f"/tracker/lcap/measures/{row['key']}/correct", data=sent)
    settled = api_of("central").get("/tracker/api/v1/lcap/measures").json()["rows"][0]["values"][0]
    assert (settled["delta"], settled["favor"]) == ("357", "better")
