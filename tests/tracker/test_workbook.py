"""The workbook: its look and locks, its formulas against the rules, and LibreOffice's values against ours."""

import io
import json
import random
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.worksheet.worksheet import Worksheet

from services.tracker.rules.book import BookLine, BookSchool
from services.tracker.rules.known import FINAL_LABEL, ITEMS, LEVELS, PERIODS, goal_of
from services.tracker.rules.progress import MET, NOT_MET, progress
from services.tracker.rules.values import shown_percent
from services.tracker.workbook.layout import BookLayout
from services.tracker.workbook.writing import BookStamp, BookTab, write_book
from tests.people import api_of
from tests.tracker.district import ALDER, CEDAR, tell_directory
from tests.tracker.office import resaved

VECTORS: dict[str, Any] = json.loads((Path(__file__).parent.parent / "data" / "tracker_vectors.json").read_text())
LAYOUT = BookLayout(PERIODS, FINAL_LABEL)


def line(number: int, level: str, values: list[Decimal | None]) -> BookLine:
    known = ITEMS[number]
    increase, words = goal_of(known, level)
    points = None if increase is None else Decimal(increase)
    texts = (
        known.pillar,
        known.metric,
        words,
        f"{known.respondents} / {known.item}",
        f"{known.category} / {known.area}",
    )
    return BookLine(known.item_id, texts, known.respondents, points, values, progress(values[0], points, values[1:]))


def book(lines: dict[str, list[BookLine]]) -> bytes:
    out = io.BytesIO()
    tabs = [BookTab(level, [BookSchool(ALDER, "4001", "Alder El", lines[level])]) for level in lines]
    stamp = BookStamp(datetime(2026, 1, 5, tzinfo=UTC), "Lindqvist, Per", "Progress tracker", "2022-2026")
    write_book(out, LAYOUT, tabs, stamp)
    return out.getvalue()


def blank() -> bytes:
    return book({level: [line(number, level, [None] * 5) for number in range(len(ITEMS))] for level in LEVELS})


def sheet_of(content: bytes, level: str, *, values: bool = False) -> Worksheet:
    found = openpyxl.load_workbook(io.BytesIO(content), data_only=values)[level]
    assert isinstance(found, Worksheet)
    return found


def test_the_headings_are_the_districts_21_columns() -> None:
    headings = [cell.value for cell in sheet_of(blank(), "Elementary")[1]]
    assert (len(headings), headings.pop()) == (22, "Row key")
    assert headings[5:12] == [
        "Goal Percentage Point Increase",
        "Fall 2021 SCHOOL Baseline %",
        "Fall 2022 Target %",
        "Fall 2022 Result %",
        "Fall 2022 Result Difference from Target",
        "Fall 2023 Target %",
        "Fall 2023 Result %",
    ]
    assert headings[-1] == "2026 SCHOOL Goal Met/Not Met"


def test_only_input_cells_are_unlocked_and_checked() -> None:
    sheet = sheet_of(blank(), "Middle")
    unlocked = {cell.coordinate[0] for row in sheet.iter_rows(min_row=2) for cell in row if not cell.protection.locked}
    assert unlocked == {"G", "I", "L", "O", "R"}
    assert sheet.protection.sheet
    assert sheet.freeze_panes == "E2"
    checked = {str(rule.sqref) for rule in sheet.data_validations.dataValidation}
    assert checked == {f"{column}2:{column}13" for column in unlocked}
    assert sheet.print_title_rows == "$1:$1"
    assert sheet.page_setup.orientation == "landscape"


def test_the_formulas_are_live_and_stand_blank_without_input() -> None:
    row = sheet_of(blank(), "Elementary")[2]
    assert row[7].value == '=IF(OR(T2="",G2=""),"",G2+(T2-G2)/4)'
    assert row[16].value == '=IF(OR(T2="",O2=""),"",T2)'
    cached = sheet_of(blank(), "Elementary", values=True)[2]
    assert [cell.value for cell in cached[7:21]] == [None] * 13 + ["PENDING"]


def test_other_levels_have_their_unset_goals_blank() -> None:
    assert [cell.value for cell in sheet_of(blank(), "High School")["F"]][1:] == [
        None, 9.3, 8, 8, 8, 8, 7.7, None, 4.8, 8, None, 10,
    ]  # fmt: skip


