"""The table as files: exactly what is filtered, in its order."""

from typing import Annotated

from fastapi import APIRouter, Request
from fastapi.responses import Response

from services.rates.exports import csv_file, xlsx
from services.rates.queries import table as queries
from services.rates.queries.extractions import extraction_at, newest_group
from services.rates.queries.filters import RateFilter
from services.rates.queries.own import own_schools
from shared.access import Who
from shared.errors import NotFound
from shared.events import GROUPS
from shared.files.workbooks import CSV_TYPE, XLSX_TYPE
from shared.web import Db, allow

router = APIRouter(prefix="/rates", include_in_schema=False)
NO_EXTRACTION = "There is no such extraction. Open the table and choose one there."
ALL = 20_000
Reader = Annotated[Who, allow("rates.see")]


@router.get("/export.xlsx")
def export_xlsx(request: Request, session: Db, who: Reader) -> Response:
    """Three tabs, the filters on each: the extraction of the date, or the newest of each group without one."""
    rates = RateFilter.read(request.query_params.multi_items())
    tabs = {}
    newest = ""
    for group in GROUPS:
        extraction = extraction_at(session, group, rates.day, rates.term)
        own = own_schools(who) if extraction is not None else None
        tabs[group.capitalize()] = [] if extraction is None else queries.rows(session, extraction, rates, own, ALL)
        newest = max(newest, extraction.extraction_date.isoformat() if extraction is not None else "")
    if rates.day and not newest:
        raise NotFound(NO_EXTRACTION)
    title = f"Response rates as of {newest}" if newest else "Response rates"
    return _file(xlsx(title, tabs), XLSX_TYPE, f"response-rates-{newest or 'none'}.xlsx")


@router.get("/export.csv")
def export_csv(request: Request, session: Db, who: Reader) -> Response:
    """The rows of the chosen group."""
    rates = RateFilter.read(request.query_params.multi_items())
    group = rates.group or newest_group(session, rates.day)
    extraction = extraction_at(session, group, rates.day, rates.term)
    if extraction is None:
        raise NotFound(NO_EXTRACTION)
    rows = queries.rows(session, extraction, rates, own_schools(who), ALL)
    return _file(csv_file(rows).encode(), CSV_TYPE, f"response-rates-{group}-{extraction.extraction_date}.csv")


def _file(content: bytes, kind: str, name: str) -> Response:
    return Response(content, media_type=kind, headers={"content-disposition": f'attachment; filename="{name}"'})
