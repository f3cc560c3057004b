"""The rejected rows of an upload, found once more in its file, with the reasons."""

from collections import defaultdict
from collections.abc import Sequence

from services.ingest.actions.extraction import read_extraction, settled_extraction
from services.ingest.actions.lcap import LCAP, form_of
from services.ingest.actions.listings import read_lcap
from services.ingest.actions.reading import WAIT_SECONDS, WORKER_SECONDS, Watch, room_to_read
from services.ingest.actions.results import read_results, results_of
from services.ingest.exports import FaultySheet, faulty_rows
from services.ingest.rules.cells import Cell
from services.ingest.rules.findings import reason
from services.ingest.rules.headers import HEADERS, is_header, read_header
from services.ingest.rules.lcap import names_columns
from services.ingest.rules.results import COLUMNS
from services.ingest.sheets import How, ReadingInterrupted, Sheet, TakesLong
from services.ingest.tables import Upload
from shared.db import transaction
from shared.errors import NotFound, TooMany

LIKELY_NAMES = 4


def faulty_workbook(content: bytes, upload: Upload) -> bytes:
    """A workbook of the rejected rows as they are in the file, which is read while no transaction is open.

    Raises NotFound where no row was rejected, TooMany where too many files are being read.
    """
    try:
        with room_to_read(WAIT_SECONDS):
            return _faulty_workbook(content, upload)
    except (TakesLong, ReadingInterrupted) as error:
        raise TooMany("Many files are being read just now. Try again in a minute.", retry_after=60) from error


def _faulty_workbook(content: bytes, upload: Upload) -> bytes:
    how = form_of(content, Watch(WORKER_SECONDS), upload.kind, upload.file_name)
    reasons = _reasons(content, upload, how)
    sheets: dict[str, tuple[list[Cell], list[tuple[list[Cell], str]]]] = {}
    sheet = ""
    for part in Watch(WORKER_SECONDS).parts(content, how=how):
        if isinstance(part, Sheet):
            sheet = part.name
            continue
        for number, cells in part:
            if sheet not in sheets and _names_columns(upload.kind, cells):
                sheets[sheet] = (cells, [])
            elif (sheet, number) in reasons and sheet in sheets:
                sheets[sheet][1].append((cells, " ".join(reasons[sheet, number])))
    faulty = [FaultySheet(name, header, rows) for name, (header, rows) in sheets.items() if rows]
    if not faulty:
        raise NotFound("No row of this upload was rejected.")
    return faulty_rows(faulty, f"Rejected rows of {upload.file_name}")


def _names_columns(kind: str, cells: Sequence[Cell]) -> bool:
    if kind.startswith(LCAP):
        return names_columns(kind.removeprefix(LCAP), cells)
    header = read_header(cells, HEADERS if kind == "participation" else COLUMNS)
    return is_header(header) or len(header.columns) >= LIKELY_NAMES


def _reasons(content: bytes, upload: Upload, how: How) -> dict[tuple[str, int], list[str]]:
    """(sheet, row) -> sentences, for every rejected row and not only those that the report keeps."""
    found: dict[tuple[str, int], list[str]] = defaultdict(list)
    for problem in upload.problems:
        if problem.get("outcome") == "rejected":
            found[problem.get("sheet", ""), problem.get("row", 0)].append(reason(problem["code"], problem["column"]))
    if len(found) >= upload.counts.get("rejected", 0):
        return found
    if upload.kind.startswith(LCAP):
        read = read_lcap(content, Watch(WORKER_SECONDS), upload.kind.removeprefix(LCAP), how)
        return {**read.report.rejected_rows, **found}
    if upload.kind == "survey-results":
        results = read_results(content, Watch(WORKER_SECONDS))
        with transaction("ingest") as session:
            return {**results_of(session, results)[1].rejected_rows, **found}
    extraction = read_extraction(content, Watch(WORKER_SECONDS))
    with transaction("ingest") as session:
        settled_extraction(session, extraction)
    return {**extraction.report.rejected_rows, **found}
