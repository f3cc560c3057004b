"""The API of workbooks: back in with what a school typed."""

from typing import Annotated, Any

from fastapi import APIRouter, File, Query, Response, UploadFile
from sqlmodel import Session

from services.tracker.actions.imports import CONFLICT, LEVEL, WORKBOOK, apply_import, read_book, take_book
from services.tracker.queries.schools import school_named
from services.tracker.tables.books import BookImport
from services.tracker.workbook.checking import DIFFERENCE
from services.tracker.workbook.child import Rows
from shared.access import Who
from shared.db import transaction
from shared.errors import Conflict
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
    """
    sheets = read_book(file.file.read())
    with transaction("tracker") as session:
        kept = _kept(session, who, file.filename or "workbook.xlsx", sheets, ploc)
        conflicts = [cell for cell in kept.cells if cell["kind"] != DIFFERENCE]
        answer = {
            "import_id": str(kept.import_id),
            "differences": [cell for cell in kept.cells if cell["kind"] == DIFFERENCE],
            "conflicts": conflicts,
            "not_used": kept.notes,
            "saved": 0,
        }
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
        taken = {place: WORKBOOK for place, cell in enumerate(kept.cells) if cell["kind"] in (CONFLICT, LEVEL)}
        return {**answer, "saved": apply_import(session, who, kept.import_id, taken)}


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
