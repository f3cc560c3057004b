"""For the one busy route: connections to PostgreSQL on the event loop, without the thread pool."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from weakref import WeakKeyDictionary

import psycopg

from shared.settings import settings
from shared.waits import BoundedAsyncConnection, cannot_write

AT_ONCE = 8
# As long as a request waits for a connection of the other pool.
TURN_SECONDS = 5.0
Connection = psycopg.AsyncConnection[Any]


class Connections:
    """Connections of one service on one event loop, each statement its own commit; at most AT_ONCE in use."""

    def __init__(self, service: str) -> None:
        self.service = service
        self.idle: list[Connection] = []
        self.room = asyncio.Semaphore(AT_ONCE)

    @asynccontextmanager
    async def use(self) -> AsyncIterator[Connection]:
        """A connection for the block. One that failed is dropped, and the idle ones with it: the server may have gone.

        OperationalError where none is free within TURN_SECONDS, or an answer takes more than waits.ANSWER_SECONDS.
        """
        await self._turn()
        try:
            connection = self.idle.pop() if self.idle else await self._connect()
            try:
                yield connection
            except psycopg.Error as error:
                if isinstance(error, psycopg.OperationalError) or cannot_write(error):
                    self.idle.clear()
                if cannot_write(error):
                    await connection.close()
                raise
            finally:
                if connection.closed or connection.broken:
                    await connection.close()
                else:
                    self.idle.append(connection)
        finally:
            self.room.release()

    async def _turn(self) -> None:
        try:
            async with asyncio.timeout(TURN_SECONDS):
                await self.room.acquire()
        except TimeoutError:
            raise psycopg.OperationalError(f"all {AT_ONCE} connections were busy for {TURN_SECONDS:g} s") from None

    async def _connect(self) -> Connection:
        url = settings().database_url_of(self.service)
        name = f"ses {self.service} direct"
        return await BoundedAsyncConnection.connect(
            url,
            autocommit=True,
            connect_timeout=3,
            application_name=name,
            prepare_threshold=settings().prepare_threshold,
        )


_of_loops: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[str, Connections]] = WeakKeyDictionary()


def connections(service: str) -> Connections:
    """The service's connections on the running loop."""
    of_loop = _of_loops.setdefault(asyncio.get_running_loop(), {})
    return of_loop.setdefault(service, Connections(service))
