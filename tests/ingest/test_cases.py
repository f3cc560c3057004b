"""One small file of each kind that was once read wrongly without a word, or refused though good, and what becomes of it."""

import io
import random
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import openpyxl
import pytest
import xlsxwriter

from tests.files import directory, workbook
from tests.ingest.damages import DAMAGES, TOTAL, book, in_sheet, prefixed, text
from tests.ingest.door import Door
from tests.ingest.test_corpus import CONVERTED, EACH, FILTERS, WRITERS
from tests.ingest.test_damages import SEEDS, rows
from tests.ingest.test_directory import PEOPLE, SCHOOL
from tests.ingest.test_listings import RESULTS, result
from tests.ingest.writers import FORMS, each
from tests.people import add_people
from tests.stack import wipe

DOCS = Path(__file__).parents[2] / "docs" / "files.md"
DAY, COUNT = "2026-03-09", 24
MADE = len(WRITERS) * EACH + len(FILTERS) * CONVERTED
Made = Callable[[], bytes]


class Outcome(NamedTuple):
    """Status, the code of a refusal or of a finding, a word of its place or sentence, and how many rows are accepted."""

    status: int
    code: str
    words: str
    accepted: int = 0


class Case(NamedTuple):
    kind: str
    made: Made
    outcome: Outcome


def damaged(name: str) -> Made:
    return lambda: DAMAGES[name](rows(DAY), random.Random(name))


