"""Bounds on every wait for PostgreSQL: to connect, for a dead network, for a server that accepts and never answers.

Statements, locks and idle transactions are bounded by the roles' own settings (shared/migrations).
"""

from typing import Any, TypeVar
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import psycopg
from psycopg import errors
from psycopg.abc import PQGen

# Parameters of libpq. A server that cannot be written to is refused when connecting, so that after a failover the next
# connection finds the one that can.
CONNECTION = {
    "connect_timeout": "3",
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "15000",
    "target_session_attrs": "read-write",
}
# More than the roles' statement_timeout of 30 s: PostgreSQL itself ends what takes long, this ends what is not answered.
ANSWER_SECONDS = 33.0
R = TypeVar("R")


def bounded_url(url: str) -> str:
    """The address with the bounds on connecting and on a dead network; what it says itself stays."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(query=urlencode({**CONNECTION, **dict(parse_qsl(parts.query))})))


def _no_answer() -> psycopg.OperationalError:
    return psycopg.OperationalError(f"PostgreSQL gave no answer within {ANSWER_SECONDS:.0f} s")


class BoundedConnection(psycopg.Connection[Any]):
    """A connection that fails with OperationalError, and is closed, where an answer takes more than ANSWER_SECONDS.

    Programs that run on make no other: half of a connection may be gone while this half looks well.
    """

    def wait(self, gen: PQGen[R], interval: float = 0.1, timeout: float | None = None) -> R:
        try:
            return super().wait(gen, interval, ANSWER_SECONDS if timeout is None else timeout)
        except errors._WaitTimeout:
            if timeout is not None:
                raise
            self.pgconn.finish()
            raise _no_answer() from None


class BoundedAsyncConnection(psycopg.AsyncConnection[Any]):
    """The same on an event loop."""

    async def wait(self, gen: PQGen[R], interval: float = 0.1, timeout: float | None = None) -> R:
        try:
            return await super().wait(gen, interval, ANSWER_SECONDS if timeout is None else timeout)
        except errors._WaitTimeout:
            if timeout is not None:
                raise
            self.pgconn.finish()
            raise _no_answer() from None


def cannot_write(error: BaseException | None) -> bool:
    """Whether the server is one that only reads (a standby, or before a failover): its connections are given up."""
    return isinstance(error, (errors.ReadOnlySqlTransaction, errors.IdleInTransactionSessionTimeout))
