"""The table as files: exactly what is filtered, in its order; nothing is cut."""

import io
import tempfile
from collections.abc import Iterator
from typing import IO, Annotated

from fastapi import APIRouter, Request
from fastapi.responses import Response, StreamingResponse

from services.rates.actions.files import NO_EXTRACTION, ROWS_AT_ONCE, extractions_of, title_of
from services.rates.exports import write_csv, xlsx
from services.rates.queries import table
from services.rates.queries.extractions import extraction_at, newest_group
from services.rates.queries.filters import RateFilter
from services.rates.queries.own import own_schools
from shared.access import Who
from shared.errors import NotFound
from shared.events import GROUPS
from shared.files.workbooks import CSV_TYPE, XLSX_TYPE
from shared.jobs.queue import request_file
from shared.web import Db, allow
from shared.web.files import requested

router = APIRouter(prefix="/rates", include_in_schema=False)
# A file of text waits in memory up to this size, and beyond it on disk.
IN_MEMORY = 4 * 1024 * 1024
BLOCK = 256 * 1024
Reader = Annotated[Who, allow("rates.see")]


@router.get("/export.xlsx")
def export_xlsx(request: Request, session: Db, who: Reader) -> Response:
    """Three tabs, the filters on each; beyond ROWS_AT_ONCE rows a file that is written beside, with a page to watch it."""
    rates = RateFilter.read(request.query_params.multi_items())
    held = extractions_of(session, rates)
    own = own_schools(who)
    title, name = title_of(held)
    if sum(table.count(session, each, rates, own) for each in held.values()) > ROWS_AT_ONCE:
        # The states are among what names the file: after a correction it is written again.
        states = {group: [each.term, each.extraction_date.isoformat(), each.state] for group, each in held.items()}
        parameters = {"query": rates.address("").removeprefix("?"), "extractions": states}
        job_id = request_file(
            session, "rates", who, "rates", parameters, title=title, file_name=name, media_type=XLSX_TYPE, thing="row"
        )
        return requested(request, "rates", job_id)
    tabs = {
        group.capitalize(): table.rows(session, held[group], rates, own, ROWS_AT_ONCE) if group in held else []
        for group in GROUPS
    }
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return Response(xlsx(title, tabs), media_type=XLSX_TYPE, headers=headers)


@router.get("/export.csv")
def export_csv(request: Request, session: Db, who: Reader) -> Response:
    """All rows of the group, streamed from a file that is whole: a failure midway is an error and no shorter file."""
    rates = RateFilter.read(request.query_params.multi_items())
    group = rates.group or newest_group(session, rates.day)
    extraction = extraction_at(session, group, rates.day, rates.term)
    if extraction is None:
        raise NotFound(NO_EXTRACTION)
    spool = tempfile.SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115 - closed by the stream
    text = io.TextIOWrapper(spool, "utf-8", newline="", write_through=True)
    write_csv(text, table.all_rows(session, extraction, rates, own_schools(who)))
    text.detach()
    headers = {"content-disposition": f'attachment; filename="response-rates-{group}-{extraction.extraction_date}.csv"'}
    return StreamingResponse(_blocks(spool), media_type=CSV_TYPE, headers=headers)


def _blocks(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        file.seek(0)
        while block := file.read(BLOCK):
            yield block