def test_the_source_template_is_the_same_rule_with_blanks_taken_as_zero() -> None:
    for item in VECTORS["tracker_items"]:
        found = progress(Decimal(0), Decimal(item["goal_pp"]), [Decimal(0)] * 4)
        template = item["blank_template"]
        for year, key in enumerate(("F22", "F23", "F24", "F25")):
            shown = [shown_percent(found.targets[year]), shown_percent(found.differences[year])]
            assert shown == template[key]
        assert (shown_percent(found.goal), found.status.upper()) == (template["target_2026"], template["status"])
    compat = next(row for row in VECTORS["tracker_worked"] if "compat" in row)
    found = progress(Decimal(compat["baseline"]), Decimal(compat["goal"]), [Decimal(0)] * 4)
    assert [shown_percent(value) for value in found.targets] == compat["targets"]
    assert [shown_percent(value) for value in found.differences] == compat["diffs"]


def some(rng: random.Random) -> Decimal | None:
    return None if rng.random() < 0.2 else Decimal(rng.randint(0, 1000)) / 10


def test_libreoffice_computes_what_the_rules_compute_for_every_cell(tmp_path: Path) -> None:
    rng = random.Random(20260105)
    given = openpyxl.load_workbook(io.BytesIO(blank()))
    typed: dict[tuple[str, int], list[Decimal | None]] = {}
    for level in LEVELS:
        for row in range(2, 14):
            typed[level, row] = [some(rng) for _ in PERIODS]
            for column, value in zip(LAYOUT.inputs, typed[level, row], strict=True):
                given[level].cell(row, column + 1).value = None if value is None else float(value)
    out = io.BytesIO()
    given.save(out)
    saved = openpyxl.load_workbook(io.BytesIO(resaved(out.getvalue(), tmp_path)), data_only=True)
    compared = 0
    for (level, row), values in typed.items():
        increase = goal_of(ITEMS[row - 2], level)[0]
        found = progress(values[0], None if increase is None else Decimal(increase), values[1:])
        columns = [*LAYOUT.targets, *LAYOUT.differences, LAYOUT.goal]
        for column, ours in zip(columns, [*found.targets, *found.differences, found.goal], strict=True):
            theirs = saved[level].cell(row, column + 1).value
            if ours is None:
                assert theirs in (None, "")
            else:
                assert theirs == pytest.approx(float(ours), abs=1e-9)
            compared += 1
        word = {MET: "MET", NOT_MET: "NOT MET"}.get(found.status, "PENDING")
        assert saved[level].cell(row, LAYOUT.status + 1).value == word
    assert compared == 36 * 9


def test_written_values_are_there_before_anything_recalculates() -> None:
    values = [Decimal(value) for value in ("74.0", "75.3", "79.0", "82.0", "84.5")]
    row = sheet_of(book({"Elementary": [line(0, "Elementary", list(values))]}), "Elementary", values=True)[2]
    assert [shown_percent(Decimal(repr(cell.value))) for cell in row[6:20]] == [
        "74.0", "76.5", "75.3", "-1.2", "78.2", "79.0", "0.8", "81.5", "82.0", "0.5", "84.0", "84.5", "0.5", "84.0",
    ]  # fmt: skip
    assert row[20].value == "MET"


@pytest.mark.usefixtures("clean")
def test_a_school_downloads_its_own_workbook_and_no_other() -> None:
    tell_directory()
    principal = api_of("principal")
    principal.put(f"/tracker/api/v1/schools/{ALDER}/items/1b-happy", json={"baseline": 74})
    answer = principal.get("/tracker/workbook.xlsx", params={"ploc": "4001"})
    assert "progress-tracker-4001-alder-el.xlsx" in answer.headers["content-disposition"]
    assert openpyxl.load_workbook(io.BytesIO(answer.content)).sheetnames[:3] == list(LEVELS)
    assert sheet_of(answer.content, "Elementary")["G2"].value == 74
    one = principal.get("/tracker/workbook.xlsx", params={"ploc": "4001", "level": "Middle"})
    assert openpyxl.load_workbook(io.BytesIO(one.content)).sheetnames[0] == "Middle"
    assert principal.get("/tracker/workbook.xlsx", params={"ploc": CEDAR[1:5]}).status_code == 404
