"""Workbooks as programs write them: prefixes, missing references, other names of parts, placeholders, errors."""

import io
import random
import re
import string
import zipfile
from collections.abc import Callable
from typing import Any

import openpyxl
import pytest
import xlsxwriter

from services.ingest.sheets import Sheet, UnreadableFile, read_parts
from services.ingest.sheets.packages import opened
from tests.ingest.damages import in_sheet, prefixed
from tests.ingest.making import book, many, with_header

GOOD = with_header(many(5))
Found = list[tuple[Sheet, list[tuple[int, list[Any]]]]]


def read(content: bytes, how: Any = "table") -> Found:
    """The sheets of a file with their rows; trailing blanks cut off."""
    found: Found = []
    for part in read_parts(content, seconds=60, how=how):
        if isinstance(part, Sheet):
            found.append((part, []))
        else:
            found[-1][1].extend((number, trimmed(cells)) for number, cells in part)
    return found


def trimmed(cells: list[Any]) -> list[Any]:
    while cells and cells[-1] in ("", None):
        cells.pop()
    return ["" if cell is None else cell for cell in cells]


def renamed(content: bytes, names: Callable[[str], str], change: Callable[[str, bytes], bytes]) -> bytes:
    """The package with other names of its parts, and their content changed."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            new.writestr(names(name), change(name, old.read(name)))
    return out.getvalue()


def another_workbook_part(content: bytes) -> bytes:
    def change(name: str, part: bytes) -> bytes:
        is_map = name in ("_rels/.rels", "[Content_Types].xml")
        return part.replace(b"xl/workbook.xml", b"xl/workbook22.xml") if is_map else part

    return renamed(content, lambda name: name.replace("workbook.xml", "workbook22.xml"), change)


def another_strings_part(content: bytes) -> bytes:
    def change(name: str, part: bytes) -> bytes:
        return part.replace(b"sharedStrings.xml", b"texts.xml") if name.endswith((".rels", "].xml")) else part

    return renamed(content, lambda name: name.replace("sharedStrings", "texts"), change)


SHAPES: dict[str, Callable[[bytes], bytes]] = {
    "prefixed elements": lambda content: in_sheet(content, prefixed),
    "no references": lambda content: in_sheet(
        content, lambda xml: re.sub(r'(<(?:c|row))( [^>]*?)?\br="[A-Z]*\d+"', r"\1\2", xml)
    ),
    "single quotes": lambda content: in_sheet(content, lambda xml: re.sub(r'r="([A-Z]+\d+)"', r"r='\1'", xml)),
    "another workbook part": another_workbook_part,
    "another strings part": another_strings_part,
    "backslashes": lambda content: renamed(content, lambda name: name.replace("/", "\\"), lambda _, part: part),
    "other case": lambda content: renamed(content, str.upper, lambda _, part: part),
}


def shared_strings_book() -> bytes:
    """A workbook whose texts are shared, as Excel writes them."""
    out = io.BytesIO()
    made = xlsxwriter.Workbook(out, {"strings_to_numbers": False})
    page = made.add_worksheet("Parents")
    for number, row in enumerate(GOOD):
        page.write_row(number, 0, ["-" if cell == "" else cell for cell in row])
    made.close()
    return out.getvalue()


@pytest.mark.parametrize("shape", SHAPES)
def test_a_workbook_is_read_alike_however_its_parts_and_elements_are_named(shape: str) -> None:
    plain = shared_strings_book()
    names = [sheet.name for sheet, _ in read(plain)]
    found = read(SHAPES[shape](plain))
    assert [sheet.name for sheet, _ in found] == names
    assert [rows for _, rows in found] == [rows for _, rows in read(plain)]


def random_book(chance: random.Random) -> bytes:
    """A workbook of numbers, dates, texts, truths and gaps, some far from the corner."""
    out = io.BytesIO()
    made = xlsxwriter.Workbook(out, {"constant_memory": chance.random() < 0.5})
    dated = made.add_format({"num_format": chance.choice(["m/d/yyyy", "yyyy-mm-dd hh:mm", "d-mmm-yy"])})
    spelled = made.add_format({"num_format": '0.0" yds"'})
    page = made.add_worksheet("Any")
    for row in range(chance.randrange(1, 30)):
        for column in range(chance.randrange(1, 12)):
            kind = chance.randrange(6)
            if kind == 0:
                page.write_number(row, column, chance.choice([0, 7, 1.5, -3, 1e-7, 123456789.25]))
            elif kind == 1:
                page.write_number(row, column, chance.randrange(40000, 47000) + chance.choice([0, 0.25]), dated)
            elif kind == 2:
                words = "".join(chance.choices(f"{string.ascii_letters} &<>\"'é\u00a0_x", k=9))
                page.write_string(row, column, words)
            elif kind == 3:
                page.write_boolean(row, column, chance.random() < 0.5)
            elif kind == 4:
                page.write_number(row, column, 12, spelled)
    made.close()
    return out.getvalue()


@pytest.mark.parametrize("seed", range(40))
def test_the_exact_reading_tells_what_the_fast_parser_tells(seed: int, tmp_path: Any) -> None:
    content = random_book(random.Random(seed))
    path = tmp_path / "a.xlsx"
    path.write_bytes(content)
    fast = {number: trimmed(cells) for _, rows in read(content) for number, cells in rows}
    with opened(str(path)) as look:
        (sheet,) = look.sheets()
        assert not sheet.exact
        exact = {number: trimmed(cells) for number, cells in look.reader().read(look.package, sheet.part)}
    first = min((next(i for i, cell in enumerate(row) if cell != "") for row in exact.values() if row), default=0)
    assert {number: row[first:] for number, row in exact.items() if row} == {n: row for n, row in fast.items() if row}


def calculated(
    change: Callable[[str], str] = lambda xml: xml, program: str = "Microsoft Excel", chain: bool = True
) -> bytes:
    """A workbook with formulas and their values, as if a program had saved it."""
    out = io.BytesIO()
    made = xlsxwriter.Workbook(out)
    page = made.add_worksheet("Parents")
    for number, row in enumerate(GOOD):
        page.write_row(number, 0, row)
        if number:
            page.write_formula(number, 9, f"={number}+9", None, number + 9)
    made.close()
    calc = b'<calcPr calcId="191029"/>'

    def parts(name: str, part: bytes) -> bytes:
        if name == "xl/workbook.xml":
            part = re.sub(rb"<calcPr[^>]*/>", calc, part)
        if name == "docProps/app.xml":
            part = part.replace(b"Microsoft Excel", program.encode())
        return change(part.decode()).encode() if name.endswith(".xml") else part

    content = renamed(out.getvalue(), str, parts)
    if chain:
        with zipfile.ZipFile(extended := io.BytesIO(content), "a") as package:
            listed = "".join(f'<c r="J{number}" i="1"/>' for number in range(2, len(GOOD) + 1))
            package.writestr("xl/calcChain.xml", f"<calcChain>{listed}</calcChain>")
        content = extended.getvalue()
    return content


@pytest.mark.parametrize(
    ("content", "is_read"),
    [
        (calculated(), True),
        (calculated(program="LibreOffice/7.4.7.2$Linux_X86_64", chain=False), True),
        (calculated(program="WPS Office_11.1", chain=False), True),
        (calculated(chain=False), False),
        (calculated(program="SheetJS", chain=False), False),
        (calculated(lambda xml: xml.replace('calcId="191029"', 'calcId="191029" fullCalcOnLoad="1"')), False),
        (calculated(lambda xml: xml.replace('calcId="191029"', 'calcId="191029" calcCompleted="0"')), False),
        (
            calculated(lambda xml: re.sub(r"(</f>)<v>\d+</v>", r"\1<v>0</v>", xml), "LibreOffice/7.4", chain=False),
            False,
        ),
    ],
    ids=[
        "Excel",
        "LibreOffice",
        "WPS",
        "a library with Excel's name",
        "SheetJS",
        "asks for a calculation",
        "not completed",
        "zeros",
    ],
)
def test_a_formula_counts_only_where_a_program_that_calculates_saved_it(content: bytes, is_read: bool) -> None:
    ((sheet, rows),) = read(content)
    assert (sheet.uncached == "") is is_read
    assert len(rows) == 6


@pytest.mark.parametrize("encoding", ["cp850", "mac_roman", "cp1252", "utf-8", "utf-16"])
def test_letters_with_accents_are_read_whatever_table_wrote_them(encoding: str) -> None:
    names = ["Núñez, José", "Peña Av El", "Él Camino", "Señorío"]
    content = "\r\n".join(["A;B", *(f"{name};1" for name in names)]).encode(encoding)
    ((_, rows),) = read(content)
    assert [cells[0] for _, cells in rows[1:]] == names


def test_percents_are_read_as_their_format_shows_them() -> None:
    out = io.BytesIO()
    made = xlsxwriter.Workbook(out)
    page = made.add_worksheet("Results")
    percent = made.add_format({"num_format": "0.0%"})
    page.write_row(0, 0, ["Percent", "Share"])
    page.write_number(1, 0, 0.765, percent)
    page.write_number(1, 1, 0.765)
    made.close()
    assert read(out.getvalue(), "percents")[0][1][1] == (2, ["76.5%", 0.765])
    assert read(out.getvalue())[0][1][1] == (2, [0.765, 0.765])


def test_links_to_other_workbooks_leave_the_saved_values_readable() -> None:
    with zipfile.ZipFile(content := io.BytesIO(book(GOOD)), "a") as package:
        package.writestr("xl/externalLinks/externalLink1.xml", "<externalLink/>")
    assert len(read(content.getvalue())[0][1]) == 6


def test_a_numbers_file_says_how_to_export_it() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as package:
        package.writestr("Index/Document.iwa", b"x")
    with pytest.raises(UnreadableFile, match="Export To > Excel"):
        read(out.getvalue())


def test_a_hidden_sheet_and_hidden_rows_are_told_by_the_exact_reading_too() -> None:
    def change(made: Any) -> None:
        made.active.row_dimensions[3].hidden = True
        made.create_sheet("Other").append(["x"])
        made["Other"].sheet_state = "hidden"

    found = read(in_sheet(book(GOOD, change), prefixed))
    assert [(sheet.hidden, sheet.hidden_rows) for sheet, _ in found] == [(False, 1), (True, 0)]
    assert openpyxl.load_workbook(io.BytesIO(book(GOOD, change))).sheetnames == [sheet.name for sheet, _ in found]
