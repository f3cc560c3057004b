"""The table as files: exactly what is filtered, in its order."""

from typing import Annotated

from fastapi import APIRouter, Request
from fastapi.responses import Response

from services.rates.exports import csv_file, xlsx
from services.rates.pages.table import ALL
from services.rates.queries import table as tables
from services.rates.queries.own import own_schools
from services.rates.queries.views import View
from shared.access import Who
from shared.errors import NotFound
from shared.events import GROUPS
from shared.files.workbooks import CSV_TYPE, XLSX_TYPE
from shared.web import Db, allow

router = APIRouter(prefix="/rates", include_in_schema=False)
NO_EXTRACTION = "There is no such extraction. Open the table and choose one there."
Reader = Annotated[Who, allow("rates.see")]


@router.get("/export.xlsx")
def export_xlsx(request: Request, session: Db, who: Reader) -> Response:
    """Three tabs, the filters on each: the extraction of the date, or the newest of each group without one."""
    view = View.read(request.query_params.multi_items())
    tabs = {}
    newest = ""
    for group in GROUPS:
        extraction = tables.extraction_at(session, group, view.on, view.term)
        own = own_schools(who) if extraction is not None else None
        tabs[group.capitalize()] = (
            [] if extraction is None else tables.rows(session, extraction, view, own, ALL, with_history=False)
        )
        newest = max(newest, extraction.on.isoformat() if extraction is not None else "")
    if view.on and not newest:
        raise NotFound(NO_EXTRACTION)
    title = f"Response rates as of {newest}" if newest else "Response rates"
    return _file(xlsx(title, tabs), XLSX_TYPE, f"response-rates-{newest or 'none'}.xlsx")


@router.get("/export.csv")
def export_csv(request: Request, session: Db, who: Reader) -> Response:
    """The rows of the chosen group."""
    view = View.read(request.query_params.multi_items())
    group = view.group or tables.newest_group(session, view.on)
    extraction = tables.extraction_at(session, group, view.on, view.term)
    if extraction is None:
        raise NotFound(NO_EXTRACTION)
    rows = tables.rows(session, extraction, view, own_schools(who), ALL, with_history=False)
    return _file(csv_file(rows).encode(), CSV_TYPE, f"response-rates-{group}-{extraction.on}.csv")


def _file(content: bytes, kind: str, name: str) -> Response:
    return Response(content, media_type=kind, headers={"content-disposition": f'attachment; filename="{name}"'})
