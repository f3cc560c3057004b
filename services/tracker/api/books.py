"""The API of workbooks: back in with what a school typed."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, File, Query, Response, UploadFile
from sqlmodel import Session

from services.tracker.actions.imports import (
    CONFLICT,
    LEVEL,
    WORKBOOK,
    apply_import,
    is_large_book,
    open_import,
    own_import,
    read_book,
    take_book,
)
from services.tracker.actions.large_books import keep_book, save_later
from services.tracker.queries.schools import school_named
from services.tracker.tables.books import BookImport
from services.tracker.workbook.checking import DIFFERENCE
from services.tracker.workbook.child import Rows
from shared.access import Who
from shared.db import transaction
from shared.errors import Conflict
from shared.jobs.queue import job_of
from shared.web import Db, allow
from shared.web.quick import allow_quickly

router = APIRouter(prefix="/tracker/api/v1", tags=["tracker"])


@router.post("/workbooks", status_code=201)
def post_workbook(
    response: Response,
    who: Annotated[Who, allow_quickly("tracker.upload", "tracker")],
    file: Annotated[UploadFile, File()],
    ploc: Annotated[str | None, Query(description="Refuse a workbook of any other school")] = None,
    dry_run: bool = False,
    take_conflicts: bool = False,
) -> dict[str, Any]:
    """Enters what a workbook changes: 201 saved, 200 for a dry run, 409 with the conflicts, 415, 422 with `problems`.

    `conflicts` ask something: their `kind` is conflict (changed in the file and here since the download), level (typed
    in a tab of a level at which the school is not expected), fraction or copies (which of `others` is meant).
    `take_conflicts` takes the file's value of the first two and leaves the others. `not_used` names what was not used.

    A workbook of many schools is answered 202: it is read beside, and saved by a POST to `result`.
    """
    content = file.file.read()
    if is_large_book(content):
        return _read_beside(response, who, file.filename or "workbook.xlsx", content, ploc)
    sheets = read_book(content)
    with transaction("tracker") as session:
        kept = _kept(session, who, file.filename or "workbook.xlsx", sheets, ploc)
        conflicts = [cell for cell in kept.cells if cell["kind"] != DIFFERENCE]
        answer = _compared(kept)
        if dry_run:
            response.status_code = 200
            return answer
        if conflicts and not take_conflicts:
            raise Conflict(
                "Some cells of the workbook need a decision. Nothing was saved. Look at them on the page"
                " Upload a workbook, or send take_conflicts=true.",
                problems=[{"code": "book_conflict", **cell, "message": _words(cell)} for cell in conflicts],
                code="book_conflict",
            )
        return {**answer, "saved": apply_import(session, who, kept.import_id, _taken(kept))}


@router.get("/workbooks/{import_id}")
def get_workbook(session: Db, who: Annotated[Who, allow("tracker.write")], import_id: UUID) -> dict[str, Any]:
    """What an uploaded workbook changes. `state`: reading, refused (see `problems`), open, saving, applied."""
    kept = own_import(session, who, import_id)
    return {**_compared(kept), "state": kept.state, "problems": kept.problems}


@router.post("/workbooks/{import_id}", status_code=202)
def post_workbook_decision(
    response: Response,
    session: Db,
    who: Annotated[Who, allow("tracker.write")],
    import_id: UUID,
    take_conflicts: bool = False,
) -> dict[str, str]:
    """Lets the values of an uploaded workbook be saved beside; `location` says how far that is."""
    kept = open_import(session, who, import_id)
    job_id = save_later(session, who, import_id, _taken(kept) if take_conflicts else {})
    response.headers["location"] = f"/tracker/files/{job_id}"
    return {"location": f"/tracker/files/{job_id}"}


def _read_beside(response: Response, who: Who, file_name: str, content: bytes, ploc: str | None) -> dict[str, Any]:
    """A workbook of many schools: 202 with where to look; nothing is saved before its decision is posted."""
    with transaction("tracker") as session:
        key = school_named(session, who, ploc).school_key if ploc else None
        job_id = keep_book(session, who, file_name, content, key)
        result = job_of(session, who, job_id).result_path.replace("/imports/", "/api/v1/workbooks/")
    response.status_code, response.headers["location"] = 202, f"/tracker/files/{job_id}"
    return {"location": f"/tracker/files/{job_id}", "result": result}


def _compared(kept: BookImport) -> dict[str, Any]:
    return {
        "import_id": str(kept.import_id),
        "differences": [cell for cell in kept.cells if cell["kind"] == DIFFERENCE],
        "conflicts": [cell for cell in kept.cells if cell["kind"] != DIFFERENCE],
        "not_used": kept.notes,
        "saved": kept.saved,
    }


def _taken(kept: BookImport) -> dict[int, str]:
    """The workbook's value for every conflict and level."""
    return {place: WORKBOOK for place, cell in enumerate(kept.cells) if cell["kind"] in (CONFLICT, LEVEL)}


def _kept(session: Session, who: Who, file_name: str, sheets: Rows, ploc: str | None) -> BookImport:
    key = school_named(session, who, ploc).school_key if ploc else None
    return take_book(session, who, file_name, sheets, key)


def _words(cell: dict[str, Any]) -> str:
    if cell["kind"] == LEVEL:
        return (
            f"{cell['cell']}: {cell['now'] or 'blank'} was typed in the tab {cell['level']}; this school is expected at"
            f" {cell['own_level']}."
        )
    if cell["kind"] != CONFLICT:
        meanings = " or ".join(words for _, words in cell["others"])
        return f"{cell['cell']}: Which is meant, {meanings}?"
    return f"{cell['cell']}: {cell['now'] or 'blank'} in the workbook, {cell['there'] or 'blank'} here."
