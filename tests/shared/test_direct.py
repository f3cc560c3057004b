"""Every wait for a connection of the event loop ends, and what one connection learns of the server holds for all."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import psycopg
import pytest

from shared import waits
from shared.settings import settings
from shared.web import direct
from shared.web.direct import AT_ONCE, Connections
from tests.stack import owner

pytestmark = pytest.mark.usefixtures("clean")


def run(work: Callable[[Connections], Awaitable[Any]]) -> Any:
    async def whole() -> Any:
        pool = Connections("sesr")
        try:
            return await work(pool)
        finally:
            for connection in pool.idle:
                await connection.close()

    return asyncio.run(whole())


async def backend(pool: Connections) -> int:
    async with pool.use() as connection:
        row = await (await connection.execute("select pg_backend_pid()")).fetchone()
    assert row is not None
    return int(row[0])


def test_more_than_may_run_at_once_wait_for_their_turn_and_share_the_connections() -> None:
    async def work(pool: Connections) -> set[int]:
        return set(await asyncio.gather(*(backend(pool) for _ in range(4 * AT_ONCE))))

    assert 1 <= len(run(work)) <= AT_ONCE


def test_who_gets_no_turn_is_refused_and_not_kept_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(direct, "TURN_SECONDS", 0.1)

    async def work(pool: Connections) -> None:
        release = asyncio.Event()

        async def hold() -> None:
            async with pool.use():
                await release.wait()

        async with asyncio.TaskGroup() as group:
            for _ in range(AT_ONCE):
                group.create_task(hold())
            while pool.room._value:
                await asyncio.sleep(0)
            with pytest.raises(psycopg.OperationalError, match="busy"):
                await backend(pool)
            release.set()
        assert await backend(pool)

    run(work)


def test_a_server_that_is_away_is_said_at_once_to_all_who_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pool that goes on trying behind the scenes would keep each of them for as long as it may wait."""
    away = settings().model_copy(update={"database_url": "postgresql://ses@127.0.0.1:1/ses"})
    monkeypatch.setattr(direct, "settings", lambda: away)

    async def work(pool: Connections) -> list[BaseException | int]:
        async with asyncio.timeout(direct.TURN_SECONDS):
            return await asyncio.gather(*(backend(pool) for _ in range(4 * AT_ONCE)), return_exceptions=True)

    assert {type(error) for error in run(work)} == {psycopg.OperationalError}


def test_a_backend_that_never_answers_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waits, "ANSWER_SECONDS", 0.2)

    async def work(pool: Connections) -> None:
        with pytest.raises(psycopg.OperationalError, match="no answer"):
            async with pool.use() as connection:
                await connection.execute("select pg_sleep(20)")
        assert pool.idle == []
        assert await backend(pool)

    run(work)


def test_a_connection_that_was_ended_takes_the_idle_ones_with_it() -> None:
    async def work(pool: Connections) -> None:
        before = set(await asyncio.gather(*(backend(pool) for _ in range(AT_ONCE))))
        with owner() as connection:
            connection.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'ses sesr direct'"
            )
        with pytest.raises(psycopg.OperationalError):
            await backend(pool)
        assert await backend(pool) not in before

    run(work)


def test_a_connection_to_a_server_that_only_reads_is_given_up() -> None:
    async def work(pool: Connections) -> None:
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            async with pool.use() as connection:
                await connection.execute("set default_transaction_read_only = on")
                await connection.execute(
                    "insert into audit(actor, action, object, detail) values ('t', 't', 'x', '{}')"
                )
        async with pool.use() as connection:
            await connection.execute("insert into audit(actor, action, object, detail) values ('t', 't', 'x', '{}')")

    run(work)
