"""Workbooks in: the upload, the preview of what differs, and the decision."""

from datetime import datetime
from typing import Annotated
from urllib.parse import quote
from uuid import UUID

from fastapi import APIRouter, Depends, File, Form, Request, UploadFile
from fastapi.responses import Response

from services.tracker.actions.imports import (
    StalePreview,
    apply_import,
    open_import,
    read_book,
    refresh_import,
    take_book,
)
from services.tracker.pages.sheet import sent_form
from services.tracker.queries.plan import periods, plan_of
from services.tracker.queries.schools import school_named, schools_of_keys
from services.tracker.tables.books import BookImport
from services.tracker.tables.plan import Item
from services.tracker.workbook.checking import DIFFERENCE
from shared.access import Who
from shared.db import transaction
from shared.web import Db, allow, page, redirect
from shared.web.clock import instant_words
from shared.web.quick import allow_quickly

router = APIRouter(prefix="/tracker", include_in_schema=False)
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
    sheets = read_book(file.file.read())
    with transaction("tracker") as session:
        key = school_named(session, who, school).school_key if school else None
        kept = take_book(session, who, file.filename or "workbook.xlsx", sheets, key)
        return redirect(f"/tracker/imports/{kept.import_id}")


@router.get("/imports/{import_id}")
def preview_book(request: Request, session: Db, who: Writes, import_id: UUID) -> Response:
    return _shown(request, session, who, open_import(session, who, import_id, lock=False))


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
    )


def _written(stamp: str) -> str:
    """When the workbook was written, for people; a stamp that was tampered with as it stands."""
    try:
        return instant_words(datetime.fromisoformat(stamp))
    except ValueError:
        return stamp[:40]


@router.post("/imports/{import_id}")
def apply_book(
    request: Request, session: Db, who: Writes, import_id: UUID, form: Annotated[dict[str, str], Depends(sent_form)]
) -> Response:
    kept = open_import(session, who, import_id)
    answers = {place: form[f"take-{place}"] for place in range(len(kept.cells)) if f"take-{place}" in form}
    try:
        saved = apply_import(session, who, import_id, answers)
    except StalePreview as stale:
        moved = {problem["item_id"] for problem in stale.problems}
        fresh = refresh_import(session, who, import_id)
        names = sorted({item.item for item_id in moved if (item := session.get(Item, item_id)) is not None})
        return _shown(request, session, who, fresh, moved=tuple(names), status=409)
    places = {(cell["school_key"], cell["level"]) for cell in kept.cells}
    if len({key for key, _ in places}) == 1:
        key, level = min(places)
        return redirect(f"/tracker/schools/{quote(key)}?level={quote(level)}&saved={saved}")
    return redirect(f"/tracker/?saved={saved}")