def other_workbook_part() -> bytes:
    """A workbook whose main part has another name, as some programs give it."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(book(rows(DAY)))) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            part = old.read(name).replace(b"workbook.xml", b"workbook22.xml")
            new.writestr(name.replace("workbook.xml", "workbook22.xml"), part)
    return out.getvalue()


def error_in_a_total(error: str, *, references: bool = True) -> bytes:
    """An error that stands in the total of the fourth school, with or without the cells saying where they are."""
    cell = f'<c r="I5" t="e"><v>{error}</v></c>'

    def change(xml: str) -> str:
        xml = re.sub(r'<c r="I5"[^>]*>.*?</c>', cell, xml, count=1, flags=re.DOTALL)
        return xml if references else re.sub(r'(<(?:c|row)) r="[A-Z0-9]+"', r"\1", xml)

    return in_sheet(book(rows(DAY)), change)


def note_of_two_lines() -> bytes:
    return (text(rows(DAY)) + '"Preliminary, without the paper forms,\r\nwhich follow"' + "\r\n").encode()


def unsaved(header: tuple[str, ...], cells: tuple[Any, ...], formula: int) -> bytes:
    """A workbook that a library wrote, with a formula of which nobody has calculated the value."""
    out = io.BytesIO()
    made = xlsxwriter.Workbook(out)
    page = made.add_worksheet("Actions")
    page.write_row(0, 0, header)
    for number in range(1, 6):
        page.write_row(number, 0, [f"1.0{number}", *cells[1:]])
        page.write_formula(number, formula, "=1+1")
    made.close()
    return out.getvalue()


def fractions() -> bytes:
    return workbook({"R": [RESULTS, *(result(f"Item {n}", f"0.7{n}") for n in range(1, 9))]})


def result_before_percent() -> bytes:
    listed = [(*RESULTS[:5], "Result", "Percent"), *((*result(f"Item {n}", 50), 70) for n in range(8))]
    return workbook({"R": listed})


def prefixed_results() -> bytes:
    made = openpyxl.Workbook()
    page: Any = made.active
    for cells in (RESULTS, *((*result(f"Item {n}", 50)[:5], "=1+1") for n in range(8))):
        page.append(list(cells))
    out = io.BytesIO()
    made.save(out)
    return in_sheet(out.getvalue(), prefixed)


def scopes() -> bytes:
    person = ("Lindqvist, Per", "principal", "per@lausd.example", "1400101, 9999999", "")
    return directory((*PEOPLE, person), [SCHOOL])


PLAN = ("Goal Action", "2024-25 Action Title", "Contributing", "Total Planned 2024-25")
CASES: dict[str, Case] = {
    "a general date": Case("participation", damaged("a generic date"), Outcome(200, "column_unused", "Date", COUNT)),
    "a general group": Case("participation", damaged("a generic group"), Outcome(200, "column_unused", "Group", COUNT)),
    "a column twice": Case(
        "participation", damaged("a column twice"), Outcome(422, "columns_conflict", "Total_Surveys")
    ),
    "placeholders": Case(
        "participation", damaged("formulas with a placeholder"), Outcome(415, "file_formulas_unsaved", "save it")
    ),
    "prefixed and unsaved": Case(
        "participation",
        damaged("prefixed elements with unsaved formulas"),
        Outcome(415, "file_formulas_unsaved", "sheet Parents, J2"),
    ),
    "no references": Case(
        "participation",
        lambda: error_in_a_total("#N/A", references=False),
        Outcome(200, "cell_error", "#N/A", COUNT - 1),
    ),
    "stray marks": Case(
        "participation", damaged("stray marks in neighboring rows"), Outcome(415, "file_quote_open", "line")
    ),
    "scopes": Case("directory", scopes, Outcome(200, "scope_unknown", "9999999", 5)),
    "a second header": Case(
        "participation", damaged("a second header in another order"), Outcome(200, "header_changed", "School", COUNT)
    ),
    "an error that is new": Case(
        "participation", lambda: error_in_a_total("#SPILL!"), Outcome(200, "cell_error", "#SPILL!", COUNT - 1)
    ),
    "another workbook part": Case("participation", other_workbook_part, Outcome(200, "", "", COUNT)),
    "a note of two lines": Case("participation", note_of_two_lines, Outcome(200, "note_skipped", "Preliminary", COUNT)),
    "noise": Case("participation", damaged("noise of sums"), Outcome(200, "count_rounded", "", COUNT)),
    "letters of the Mac": Case("participation", damaged("letters of the mac"), Outcome(200, "", "", COUNT)),
    "above the total": Case(
        "participation",
        damaged("every row above its total"),
        Outcome(200, "above_many", "submitted_above_total", COUNT),
    ),
    "an unsaved plan": Case(
        "lcap-actions",
        lambda: unsaved(PLAN, ("1.01", "Title", "Yes", 9), 3),
        Outcome(415, "file_formulas_unsaved", "D2"),
    ),
    "none expected": Case(
        "participation",
        lambda: text(each(rows(DAY), TOTAL, lambda total: 0)).encode(),
        Outcome(200, "submitted_without_total", "Check the total", COUNT),
    ),
    "fractions": Case("survey-results", fractions, Outcome(422, "fractions_all", "0.765")),
    "a result beside the percent": Case(
        "survey-results", result_before_percent, Outcome(200, "column_unused", "Result", 8)
    ),
    "prefixed results": Case("survey-results", prefixed_results, Outcome(415, "file_formulas_unsaved", "F2")),
}


@pytest.fixture(scope="module")
def door(stack_servers: object) -> Door:
    wipe()
    add_people()
    made = Door()
    assert made.send(directory(PEOPLE, [SCHOOL]), dry=False, kind="directory").status_code == 201
    return made


@pytest.mark.parametrize("name", CASES)
def test_a_file_of_each_kind_has_its_outcome(door: Door, name: str) -> None:
    kind, made, outcome = CASES[name]
    answer = door.send(made(), kind=kind)
    assert answer.status_code == outcome.status, answer.text
    told = answer.json()
    codes = {told.get("code"), *(found["code"] for found in told.get("found", ())), *told.get("reasons", ())}
    assert outcome.code in codes or not outcome.code, codes
    assert outcome.words in answer.text, answer.text
    if outcome.status == 200:
        assert told["counts"]["accepted"] == outcome.accepted, told
        rejects = outcome.accepted < COUNT and kind == "participation"
        assert told["counts"].get("rejected", 0) == int(rejects)


def test_the_figures_of_the_docs_are_those_of_these_tests() -> None:
    """The cells that count files count those that are tried here."""
    page = DOCS.read_text()
    for row, count in (
        ("small files that were read wrongly", len(CASES)),
        ("named damages of a good extraction", len(DAMAGES) * len(SEEDS)),
        ("good files in further forms", len(FORMS)),
        ("workbooks of ", MADE),
    ):
        line = next(line for line in page.splitlines() if line.startswith(f"| {row}"))
        right = f"{count} of {count} alike" if count == MADE else f"0 of {count}"
        assert line.endswith(f"| {right} |"), (line, count)
    assert f"| workbooks of {len(WRITERS) + len(FILTERS)} writers" in page
