"""For the one busy route: PostgreSQL from the event loop, without the thread pool; the same sign-in and permissions."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any
from weakref import WeakKeyDictionary

import psycopg
from fastapi import Depends, Request

from shared.access import Who, hash_of
from shared.access.sessions import WHO, who_of
from shared.db import psycopg_style
from shared.settings import settings
from shared.web.requests import Permission, accepted, token_of

AT_ONCE = 8
_WHO = psycopg_style(WHO.text)
Connection = psycopg.AsyncConnection[Any]


class Connections:
    """Connections of one service on one event loop, each statement its own commit; at most AT_ONCE in use."""

    def __init__(self, service: str) -> None:
        self.service = service
        self.idle: list[Connection] = []
        self.room = asyncio.Semaphore(AT_ONCE)

    @asynccontextmanager
    async def use(self) -> AsyncIterator[Connection]:
        """A connection for the block. One that failed is dropped, and the idle ones with it: the server may have gone."""
        async with self.room:
            connection = self.idle.pop() if self.idle else await self._connect()
            try:
                yield connection
            except psycopg.OperationalError:
                self.idle.clear()
                raise
            finally:
                if connection.closed or connection.broken:
                    await connection.close()
                else:
                    self.idle.append(connection)

    async def _connect(self) -> Connection:
        url = settings().database_url_of(self.service)
        name = f"ses {self.service} direct"
        return await psycopg.AsyncConnection.connect(url, autocommit=True, connect_timeout=3, application_name=name)


_of_loops: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[str, Connections]] = WeakKeyDictionary()


def connections(service: str) -> Connections:
    """The service's connections on the running loop."""
    of_loop = _of_loops.setdefault(asyncio.get_running_loop(), {})
    return of_loop.setdefault(service, Connections(service))


class DirectPermission(Permission):
    """A permission that is looked up without a thread."""

    async def __call__(self, request: Request) -> Who:  # type: ignore[override]
        token, is_bearer = token_of(request)
        who = None
        if token is not None:
            idle = timedelta(minutes=settings().session_idle_minutes)
            async with connections(request.app.state.service).use() as connection:
                found = await connection.execute(_WHO, {"token_hash": hash_of(token), "idle": idle})
                who = who_of(await found.fetchone())
        return self.permit(request, accepted(request, who, is_bearer))


def allow_directly(permission: str) -> Any:
    """Like `allow`, for a route that is async and uses `connections`."""
    return Depends(DirectPermission(permission), scope="function")
