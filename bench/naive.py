"""The peer of the main job: the same chain as a newcomer writes it with FastAPI, SQLModel, pandas and Celery.

It validates nothing, reports nothing, keeps no history, loses what it is at when it dies, and attaches no workbook.
`python -m bench.naive web` serves the upload, `python -m bench.naive worker` is its Celery worker.
"""

import os
import smtplib
import sys
from email.message import EmailMessage
from io import BytesIO
from typing import Annotated, Any
from urllib.parse import urlsplit
from uuid import uuid4

import pandas  # type: ignore[import-untyped]
import uvicorn
from celery import Celery
from fastapi import FastAPI, UploadFile
from sqlalchemy import create_engine
from sqlmodel import Field, Session, SQLModel, select

from shared.settings import settings

ENGINE = create_engine(settings().database_url.replace("postgresql://", "postgresql+psycopg://", 1))
COLUMNS = "region ploc cos director school category nr label total submitted rate at".split()
celery = Celery("naive", broker=settings().redis_url_of("ingest"))
celery.conf.update(
    task_ignore_result=True,
    worker_enable_remote_control=False,
    broker_transport_options={"global_keyprefix": "ingest."},
)
app = FastAPI()


class NaiveRate(SQLModel, table=True):
    """A school's counts and tier for one group."""

    __tablename__ = "naive_rate"

    id: int | None = Field(default=None, primary_key=True)
    upload: str = Field(index=True)
    director: str
    school: str
    category: str
    total: int
    submitted: int
    tier: int


class NaiveDone(SQLModel, table=True):
    """How many mails an upload led to."""

    __tablename__ = "naive_done"

    upload: str = Field(primary_key=True)
    mails: int


@app.post("/uploads")
def upload(file: Annotated[UploadFile, "an extraction, a sheet a group"]) -> dict[str, str]:
    sheets = pandas.read_excel(BytesIO(file.file.read()), sheet_name=None)
    name = str(uuid4())
    rows = pandas.concat(sheets.values()).set_axis(COLUMNS, axis=1)
    rows[["total", "submitted"]] = rows[["total", "submitted"]].fillna(0).astype(int)
    kept = rows[["director", "school", "category", "total", "submitted"]].fillna("")
    celery.send_task("naive.tiers", (name, kept.to_dict("records")))
    return {"upload": name}


@celery.task(name="naive.tiers")  # type: ignore[untyped-decorator]
def tiers(name: str, rows: list[dict[str, Any]]) -> None:
    with Session(ENGINE) as session:
        session.add_all(_rate(name, row) for row in rows)
        session.commit()
    celery.send_task("naive.digests", (name,))


def _rate(name: str, row: dict[str, Any]) -> NaiveRate:
    share = row["submitted"] / row["total"] if row["total"] else 0
    tier = 1 if share < 0.25 else 2 if share < 0.5 else 3 if share < 0.75 else 4
    return NaiveRate(upload=name, tier=tier, **row)


@celery.task(name="naive.digests")  # type: ignore[untyped-decorator]
def digests(name: str) -> None:
    with Session(ENGINE) as session:
        found = session.exec(select(NaiveRate).where(NaiveRate.upload == name, NaiveRate.tier == 1)).all()
        by_director: dict[str, list[NaiveRate]] = {}
        for rate in found:
            by_director.setdefault(rate.director, []).append(rate)
        address = urlsplit(settings().smtp_url)
        for director, rates in by_director.items():
            with smtplib.SMTP(address.hostname or "", address.port or 25) as server:
                server.send_message(_mail(director, rates))
        session.add(NaiveDone(upload=name, mails=len(by_director)))
        session.commit()


def _mail(director: str, rates: list[NaiveRate]) -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "ses@lausd.example", "director@lausd.example", "Schools in Tier 1"
    lines = [f"{rate.school} {rate.category}: {rate.submitted} of {rate.total}" for rate in rates]
    mail.set_content(f"{director}\n" + "\n".join(lines))
    return mail


if __name__ == "__main__":
    if sys.argv[1] == "web":
        SQLModel.metadata.create_all(ENGINE)
        uvicorn.run(app, port=int(os.environ["SES_PORT"]), log_level="warning")
    else:
        celery.worker_main(
            [
                "worker",
                "-c",
                "1",
                "--loglevel",
                "WARNING",
                "--without-gossip",
                "--without-mingle",
                "--without-heartbeat",
            ]
        )
