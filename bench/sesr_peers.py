"""The peers of the strike report's route: plain synchronous SQLModel, the same work in that style, psycopg by hand."""

import sys
from collections.abc import Iterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any, Literal
from uuid import UUID

import orjson
import psycopg
import uvicorn
from fastapi import Depends, FastAPI, Request, Response
from psycopg.rows import dict_row
from psycopg_pool import AsyncConnectionPool
from sqlalchemy import JSON, create_engine
from sqlmodel import Field, Session, SQLModel, col, select

from services.sesr.actions.keeping import KEEP, keep_values
from services.sesr.queries.context import CONTEXTS, ContextQuestion, context_values
from services.sesr.rules.counts import ALL_COUNTS
from services.sesr.tables import Incident, Report, School
from shared.access import Scope, audit, csrf_of, hash_of
from shared.access.sessions import WHO
from shared.db import psycopg_style
from shared.delivery.outbox import publish
from shared.events import ReportSubmitted
from shared.settings import settings
from shared.web.clock import today

URL = settings().database_url_of("sesr")
ENGINE = create_engine(URL.replace("postgresql://", "postgresql+psycopg://", 1))
POOL: AsyncConnectionPool[psycopg.AsyncConnection[Any]] = AsyncConnectionPool(
    URL, min_size=8, max_size=8, open=False, kwargs={"autocommit": True}
)
WHO_SQL = psycopg_style(WHO.text)
LIMITS = {"idle": timedelta(minutes=30), "reporting": timedelta(hours=12), "touch": True}


class PlainReport(SQLModel, table=True):
    """The table of the plain route."""

    __tablename__ = "plain_report"
    __table_args__ = {"schema": "sesr"}

    report_id: UUID = Field(primary_key=True)
    school_key: str
    received_at: datetime = Field(default_factory=lambda: datetime.now(UTC))
    counts: dict[str, Any] = Field(sa_type=JSON)


class PlainBody(SQLModel):
    """What the plain route reads."""

    report_id: UUID
    school_key: str
    counts: dict[str, Any]


@asynccontextmanager
async def _life(_app: FastAPI) -> Any:
    await POOL.open(wait=True)
    yield
    await POOL.close()


app = FastAPI(lifespan=_life)


def _session() -> Iterator[Session]:
    with Session(ENGINE) as session:
        yield session


@app.post("/plain", status_code=201)
def plain(session: Annotated[Session, Depends(_session)], sent: PlainBody) -> PlainReport:
    made = PlainReport(**sent.model_dump())
    session.add(made)
    session.commit()
    session.refresh(made)
    return made


@app.post("/usual", status_code=201)
def usual(request: Request, session: Annotated[Session, Depends(_session)], sent: PlainBody) -> Report:
    """The same work in the same style: session, scope, incident, report, audit row, event, one commit, refresh."""
    person = session.execute(WHO, {"hashes": [hash_of("session", request.cookies["sid"])], **LIMITS}).one()
    assert sent.school_key in person.scope
    school = session.get_one(School, sent.school_key)
    incident = session.exec(select(Incident).where(col(Incident.closed_at).is_(None))).one()
    now = datetime.now(UTC)
    counts = {**dict.fromkeys(ALL_COUNTS), **sent.counts, "enrolled": school.enrolled}
    blank: dict[str, Any] = dict.fromkeys(("proxy_for", "reason", "commander", "landline", "cell", "note"), "")
    key = {"report_id": sent.report_id, "incident_id": incident.incident_id, "school_key": sent.school_key}
    told: dict[str, Any] = {**key, "day": today(), "counts": counts, "flags": {}, "counted_at": now}
    made = Report(**told, **blank, author=person.person_id, author_name=person.name, supersedes=None)
    session.add(made)
    session.flush()
    audit(session, person.person_id, "report.submit", str(sent.report_id), {"number": made.number})
    publish(session, ReportSubmitted(**told, sequence=made.number, received_at=now, supersedes=None))
    session.commit()
    session.refresh(made)
    return made


@app.post("/hand", status_code=201)
async def hand(request: Request) -> Response:
    """The statements of the product's route, and nothing else."""
    token = request.cookies["sid"]
    assert request.headers["x-csrf-token"] == csrf_of(token)
    sent = orjson.loads(await request.body())
    report_id, day = UUID(sent["report_id"]), date.fromisoformat(sent["day"])
    scope = Scope(schools=(sent["school_key"],))
    question = context_values([ContextQuestion(scope, sent["school_key"], None, day, report_id, None)])
    async with POOL.connection() as connection:
        values = {"hashes": [hash_of("session", token)], **LIMITS}
        who: Any = await (await connection.execute(WHO_SQL, values)).fetchone()
        cursor = await connection.cursor(row_factory=dict_row).execute(CONTEXTS, question)
        known: Any = await cursor.fetchone()
        written = _values(sent, who[1], known["incident_id"], report_id, day)
        kept: Any = await (await connection.execute(KEEP, keep_values([written]))).fetchone()
    told = {"report_id": report_id, "number": kept[1], "received_at": kept[2]}
    return Response(orjson.dumps(told), 201, media_type="application/json")


def _values(sent: dict[str, Any], person: str, incident: UUID, report_id: UUID, day: date) -> dict[str, Any]:
    counts = {**dict.fromkeys(ALL_COUNTS), **sent["counts"]}
    key = {"report_id": report_id, "incident_id": incident, "school_key": sent["school_key"], "day": day}
    event = {**key, "counts": counts, "flags": {}, "supersedes": None}
    blank = dict.fromkeys(("proxy_for", "reason", "commander", "landline", "cell", "note"), "")
    return {
        **blank,
        **event,
        "carried": [],
        "by_key": False,
        "event": event,
        "counted_at": datetime.now(UTC),
        "author": person,
        "author_name": person,
        "action": "report.submit",
        "detail": {"school_key": sent["school_key"], "day": day},
    }


@app.get("/bare")
async def bare() -> Response:
    return Response(b'{"id":1}', media_type="application/json")


def main(loop: Literal["asyncio", "uvloop"]) -> None:
    """Serves the peers on one kind of event loop: threads are quicker on asyncio's, the route by hand on the other."""
    uvicorn.run(app, host="127.0.0.1", port=settings().port, log_level="warning", access_log=False, loop=loop)


if __name__ == "__main__":
    main("asyncio" if "asyncio" in sys.argv else "uvloop")
