"""Files made to do harm: refused with a reason, in bounded time and memory, while good ones are still read."""

import io
import struct
import subprocess
import sys
import zipfile
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.ingest.actions.extraction import read_extraction
from services.ingest.actions.reading import Watch
from services.ingest.rules.extraction import Extraction, SheetReader
from services.ingest.rules.headers import ColumnsMissing
from services.ingest.rules.rows import CountsRow, SheetAbout
from services.ingest.sheets import TakesLong, UnreadableFile, read_parts, reading
from shared.errors import Invalid
from tests.deploy.waiting import alive, until
from tests.files import HEADER, workbook
from tests.ingest.making import book, many, row, text_table, with_header
from tests.stack import ROOT

GOOD = with_header(many(5))
SHEET = "xl/worksheets/sheet1.xml"
RELATIONS = (
    '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{}</sheetData></worksheet>'
)


def changed(parts: dict[str, bytes], content: bytes | None = None) -> bytes:
    """A workbook in which some parts are others."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content or book(GOOD))) as old,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as new,
    ):
        for name in old.namelist():
            if name not in parts:
                new.writestr(name, old.read(name))
        for name, part in parts.items():
            new.writestr(name, part)
    return out.getvalue()


def with_size(size: int) -> bytes:
    """A workbook whose directory claims another unpacked size for its sheet."""
    content = bytearray(book(GOOD))
    entry = content.rindex(SHEET.encode()) - 46
    content[entry + 24 : entry + 28] = struct.pack("<I", size)
    return bytes(content)


def far_apart() -> bytes:
    def change(made: Any) -> None:
        made.active["XFD1048576"] = "far"

    return book(GOOD, change)


def refusal(content: bytes) -> str:
    with pytest.raises(UnreadableFile) as refused:
        list(read_parts(content, seconds=90))
    assert str(refused.value)
    return refused.value.code


def one_long_cell() -> bytes:
    cell = f"<row><c><v>{'1' * 200_000_000}</v></c></row>"
    return changed({SHEET: RELATIONS.format(cell).encode()})


HOSTILE: dict[str, tuple[Callable[[], bytes], str]] = {
    "a bomb that says its size": (lambda: with_size(2**31), "file_too_large_inside"),
    "a bomb that lies about its size": (lambda: with_size(10), "file_broken"),
    "two far-apart cells": (far_apart, "file_too_wide"),
    "an external entity": (
        lambda: changed({SHEET: b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><x>&a;</x>'}),
        "file_has_entities",
    ),
    "macros": (lambda: changed({"xl/vbaProject.bin": b"0"}), "file_has_macros"),
    "XML that ends early": (lambda: changed({SHEET: b"<worksheet"}), "file_broken"),
    "200 MB of one cell": (one_long_cell, "file_cell_too_long"),
    "a torn package": (lambda: b"PK\x03\x04" + bytes(100), "file_broken"),
    "a long text cell": (lambda: text_table([["x" * 200_000, "y"]]), "file_cell_too_long"),
    "a quotation mark that is never closed": (
        lambda: text_table(GOOD, delimiter=";").replace(b"School 1 El", b'"School 1 El'),
        "file_quote_open",
    ),
    "one that the next quoted name closes": (
        lambda: text_table(GOOD).replace(b"School 1 El", b'"School 1 El'),
        "file_quote_open",
    ),
    "characters of no encoding": (lambda: text_table(GOOD).replace(b"School 1", b"Sch\x81"), "file_encoding_unknown"),
    "bytes": (lambda: b"\0\x01\x02\x03" * 1000, "file_not_a_table"),
    "a PDF": (lambda: b"%PDF-1.7", "file_not_a_table"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_refused_with_its_reason(name: str) -> None:
    make, code = HOSTILE[name]
    assert refusal(make()) == code


def test_the_child_cannot_take_more_memory_than_its_limit_nor_write_a_file() -> None:
    program = (
        "from services.ingest.sheets.child import CPU_SECONDS, MEMORY_LIMIT, confine\n"
        "confine(MEMORY_LIMIT, CPU_SECONDS)\n"
        "try: bytearray(MEMORY_LIMIT)\n"
        "except MemoryError: print('no memory')\n"
        "import tempfile\n"
        "with tempfile.TemporaryFile() as file: file.write(b'x')\n"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout == "no memory\n"
    assert done.returncode != 0


def test_a_million_formatted_empty_rows_are_read_past() -> None:
    rows = "".join(f'<row r="{n}"><c r="A{n}" s="0"/></row>' for n in range(10, 1_048_577))
    with zipfile.ZipFile(io.BytesIO(book(GOOD))) as package:
        sheet = package.read(SHEET).decode()
    content = changed({SHEET: sheet.replace("</sheetData>", f"{rows}</sheetData>").encode()})
    assert len(read_extraction(content, Watch(90)).rows) == 5


@pytest.mark.parametrize(("sheet", "rows"), [("Summary", 5), ("Staff", 0)])
def test_a_summary_beside_the_tables_is_left_out_and_a_broken_tab_of_a_group_is_told(sheet: str, rows: int) -> None:
    def add(made: Any) -> None:
        made.create_sheet(sheet).append(["Region", "CoS", "Total_Surveys", "Surveys_Submitted", "Response_Rate"])

    content = book(GOOD, add)
    if rows:
        found = read_extraction(content, Watch(90))
        assert (len(found.rows), found.report.count("sheet_skipped")) == (rows, 1)
    else:
        with pytest.raises(Invalid, match="Sheet Staff, row 1 should hold the column names; missing: PLOC"):
            read_extraction(content, Watch(90))


SUMMARY: list[Sequence[Any]] = [
    (
        "Region", "CoS", "Regional_Director", "Category", "Response_Tier_Nr", "Response_Tier", "Total_Surveys",
        "Surveys_Submitted", "Response_Rate", "Date_of_Extraction",
    ),
    ("E", "North CoS", "VEGA, MARTA", "Parents", "Tier-1", "Less Than 25%", 300, 30, 0.1, "2026-03-02"),
]  # fmt: skip


@pytest.mark.parametrize("place", [0, 1, 3])
def test_a_summary_with_nearly_all_columns_leaves_the_tabs_around_it_as_they_are(place: int) -> None:
    tabs = [(group, with_header(many(3, group=group))) for group in ("Students", "Staff", "Parents")]
    tabs.insert(place, ("By Director", SUMMARY))
    found = read_extraction(workbook(dict(tabs)), Watch(90))
    assert Counter(row.shared.group for row in found.rows) == {"students": 3, "staff": 3, "parents": 3}
    assert found.report.count("sheet_skipped") == 1


def test_a_text_cell_may_hold_line_breaks_and_quotation_marks() -> None:
    rows = [row("4200", "Two\nLines, El"), row("4201", 'The "Oak" El')]
    names = [found.site.school for found in read_extraction(text_table([*GOOD, *rows]), Watch(90)).rows[-2:]]
    assert names == ["Two Lines, El", 'The "Oak" El']


def test_a_file_that_takes_longer_than_one_waits_is_let_go() -> None:
    with pytest.raises(TakesLong):
        list(read_parts(book(GOOD), seconds=0.001))


def test_a_waiting_child_that_died_is_passed_over() -> None:
    assert refusal(b"%PDF-1.7") == "file_not_a_table"
    until(lambda: reading._waiting)
    waiting = reading._waiting[0]
    waiting.kill()
    waiting.wait()
    assert len(read_extraction(book(GOOD), Watch(90)).rows) == 5
    assert waiting not in reading._waiting


def test_a_waiting_child_leaves_with_the_program_that_started_it() -> None:
    program = (
        "import os\n"
        "from services.ingest.sheets import UnreadableFile, read_parts, reading\n"
        "try: list(read_parts(b'%PDF-1.7'))\n"
        "except UnreadableFile: reading.start_ahead()\n"
        "print(reading._waiting[0].pid, flush=True)\n"
        "os.kill(os.getpid(), 9)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    pid = int(done.stdout)
    until(lambda: not alive(pid))


CELLS = st.one_of(
    st.text(max_size=30),
    st.integers(),
    st.floats(),
    st.none(),
    st.sampled_from([*HEADER, "Grand Total", "=1+1", "12.5", "2026-02-30", "Note", "TRUE", "\u0665", "1e999"]),
)


def read_rows(rows: list[Any]) -> list[CountsRow]:
    found = Extraction()
    reader = SheetReader(found, SheetAbout("Parents"))
    for number, cells in enumerate(rows, 1):
        reader.read(number, cells)
    reader.end()
    return found.rows


@settings(max_examples=150, deadline=None)
@given(st.lists(st.lists(CELLS, max_size=14), max_size=6), st.integers(1, 5))
def test_random_cells_never_raise_and_never_change_a_good_row(bad: list[list[Any]], place: int) -> None:
    good = read_rows(list(GOOD))
    try:
        mixed = read_rows([*GOOD[:place], *bad, *GOOD[place:]])
    except ColumnsMissing as refused:  # cells that happen to be column names: the file is refused, with what lacks
        assert refused.missing
        return
    kept = [row._replace(number=0) for row in mixed]
    assert all(row._replace(number=0) in kept for row in good)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.binary(min_size=1, max_size=40), st.floats(0, 1), st.booleans())
def test_random_damage_is_read_or_refused_and_nothing_else(damage: bytes, where: float, as_text: bool) -> None:
    content = bytearray(text_table(GOOD) if as_text else book(GOOD))
    begin = int(where * len(content))
    content[begin : begin + len(damage)] = damage
    try:
        read_extraction(bytes(content), Watch(90))
    except (UnreadableFile, Invalid) as refused:
        assert str(refused)
