"""The audit log of a service: searched on a page, over the API, and exported."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Depends, Query, Request, Response
from sqlalchemy import text
from sqlmodel import Session

from shared.access import Who
from shared.files.workbooks import CSV_TYPE, csv_text
from shared.ops.logs import without_private
from shared.settings import SERVICES, settings
from shared.web.pages import page
from shared.web.requests import Db, allow

PAGE = 100
MOST_EXPORTED = 50_000
_ROWS = text(
    """
    select id, at, actor, action, object, detail from audit
    where (:q = '' or actor ilike :like or action ilike :like or object ilike :like or cast(detail as text) ilike :like)
    and (cast(:cursor as bigint) is null or id < :cursor)
    and (cast(:since as date) is null or at >= cast(:since as date)::timestamp at time zone :zone)
    and (cast(:until as date) is null or at < (cast(:until as date) + 1)::timestamp at time zone :zone)
    order by id desc limit :limit
    """
)


class Search:
    """What of the log is asked for; days are the district's."""

    def __init__(
        self,
        q: Annotated[str, Query(max_length=200)] = "",
        since: str = "",
        until: str = "",
        cursor: Annotated[int | None, Query(ge=1, le=2**62)] = None,
    ) -> None:
        self.q = q.replace("\0", "")
        self.since, self.until = _day(since), _day(until)
        self.cursor = cursor

    def rows(self, session: Session, limit: int) -> list[dict[str, Any]]:
        """Newest first, the detail as text without phone numbers and passwords, in which a search finds nothing either."""
        like = "%" + self.q.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
        values = {**vars(self), "like": like, "limit": limit, "zone": settings().timezone}
        rows: list[dict[str, Any]] = []
        while True:
            found = session.execute(_ROWS, values).all()
            rows += [shown for shown in map(_shown, found) if self._finds(shown)]
            if len(found) < limit or len(rows) >= limit:
                return rows[:limit]
            values["cursor"] = found[-1].id

    def _finds(self, shown: dict[str, Any]) -> bool:
        """Whether the search would find the row by what is shown of it; what is masked is not confirmed."""
        q = self.q.casefold()
        return any(q in shown[name].casefold() for name in ("actor", "action", "object", "detail"))


def audit_routes(service: str) -> APIRouter:
    """`/<service>/audit` as page, export and API, for central and operations."""
    router = APIRouter(prefix=f"/{service}")
    see = allow("audit.see")

    @router.get("/audit", include_in_schema=False)
    def audit_page(
        request: Request, session: Db, who: Annotated[Who, see], search: Annotated[Search, Depends()]
    ) -> Response:
        rows = search.rows(session, PAGE + 1)
        older = rows[PAGE - 1]["id"] if len(rows) > PAGE else None
        return page(
            request, "audit.html", rows=rows[:PAGE], older=older, search=search, services=SERVICES, service=service
        )

    @router.get("/audit.csv", include_in_schema=False)
    def audit_csv(session: Db, who: Annotated[Who, see], search: Annotated[Search, Depends()]) -> Response:
        rows = search.rows(session, MOST_EXPORTED)
        header = ("at", "actor", "action", "object", "detail")
        body = csv_text(header, ([_cell(row[name]) for name in header] for row in rows))
        headers = {"content-disposition": f'attachment; filename="audit-{service}.csv"'}
        return Response(body, media_type=CSV_TYPE, headers=headers)

    @router.get("/api/v1/audit", tags=["audit"])
    def get_audit(
        session: Db,
        who: Annotated[Who, see],
        search: Annotated[Search, Depends()],
        limit: Annotated[int, Query(ge=1, le=500)] = PAGE,
    ) -> dict[str, Any]:
        """Audit rows, newest first; `cursor` is the `next` of the page before."""
        rows = search.rows(session, limit)
        return {"audit": rows, "next": rows[-1]["id"] if len(rows) == limit else None}

    return router


def _day(text: str) -> date | None:
    """The day of a form's field; None where it is blank or no day."""
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None


def _shown(row: Any) -> dict[str, Any]:
    return {**row._mapping, "object": without_private(row.object), "detail": _words(row.detail)}


def _cell(value: Any) -> Any:
    return value if isinstance(value, str) else value.isoformat()


def _words(detail: dict[str, Any]) -> str:
    pairs: Sequence[tuple[str, Any]] = sorted(detail.items(), key=lambda item: item[0].startswith("_"))
    parts = [
        f"{name.lstrip('_')}: {value if isinstance(value, str) else orjson.dumps(value, default=str).decode()}"
        for name, value in pairs
    ]
    return without_private("; ".join(parts))
