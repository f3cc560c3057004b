"""Each service's role reaches its own schema and the one view of who is asking, and nothing else: shown by trying."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from deploy.embedded.installation import Servers
from services.notify.tables.facts import Director
from shared.db import fields_of, listening, transaction, upsert
from shared.delivery.outbox import next_version
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


def kept() -> list[tuple[Any, ...]]:
    query = "select person_id, revision, since, name, email, aliases from notify.director order by person_id"
    with owner() as connection:
        return connection.execute(query).fetchall()


def director(person_id: str, revision: int, name: str) -> dict[str, Any]:
    fields = {"email": f"{name}@lausd.example", "aliases": [name]}
    return {"person_id": person_id, "revision": revision, "since": revision, "name": name, **fields}


def keep(*rows: dict[str, Any]) -> None:
    with transaction("notify") as session:
        upsert(session, Director, rows, newer="revision", once={"since"})


def test_a_later_state_replaces_every_field_but_those_of_the_first_and_an_older_one_changes_nothing(
    clean: None,
) -> None:
    keep(director("a", 2, "Ada"), director("b", 2, "Bo"))
    keep(director("a", 3, "Ana"), director("b", 1, "Bob"), director("c", 3, "Cy"))
    keep()
    assert kept() == [
        ("a", 3, 2, "Ana", "Ana@lausd.example", ["Ana"]),
        ("b", 2, 2, "Bo", "Bo@lausd.example", ["Bo"]),
        ("c", 3, 3, "Cy", "Cy@lausd.example", ["Cy"]),
    ]


def test_a_field_that_the_table_lacks_is_an_error_and_is_left_out_only_by_name(clean: None) -> None:
    strange = {**director("a", 1, "Ada"), "region": "E"}
    with pytest.raises(KeyError, match="region"):
        keep(strange)
    keep(fields_of(Director, strange))
    assert [row[0] for row in kept()] == ["a"]


def test_no_other_upsert_lists_its_columns() -> None:
    root = Path(__file__).parent.parent.parent
    own = {
        "shared/db.py": "the one that is built from the class",
        "services/ingest/actions/directory.py": "a field that keeps what it was where the file says nothing, and a count",
        "services/rates/actions/extractions.py": "a count",
        "services/sesr/actions/intake.py": "a row that is as it was keeps its revision, and whether the revision grew",
        "services/tracker/actions/words.py": "a count",
    }
    files = [path for room in ("services", "shared") for path in (root / room).rglob("*.py")]
    found = {str(path.relative_to(root)) for path in files if "on_conflict_do_update" in path.read_text()}
    assert found == set(own), "use shared.db.upsert, so that a further column is one line of its class"


def test_each_version_that_a_service_takes_is_above_the_last(service: str) -> None:
    taken = []
    for _ in range(3):
        with transaction(service) as session:
            taken.append(next_version(session))
    assert taken == sorted(set(taken))
