"""Workbooks out: one school's at once."""

import io
from datetime import UTC, datetime
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter
from fastapi.responses import Response

from services.tracker.queries import progress as queries
from services.tracker.queries.books import one_school
from services.tracker.queries.schools import school_named
from services.tracker.workbook.writing import Stamp, Tab, write_book
from shared.access import Who
from shared.files.workbooks import XLSX_TYPE
from shared.names import name_key
from shared.web import Db, allow

router = APIRouter(prefix="/tracker", include_in_schema=False)


@router.get("/workbook.xlsx")
def workbook(session: Db, who: Annotated[Who, allow("tracker.see")], ploc: str, level: str | None = None) -> Response:
    school = school_named(session, who, ploc)
    chosen = queries.chosen_level(session, school, level)
    levels = [chosen] if level else queries.levels(session)
    out = io.BytesIO()
    tabs = [Tab(name, [one_school(session, school, name)]) for name in levels]
    stamp = Stamp(datetime.now(UTC), who.name, f"Progress tracker: {school.name} ({school.ploc})")
    write_book(out, queries.periods(session), tabs, stamp)
    name = f"progress-tracker-{school.ploc}-{name_key(school.name).replace(' ', '-')}.xlsx"
    headers = {"content-disposition": f"attachment; filename*=UTF-8''{quote(name)}"}
    return Response(out.getvalue(), media_type=XLSX_TYPE, headers=headers)
