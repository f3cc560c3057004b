"""More than two hundred workbooks by ten writers: every row of each is read as it was meant."""

import io
import random
import subprocess
import zipfile
from collections.abc import Callable, Iterable
from datetime import date
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import openpyxl
import pandas  # type: ignore[import-untyped]
import pytest
import xlsxwriter

from services.ingest.rules.extraction import Extraction, SheetReader
from services.ingest.rules.rows import SheetAbout
from services.ingest.sheets import Sheet
from services.ingest.sheets.child import rows_of
from tests.files import HEADER
from tests.ingest.damages import prefixed

EACH, CONVERTED = 25, 12
LEAST = 200
Rows = list[list[Any]]
Writer = Callable[[Rows], bytes]
DAY = date(2026, 3, 2)
MIDDLES = ("th St", " O’Brien", " Núñez", " A & B", " <North>", ' "Oak"')


def rows(seed: int) -> Rows:
    """Rows of an extraction: names with every sign that XML has to escape, counts as numbers or texts."""
    chance = random.Random(seed)
    found = []
    for number in range(chance.randrange(3, 30)):
        name = f"{number}{chance.choice(MIDDLES)} El"
        total = chance.randrange(1, 900)
        submitted = chance.randrange(total + 1)
        ploc: Any = f"{4000 + number}" if chance.random() < 0.7 else 4000 + number
        cells: list[Any] = ["E", ploc, "North CoS", "VEGA, MARTA", name, "Parents", "Tier-1", "Less Than 25%"]
        day = chance.choice([DAY.isoformat(), DAY, "03/02/2026"])
        found.append([*cells, total, submitted if chance.random() < 0.8 else str(submitted), submitted / total, day])
    return [list(HEADER), *found]


def by_openpyxl(rows: Rows, *, write_only: bool = False) -> bytes:
    made = openpyxl.Workbook(write_only=write_only)
    page: Any = made.create_sheet("Parents") if write_only else made.active
    page.title = "Parents"
    for cells in rows:
        page.append(cells)
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def by_xlsxwriter(rows: Rows, **options: bool) -> bytes:
    out = io.BytesIO()
    made = xlsxwriter.Workbook(out, {"default_date_format": "m/d/yyyy", **options})
    page = made.add_worksheet("Parents")
    for number, cells in enumerate(rows):
        page.write_row(number, 0, cells)
    made.close()
    return out.getvalue()


def by_pandas(rows: Rows) -> bytes:
    out = io.BytesIO()
    pandas.DataFrame(rows[1:], columns=rows[0]).to_excel(out, sheet_name="Parents", index=False)
    return out.getvalue()


def cell_xml(cell: Any, place: str) -> str:
    if isinstance(cell, (int, float)):
        return f"<c{place}><v>{cell!r}</v></c>"
    return f'<c{place} t="inlineStr"><is><t xml:space="preserve">{escape(str(cell))}</t></is></c>'


def by_hand(rows: Rows, *, references: bool = True, change: Callable[[str], str] = lambda xml: xml) -> bytes:
    """The least that a package needs: no styles, no shared strings, no properties."""
    listed = []
    for number, cells in enumerate(rows, 1):
        places = [f' r="{chr(65 + index)}{number}"' if references else "" for index in range(len(cells))]
        listed.append(f"<row>{''.join(map(cell_xml, cells, places))}</row>")
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006/relationships"
    parts = {
        "_rels/.rels": f'<Relationships xmlns="{package}"><Relationship Id="a" Type="{office}/officeDocument"'
        ' Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{office}"><sheets><sheet name="Parents" sheetId="1"'
        ' r:id="b"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{package}"><Relationship Id="b"'
        f' Type="{office}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
        "xl/worksheets/sheet1.xml": change(
            f'<worksheet xmlns="{main}"><sheetData>{"".join(listed)}</sheetData></worksheet>'
        ),
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name, part in parts.items():
            made.writestr(name, f'<?xml version="1.0" encoding="UTF-8"?>{part}')
    return out.getvalue()


WRITERS: dict[str, Writer] = {
    "openpyxl": by_openpyxl,
    "openpyxl, write only": lambda rows: by_openpyxl(rows, write_only=True),
    "XlsxWriter": by_xlsxwriter,
    "XlsxWriter, constant memory": lambda rows: by_xlsxwriter(rows, constant_memory=True),
    "pandas": by_pandas,
    "by hand": by_hand,
    "by hand, no references": lambda rows: by_hand(rows, references=False),
    "by hand, prefixed": lambda rows: by_hand(rows, change=prefixed),
}
FILTERS = {
    "LibreOffice, Excel 2007": "xlsx:Calc MS Excel 2007 XML",
    "LibreOffice, Office Open XML": "xlsx:Calc Office Open XML",
}


def read(path: Path) -> Extraction:
    """The file as an upload reads it, in this process."""
    found = Extraction()
    reader: SheetReader | None = None
    for part in rows_of(str(path), "table"):
        if isinstance(part, Sheet):
            assert part.uncached == ""
            reader = SheetReader(found, SheetAbout(part.name, part.epoch_1904, part.delimiter))
        else:
            assert reader is not None
            reader.read(*part)
    assert reader is not None
    assert reader.end() is None
    return found


def check(path: Path, seed: int) -> None:
    meant = {(str(cells[1]), cells[4].replace("’", "'"), cells[8], int(cells[9])) for cells in rows(seed)[1:]}
    found = read(path)
    assert {(row.site.place[0], row.site.school, row.total, row.submitted) for row in found.rows} == meant
    assert {row.shared.extraction_date for row in found.rows} == {DAY}
    assert found.report.rejected_rows == {}


@pytest.mark.parametrize("writer", WRITERS)
def test_every_row_is_read_as_it_was_meant(writer: str, tmp_path: Path) -> None:
    for seed in range(EACH):
        path = tmp_path / f"{seed}.xlsx"
        path.write_bytes(WRITERS[writer](rows(seed)))
        check(path, seed)


@pytest.mark.timeout(240)
@pytest.mark.parametrize("writer", FILTERS)
def test_every_row_is_read_as_libreoffice_saves_it_from_its_own_format(writer: str, tmp_path: Path) -> None:
    made = [tmp_path / f"{seed}.xlsx" for seed in range(CONVERTED)]
    for seed, path in enumerate(made):
        path.write_bytes(by_openpyxl(rows(seed)))
    own = converted(made, "ods", tmp_path / "own", tmp_path)
    for path in converted(own, FILTERS[writer], tmp_path / "saved", tmp_path):
        check(path, int(path.stem))


def converted(paths: Iterable[Path], into: str, folder: Path, profile: Path) -> list[Path]:
    subprocess.run(
        [
            "soffice", "--headless", f"-env:UserInstallation=file://{profile}/profile", "--convert-to", into,
            "--outdir", str(folder), *map(str, paths),
        ],
        check=True, capture_output=True, timeout=200,
    )  # fmt: skip
    return sorted(folder.iterdir())


def test_the_corpus_is_large_enough() -> None:
    assert len(WRITERS) + len(FILTERS) >= 8
    assert len(WRITERS) * EACH + len(FILTERS) * CONVERTED >= LEAST
