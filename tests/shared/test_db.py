"""Each service's role reaches its own schema and the one view of who is asking, and nothing else: shown by trying."""

from collections.abc import Iterator

import psycopg
import pytest

from deploy.embedded.installation import Servers
from shared.db import listening
from shared.settings import SERVICES
from tests.stack import owner

Denied = psycopg.errors.InsufficientPrivilege


@pytest.fixture(params=SERVICES)
def service(request: pytest.FixtureRequest, stack_servers: Servers) -> Iterator[str]:
    yield request.param


def tables_of(schema: str) -> list[str]:
    query = "select tablename from pg_tables where schemaname = %s order by tablename"
    with owner() as connection:
        return [name for (name,) in connection.execute(query, (schema,))]


def test_a_role_reads_and_writes_its_own_schema(service: str) -> None:
    with listening(service) as connection:
        connection.execute("insert into job_log(name, slot) values ('probe', now())")
        assert connection.execute("delete from job_log where name = 'probe'").rowcount == 1


def test_a_role_cannot_touch_a_table_of_another_service(service: str) -> None:
    for other in SERVICES:
        if other == service:
            continue
        tables = tables_of(other)
        assert tables
        for table in tables:
            for verb in ("select * from", "delete from", "truncate"):
                with listening(service) as connection, pytest.raises(Denied):
                    connection.execute(f"{verb} {other}.{table}".encode())


def test_only_ingest_writes_access_and_the_others_see_one_view(service: str) -> None:
    with listening(service) as connection:
        connection.execute("select * from access.who")
        assert connection.execute("select access.touch_session('\\x00', '1 minute', '1 hour', true)").fetchone() == (
            None,
        )
    for table in tables_of("access"):
        with listening(service) as connection:
            if service == "ingest":
                connection.execute(f"select * from access.{table}".encode())
                continue
            with pytest.raises(Denied):
                connection.execute(f"select * from access.{table}".encode())


def test_a_role_makes_no_table_and_no_schema(service: str) -> None:
    for statement in (f"create table {service}.own(x int)", "create table public.own(x int)", "create schema own"):
        with listening(service) as connection, pytest.raises(Denied):
            connection.execute(statement.encode())


def test_the_audit_log_only_grows(service: str) -> None:
    with listening(service) as connection:
        connection.execute("insert into audit(actor, action, object, detail) values ('test', 'try', 'x', '{}')")
        for statement in ("update audit set actor = 'y'", "delete from audit", "truncate audit"):
            with pytest.raises(Denied):
                connection.execute(statement.encode())


def test_a_role_has_limits_on_time(service: str) -> None:
    with listening(service) as connection:
        shown = {
            name: connection.execute(f"show {name}".encode()).fetchone()
            for name in ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout", "search_path")
        }
    assert shown == {
        "statement_timeout": ("30s",),
        "lock_timeout": ("5s",),
        "idle_in_transaction_session_timeout": ("1min",),
        "search_path": (service,),
    }
