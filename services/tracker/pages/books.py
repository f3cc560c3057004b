"""Workbooks out: one school's at once."""

import io
from datetime import UTC, datetime
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter
from fastapi.responses import Response

from services.tracker.queries.books import one_school
from services.tracker.queries.plan import level_named, levels, periods, plan_of
from services.tracker.queries.schools import school_named
from services.tracker.workbook.layout import BookLayout
from services.tracker.workbook.writing import BookStamp, BookTab, write_book
from shared.access import Who
from shared.files.workbooks import XLSX_TYPE
from shared.names import name_key
from shared.web import Db, allow

router = APIRouter(prefix="/tracker", include_in_schema=False)


@router.get("/workbook.xlsx")
def workbook(
    session: Db, who: Annotated[Who, allow("tracker.see")], ploc: str, level: str | None = None, plan: str | None = None
) -> Response:
    school, found = school_named(session, who, ploc), plan_of(session, plan)
    named = [level_named(session, found.plan_id, school, level)] if level else levels(session, found.plan_id)
    out = io.BytesIO()
    tabs = [BookTab(name, [one_school(session, school, found.plan_id, name)]) for name in named]
    title = f"Progress tracker: {school.name} ({school.ploc})"
    stamp = BookStamp(datetime.now(UTC), who.name, title, found.plan_id)
    write_book(out, BookLayout(periods(session, found.plan_id), found.final_label), tabs, stamp)
    name = f"progress-tracker-{school.ploc}-{name_key(school.name).replace(' ', '-')}.xlsx"
    headers = {"content-disposition": f"attachment; filename*=UTF-8''{quote(name)}"}
    return Response(out.getvalue(), media_type=XLSX_TYPE, headers=headers)
