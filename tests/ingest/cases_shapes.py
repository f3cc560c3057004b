"""Cases 14 to 24 of the catalogue: the shape of files."""

from datetime import timedelta
from typing import Any

from shared.web.clock import today
from tests.files import HEADER, workbook
from tests.ingest.catalogue import case
from tests.ingest.door import Door, became
from tests.ingest.making import book, many, row, text_table, with_header


@case(14, "several dates of extraction", "each its own extraction, warned; more than two: quarantined")
def several_dates(door: Door) -> None:
    tabs: dict[str, Any] = {
        "Students": with_header([row(group="Students", extraction_date="2026-02-01")]),
        "Parents": with_header([row()]),
    }
    assert door.counts(workbook(tabs))["dates_several"] == 1
    three = [row(extraction_date=f"2026-03-0{day}") for day in (1, 2, 3)]
    assert door.told(book(with_header(three)))["reasons"] == ["dates_too_many"]


@case(15, "a future date, or one before the window", "quarantined until confirmed")
def odd_dates(door: Door) -> None:
    tomorrow = today() + timedelta(days=1)
    assert door.send(book(with_header([row(extraction_date=tomorrow)])), dry=False).status_code == 409
    door.client.put("/ingest/api/v1/windows/Sp25", json={"opens": "2025-02-03", "closes": "2025-03-28"})
    early = door.send(book(with_header([row(extraction_date="2025-01-15")])), dry=False)
    door.client.delete("/ingest/api/v1/windows/Sp25")
    assert early.json()["problems"][0]["code"] == "date_before_window"


@case(16, "blank rows between and after, 1,048,576 formatted empty rows", "left out, in bounded time and memory")
def blank_rows(door: Door) -> None:
    rows = [*many(3), [None] * 12, [" "] * 12, *many(6)[3:]]
    assert door.counts(book(with_header(rows)))["accepted"] == 6

    def formatted(made: Any) -> None:
        page = made.active
        for number in (1_000, 500_000, 1_048_576):
            page.cell(number, 3).number_format = "0.00"

    assert door.counts(book(with_header(many(3)), formatted))["accepted"] == 3


@case(17, "the header in row 3 to 10 below a merged title", "found by its names")
def header_below(door: Door) -> None:
    def merged(made: Any) -> None:
        made.active.merge_cells("A1:L1")

    titled: list[Any] = [["SES Preliminary Participation"], ["as of March"], [], *with_header(many(5))]
    counts = door.counts(book(titled, merged))
    assert (counts["accepted"], counts["header_below"]) == (5, 2)


@case(18, "notes and totals at the end", "left out, their text listed")
def notes(door: Door) -> None:
    ends: list[Any] = [["Grand Total", "", "", "", "", "", "", "", 2000, 200], ["Note: preliminary counts"]]
    told = door.told(book(with_header([*many(5), *ends])))
    listed = {problem["code"]: problem["value"] for problem in told["problems"] if "skipped" in problem["code"]}
    assert told["counts"]["accepted"] == 5
    assert listed == {"total_skipped": "Grand Total | 2000 | 200", "note_skipped": "Note: preliminary counts"}


@case(
    19, "renamed headers (`_Sp25`, `_F24`, spaces, case, `Regi`, `PL`, a byte order mark), extra columns", "recognized"
)
def headers(door: Door) -> None:
    names = (
        "Regi", "PL", "cos", "Regional Director", "SCHOOL", "category ", "Response Tier NR", "Response_Tier",
        "Total_Surveys_F24", "Surveys Submitted F24", "Response_Rate_F24", "Date of Extraction", "Comment",
    )  # fmt: skip
    told = door.told(text_table([names, *[(*r, "ok") for r in many(4)]], encoding="utf-8-sig"))
    codes = {found["code"]: found["count"] for found in told["found"]}
    assert (told["counts"]["accepted"], codes["column_ignored"]) == (4, 1)
    assert became(told, "term_suffix_differs") == ["Sp26"]


@case(20, "columns in another order, computed columns absent", "accepted; required: A to F, I, J, L")
def columns(door: Door) -> None:
    keep = (0, 2, 3, 1, 4, 5, 9, 8, 11)
    rows = [[cells[index] for index in keep] for cells in with_header(many(4))]
    assert door.counts(book(rows))["accepted"] == 4
    without = [[cell for index, cell in enumerate(cells) if index != 8] for cells in with_header(many(4))]
    answer = door.send(book(without))
    assert (answer.status_code, answer.json()["problems"][0]["column"]) == (422, "Total_Surveys")


@case(21, "several terms in the column names, also side by side", "quarantined")
def mixed_terms(door: Door) -> None:
    mixed = [*HEADER[:9], "Surveys_Submitted_Sp25", *HEADER[10:]]
    assert door.told(book([mixed, *many(3)]))["reasons"] == ["terms_mixed"]
    beside = [*HEADER, "Total_Surveys_Sp25", "Surveys_Submitted_Sp25", "Response_Rate_Sp25"]
    assert door.told(book([beside, *[(*r, 100, 20, "20%") for r in many(3)]]))["reasons"] == ["terms_mixed"]


@case(22, "category `Parent`, `PARENTS`, with spaces, or only in the name of the tab", "fixed; the column wins, warned")
def categories(door: Door) -> None:
    rows = [
        row("4701", "A El", group="Parent"),
        row("4702", "B El", group="PARENTS\u00a0"),
        row("4703", "C El", group=""),
    ]
    assert door.counts(book(with_header(rows)))["group_fixed"] == 3
    absent = [[*cells[:5], *cells[6:]] for cells in with_header(many(3))]
    told = door.told(book(absent, sheet="Staff"))
    assert (told["groups"], told["counts"]["accepted"]) == (["staff"], 3)
    assert door.counts(book(with_header(many(3)), sheet="Students"))["group_differs_from_tab"] == 3


@case(23, "non-breaking, double and zero-width spaces, smart quotes, trailing tabs", "normalized; the file is kept raw")
def spaces(door: Door) -> None:
    told = door.told(book(with_header([row(school="O\u2019Dowd\u00a0\u200b  St El\t", director="VEGA,\u00a0MARTA")])))
    assert sorted(became(told, "text_tidied")) == ["O'Dowd St El", "VEGA, MARTA"]


@case(24, "text tables: CRLF, CR, UTF-8, UTF-16, CP1252, `;`, tab, quoted commas, `sep=`", "detected")
def texts(door: Door) -> None:
    rows = with_header([row("4801", "Núñez El", director="NÚÑEZ, MÓNICA"), *many(3)])
    made = [
        text_table(rows, encoding) for encoding in ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252")
    ]
    made += [text_table(rows, delimiter=mark) for mark in (";", "\t", "|")]
    made += [text_table(rows, ends=ends) for ends in ("\r", "\n")]
    made += [
        text_table(rows, delimiter=";", first="sep=;\r\n"),
        text_table([[",".join(f'"{c}"' for c in r)] for r in rows]),
    ]
    for number, content in enumerate(made):
        told = door.told(content, name="file.csv")
        assert told["counts"]["accepted"] == 4, number
        assert became(told, "text_tidied") == [], number
