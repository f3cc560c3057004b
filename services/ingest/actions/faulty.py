"""The rejected rows of an upload, found once more in its file, with the reasons."""

from collections import defaultdict

from services.ingest.actions.extraction import read_extraction
from services.ingest.actions.reading import WORKER_SECONDS, Watch
from services.ingest.exports import FaultySheet, faulty_rows
from services.ingest.rules.cells import Cell
from services.ingest.rules.extraction import settled
from services.ingest.rules.findings import CODES
from services.ingest.rules.headers import HEADERS, is_header, read_header
from services.ingest.rules.results import COLUMNS
from services.ingest.sheets import Sheet
from services.ingest.tables import Upload
from shared.errors import NotFound

LIKELY_NAMES = 4


def faulty_workbook(content: bytes, upload: Upload) -> bytes:
    """A workbook of the rejected rows as they stand in the file. Raises NotFound where no row was rejected."""
    reasons = _reasons(content, upload)
    names = HEADERS if upload.kind == "participation" else COLUMNS
    sheets: dict[str, tuple[list[Cell], list[tuple[list[Cell], str]]]] = {}
    sheet = ""
    for part in Watch(WORKER_SECONDS).parts(content):
        if isinstance(part, Sheet):
            sheet = part.name
            continue
        for number, cells in part:
            header = read_header(cells, names)
            if sheet not in sheets and (is_header(header) or len(header.columns) >= LIKELY_NAMES):
                sheets[sheet] = (cells, [])
            elif (sheet, number) in reasons and sheet in sheets:
                sheets[sheet][1].append((cells, " ".join(reasons[sheet, number])))
    faulty = [FaultySheet(name, header, rows) for name, (header, rows) in sheets.items() if rows]
    if not faulty:
        raise NotFound("No row of this upload was rejected.")
    return faulty_rows(faulty, f"Rejected rows of {upload.file_name}")


def _reasons(content: bytes, upload: Upload) -> dict[tuple[str, int], list[str]]:
    """(sheet, row) -> sentences, for every rejected row and not only those that the report keeps."""
    found: dict[tuple[str, int], list[str]] = defaultdict(list)
    for problem in upload.problems:
        if problem.get("outcome") == "rejected":
            found[problem.get("sheet", ""), problem.get("row", 0)].append(_sentence(problem["column"], problem["code"]))
    if upload.kind == "participation" and len(found) < upload.counts.get("rejected", 0):
        extraction = read_extraction(content, Watch(WORKER_SECONDS))
        settled(extraction.rows, extraction.report)
        for place in extraction.report.rejected_rows:
            found.setdefault(place, ["See the report of the upload."])
    return found


def _sentence(column: str, code: str) -> str:
    return f"{column}: {CODES[code][1]}"
