"""Migrations on loaded data, and a backup in a new cluster: the same table and board, no mail twice."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from alembic import command
from alembic.script import ScriptDirectory
from psycopg import sql
from psycopg.rows import dict_row

from deploy.backup import back_up, restore
from deploy.embedded.installation import running
from services.notify.actions import sending
from shared.migrations import config, provision
from shared.settings import SERVICES, settings
from shared.web.clock import today
from tests.faults.filling import UNTOUCHED, fill
from tests.faults.test_backup import contents, fresh, nobody_at_work, server, use
from tests.faults.test_outages import settings_given
from tests.files import directory, extraction, guide_rows
from tests.journeys.test_main_job import PEOPLE
from tests.notify.sinks import Sink
from tests.people import api_of
from tests.stack import deliver, failures, owner

__all__ = ["fresh", "server"]


@pytest.fixture
def stepwise(fresh: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[psycopg.Connection[Any]]:
    """The owner's connection to an empty database, on which this process now works."""
    before = settings().database_url
    use(fresh, monkeypatch)
    with owner() as connection:
        connection.prepare_threshold = None  # the tables change under it
        provision(connection, settings())
        yield connection
    use(before, monkeypatch)


def rows_of(connection: psycopg.Connection[Any], service: str) -> dict[str, list[dict[str, Any]]]:
    """Every row of every table of a service, by its columns."""
    names = connection.execute("select tablename from pg_tables where schemaname = %s", (service,)).fetchall()
    cursor = connection.cursor(row_factory=dict_row)
    return {
        table: cursor.execute(sql.SQL("select * from {}").format(sql.Identifier(service, table))).fetchall()
        for (table,) in names
        if table not in UNTOUCHED
    }


def same(rows: list[dict[str, Any]], others: list[dict[str, Any]]) -> bool:
    """Whether they agree in the columns that both have; JSON is the same as text and parsed."""
    names = sorted(set(rows[0]) & set(others[0]))
    ours, theirs = (
        sorted([json.dumps(row[n]) if isinstance(row[n], dict) else str(row[n]) for n in names] for row in each)
        for each in (rows, others)
    )
    return ours == theirs


@pytest.mark.parametrize("service", SERVICES)
def test_rows_of_the_first_migration_outlive_the_way_to_the_newest(
    service: str, stepwise: psycopg.Connection[Any]
) -> None:
    made = config(service)
    revisions = [r.revision for r in reversed(list(ScriptDirectory.from_config(made).walk_revisions()))]
    while not counts(stepwise, service):
        command.upgrade(made, revisions.pop(0))
    fill(stepwise, service)
    first = counts(stepwise, service)
    assert sum(first.values()) > len(first)
    for revision in revisions:
        command.upgrade(made, revision)
        now = counts(stepwise, service)
        assert {table: now.get(table) for table in first} == first, revision
    newest = rows_of(stepwise, service)
    command.upgrade(made, "head")
    again = rows_of(stepwise, service)
    assert [table for table in first if first[table] and not same(newest[table], again[table])] == []


def counts(connection: psycopg.Connection[Any], service: str) -> dict[str, int]:
    return {table: len(rows) for table, rows in rows_of(connection, service).items()}


def story() -> None:
    """A directory, an extraction with its mails sent, a strike with a report, and one more extraction half done."""
    api = api_of("central")
    upload("directory", directory(PEOPLE))
    deliver()
    upload("participation", extraction(guide_rows("2025-02-21")))
    deliver()
    sending.send_due()
    deliver()
    strike = {"name": "Strike", "first_day": str(today()), "last_day": str(today())}
    assert api.post("/sesr/api/v1/incidents", json=strike).status_code == 201
    report = {"school_key": "1432201", "counts": {"students_present": 31}, "proxy_for": "the office"}
    sent = api.post("/sesr/api/v1/reports", json={"report_id": "0190f0a0-0000-7000-8000-000000000001", **report})
    assert sent.status_code == 201, sent.text
    upload("participation", extraction(guide_rows("2025-02-28")))


def upload(kind: str, content: bytes) -> None:
    answer = api_of("central").post(f"/ingest/api/v1/uploads?kind={kind}", files={"file": ("x.xlsx", content)})
    assert answer.status_code in (200, 201), answer.text


def seen() -> dict[str, Any]:
    """The table, the board and the mails as the API tells them, without the moment of asking."""
    api = api_of("central")
    incident = api.get("/sesr/api/v1/incidents").json()["rows"][0]["incident_id"]
    board = api.get("/sesr/api/v1/board", params={"incident": incident}).json()
    return {
        "table": api.get("/rates/api/v1/rates", params={"limit": 100}).json(),
        "board": {name: value for name, value in board.items() if name not in ("as_of", "now")},
        "mails": api.get("/notify/api/v1/mails").json(),
    }


def test_a_backup_in_a_new_cluster_shows_the_same_table_and_board_and_mails_nobody_twice(
    clean: None, server: Sink, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = settings().database_url
    story()
    before, held = seen(), contents()
    accepted = len(server.accepted)
    assert before["table"]
    assert accepted > 0
    back_up(tmp_path / "ses.backup")
    with running(tmp_path / "another machine", given=dict(settings_given())) as other:
        use(other.env["SES_DATABASE_URL"], monkeypatch)
        restore(tmp_path / "ses.backup", replace=False)
        assert contents() == {**held, "notify.database_restore": 1}
        assert seen() == before
        deliver(times=2)
        sending.send_due()
        deliver()
        assert failures() == []
        ids = [message["Message-ID"] for _, message in server.messages()]
        assert len(ids) == len(set(ids))
        nobody_at_work()
        use(original, monkeypatch)
