"""Workbooks in: the upload, the preview of what differs, and the decision."""

from datetime import datetime
from typing import Annotated
from urllib.parse import quote
from uuid import UUID

from fastapi import APIRouter, Depends, File, Form, Request, UploadFile
from fastapi.responses import Response

from services.tracker.actions.imports import (
    CONFLICT,
    LEVEL,
    OPEN,
    WORKBOOK,
    StalePreview,
    apply_import,
    is_large_book,
    open_import,
    own_import,
    read_book,
    refresh_import,
    take_book,
)
from services.tracker.actions.large_books import CELLS_AT_ONCE, keep_book, save_later
from services.tracker.pages.sheet import sent_form
from services.tracker.queries.plan import periods, plan_of
from services.tracker.queries.schools import school_named, schools_of_keys
from services.tracker.tables.books import BookImport
from services.tracker.tables.plan import Item
from services.tracker.workbook.checking import DIFFERENCE
from shared.access import Who
from shared.db import transaction
from shared.files.workbooks import CSV_TYPE, csv_text
from shared.numbers import counted
from shared.web import Db, allow, done, page, redirect
from shared.web.clock import instant_words
from shared.web.quick import allow_quickly

router = APIRouter(prefix="/tracker", include_in_schema=False)
# Differences and questions that a page shows; all of them are in the file beside.
CELLS_SHOWN = 500
Writes = Annotated[Who, allow("tracker.write")]


@router.get("/imports")
def imports(request: Request, session: Db, who: Writes, school: str | None = None) -> Response:
    found = school_named(session, who, school) if school else None
    return page(request, "imports.html", school=found)


@router.post("/imports")
def upload_book(
    who: Annotated[Who, allow_quickly("tracker.upload", "tracker")],
    file: Annotated[UploadFile, File()],
    school: Annotated[str | None, Form()] = None,
) -> Response:
    content = file.file.read()
    is_beside = is_large_book(content)
    sheets = {} if is_beside else read_book(content)
    with transaction("tracker") as session:
        key = school_named(session, who, school).school_key if school else None
        if is_beside:
            return redirect(f"/tracker/files/{keep_book(session, who, file.filename or 'workbook.xlsx', content, key)}")
        kept = take_book(session, who, file.filename or "workbook.xlsx", sheets, key)
        return redirect(f"/tracker/imports/{kept.import_id}")


@router.get("/imports/{import_id}")
def preview_book(request: Request, session: Db, who: Writes, import_id: UUID) -> Response:
    kept = own_import(session, who, import_id)
    if kept.state == OPEN:
        return _shown(request, session, who, kept)
    return page(request, "import_state.html", kept=kept)


@router.get("/imports/{import_id}/cells.csv")
def import_cells(session: Db, who: Writes, import_id: UUID) -> Response:
    """Every cell of the comparison, also those that its page leaves out."""
    kept = own_import(session, who, import_id)
    names = ("school_key", "level", "item_id", "period", "kind", "there", "now", "cell")
    rows = ([cell[name] for name in names] for cell in kept.cells)
    headers = {"content-disposition": 'attachment; filename="workbook-changes.csv"'}
    return Response(csv_text(names, rows), media_type=CSV_TYPE, headers=headers)


def _shown(
    request: Request, session: Db, who: Who, kept: BookImport, *, moved: tuple[str, ...] = (), status: int = 200
) -> Response:
    keys = sorted({cell["school_key"] for cell in kept.cells})
    items = {item_id: session.get(Item, item_id) for item_id in {cell["item_id"] for cell in kept.cells}}
    plan_id = next((item.plan_id for item in items.values() if item is not None), plan_of(session, None).plan_id)
    return page(
        request,
        "import.html",
        status,
        kept=kept,
        written=_written(kept.written_at),
        differences=[cell for cell in kept.cells if cell["kind"] == DIFFERENCE],
        questions=[(place, cell) for place, cell in enumerate(kept.cells) if cell["kind"] != DIFFERENCE],
        schools={row.school_key: row.name for row in schools_of_keys(session, who, keys)},
        items={item_id: item.item if item else item_id for item_id, item in items.items()},
        periods=periods(session, plan_id),
        moved=moved,
        shown=CELLS_SHOWN,
    )


def _written(stamp: str) -> str:
    """When the workbook was written, for people; a stamp that was tampered with as it stands."""
    try:
        return instant_words(datetime.fromisoformat(stamp))
    except (ValueError, OverflowError):
        return stamp[:40]


@router.post("/imports/{import_id}")
def apply_book(
    request: Request, session: Db, who: Writes, import_id: UUID, form: Annotated[dict[str, str], Depends(sent_form)]
) -> Response:
    kept = open_import(session, who, import_id)
    answers = {place: form[f"take-{place}"] for place in range(len(kept.cells)) if f"take-{place}" in form}
    if "take-all" in form:
        taken = {place: WORKBOOK for place, cell in enumerate(kept.cells) if cell["kind"] in (CONFLICT, LEVEL)}
        answers = taken | answers
    if len(kept.cells) > CELLS_AT_ONCE:
        return redirect(f"/tracker/files/{save_later(session, who, import_id, answers)}")
    try:
        saved = apply_import(session, who, import_id, answers)
    except StalePreview as stale:
        moved = {problem["item_id"] for problem in stale.problems}
        fresh = refresh_import(session, who, import_id)
        names = sorted({item.item for item_id in moved if (item := session.get(Item, item_id)) is not None})
        return _shown(request, session, who, fresh, moved=tuple(names), status=409)
    words = f"{counted(saved, 'value')} saved."
    places = {(cell["school_key"], cell["level"]) for cell in kept.cells}
    if len({key for key, _ in places}) == 1:
        key, level = min(places)
        return done(request, f"/tracker/schools/{quote(key)}?level={quote(level)}", words)
    return done(request, "/tracker/", words)
