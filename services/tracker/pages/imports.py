"""Workbooks in: the upload, the preview of what differs, and the decision."""

from datetime import datetime
from typing import Annotated
from urllib.parse import quote
from uuid import UUID

from fastapi import APIRouter, Depends, File, Form, Request, UploadFile
from fastapi.responses import Response

from services.tracker.actions.imports import apply_import, open_import, read_book, take_book
from services.tracker.pages.cards import sent_form
from services.tracker.queries import progress as queries
from services.tracker.queries.schools import school_named, schools_of_keys
from shared.access import Who
from shared.db import transaction
from shared.web import Db, allow, page, redirect
from shared.web.clock import instant_words
from shared.web.quick import allow_quickly

router = APIRouter(prefix="/tracker", include_in_schema=False)


@router.get("/imports")
def imports(
    request: Request, session: Db, who: Annotated[Who, allow("tracker.write")], school: str | None = None
) -> Response:
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
def preview_book(
    request: Request, session: Db, who: Annotated[Who, allow("tracker.write")], import_id: UUID
) -> Response:
    kept = open_import(session, who, import_id, lock=False)
    keys = sorted({cell["school_key"] for cell in kept.cells})
    return page(
        request,
        "import.html",
        kept=kept,
        written=_written(kept.written_at),
        differences=[cell for cell in kept.cells if not cell["is_conflict"]],
        conflicts=[(place, cell) for place, cell in enumerate(kept.cells) if cell["is_conflict"]],
        schools={row.school_key: row.name for row in schools_of_keys(session, who, keys)},
        items={item.item_id: item.item for item in queries.items(session)},
        periods=queries.periods(session),
    )


def _written(stamp: str) -> str:
    """When the workbook was written, for people; a stamp that was tampered with as it stands."""
    try:
        return instant_words(datetime.fromisoformat(stamp))
    except ValueError:
        return stamp[:40]


@router.post("/imports/{import_id}")
def apply_book(
    session: Db,
    who: Annotated[Who, allow("tracker.write")],
    import_id: UUID,
    form: Annotated[dict[str, str], Depends(sent_form)],
) -> Response:
    kept = open_import(session, who, import_id)
    chosen = [place for place in range(len(kept.cells)) if form.get(f"take-{place}") == "workbook"]
    saved = apply_import(session, who, import_id, chosen)
    keys = {(cell["school_key"], cell["level"]) for cell in kept.cells}
    if len({key for key, _ in keys}) == 1:
        key, level = min(keys)
        return redirect(f"/tracker/schools/{quote(key)}?level={quote(level)}&saved={saved}")
    return redirect(f"/tracker/?saved={saved}")
