"""The API of workbooks: back in with what a school typed."""

from typing import Annotated, Any

from fastapi import APIRouter, File, Query, Response, UploadFile

from services.tracker.actions.imports import apply_import, take_book
from services.tracker.queries.schools import school_named
from shared.access import Who
from shared.errors import Conflict
from shared.web import Db, allow

router = APIRouter(prefix="/tracker/api/v1", tags=["tracker"])


@router.post("/workbooks", status_code=201)
def post_workbook(
    session: Db,
    response: Response,
    who: Annotated[Who, allow("tracker.write")],
    file: Annotated[UploadFile, File()],
    ploc: Annotated[str | None, Query(description="Refuse a workbook of any other school")] = None,
    dry_run: bool = False,
    take_conflicts: bool = False,
) -> dict[str, Any]:
    """Enters what a workbook changes: 201 saved, 200 for a dry run, 409 with the conflicts, 415, 422 with `problems`.

    A conflict is a cell that was changed in the file and here since the download; `take_conflicts` takes the file's.
    """
    key = school_named(session, who, ploc).school_key if ploc else None
    kept = take_book(session, who, file.filename or "workbook.xlsx", file.file.read(), key)
    conflicts = [cell for cell in kept.cells if cell["is_conflict"]]
    told = {
        "import_id": str(kept.import_id),
        "differences": [cell for cell in kept.cells if not cell["is_conflict"]],
        "conflicts": conflicts,
        "saved": 0,
    }
    if dry_run:
        response.status_code = 200
        return told
    if conflicts and not take_conflicts:
        raise Conflict(
            "Some cells were changed in the workbook and here. Nothing was saved. Look at them on the page"
            " Upload a workbook, or send take_conflicts=true.",
            problems=[{"code": "book_conflict", **cell, "message": _words(cell)} for cell in conflicts],
            code="book_conflict",
        )
    return {**told, "saved": apply_import(session, who, kept.import_id, range(len(kept.cells)))}


def _words(cell: dict[str, Any]) -> str:
    return f"{cell['cell']}: {cell['now'] or 'blank'} in the workbook, {cell['there'] or 'blank'} here."
