"""PostgreSQL: one engine per service and process, one schema and role per service, and the one commit point."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache, partial
from typing import Any

import orjson
import psycopg
from sqlalchemy import Engine, MetaData, create_engine, event, func, inspect
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.ext.compiler import compiles
from sqlmodel import AutoString, Session, SQLModel

from shared.settings import settings
from shared.waits import BoundedConnection, cannot_write

NAMING = {
    "ix": "ix_%(column_0_N_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


@compiles(AutoString, "postgresql")
def _as_text(_type: AutoString, _compiler: object, **_: object) -> str:
    """Strings are text, not varchar: a parameter used twice is then of one type."""
    return "TEXT"


def schema(service: str) -> MetaData:
    """The metadata of one service's schema, for its tables."""
    return MetaData(schema=service, naming_convention=NAMING)


@lru_cache
def engine(service: str) -> Engine:
    """The engine that connects as the service's own role. Made on first use, so after a worker forked."""
    connect = partial(
        BoundedConnection.connect,
        settings().database_url_of(service),
        prepare_threshold=settings().prepare_threshold,
        application_name=f"ses {service}",
    )
    made = create_engine(
        "postgresql+psycopg://",
        creator=connect,
        pool_size=settings().pool_size,
        max_overflow=2,
        pool_pre_ping=True,
        hide_parameters=True,  # names and phone numbers stay out of logs and of the inbox's errors
        pool_timeout=5,
        pool_recycle=1800,
        json_deserializer=orjson.loads,
    )
    event.listen(made, "handle_error", _give_up_what_cannot_write)
    return made


def _give_up_what_cannot_write(context: ExceptionContext) -> None:
    """All connections of the pool are made again after one met a server that only reads."""
    if cannot_write(context.original_exception):
        context.is_disconnect = True


@contextmanager
def transaction(service: str) -> Iterator[Session]:
    """One transaction of a service: committed when the block ends, rolled back when it raises."""
    with Session(engine(service), expire_on_commit=False, autoflush=False) as session, session.begin():
        yield session


@contextmanager
def rehearsed(session: Session, *, dry_run: bool) -> Iterator[None]:
    """What the block writes; in a dry run it is taken back when the block ends."""
    part = session.begin_nested()
    yield
    if dry_run:
        part.rollback()
    else:
        part.commit()


def upsert(
    session: Session,
    table: type[SQLModel],
    rows: Sequence[Mapping[str, Any]],
    *,
    key: Sequence[str] = (),
    newer: str = "",
    once: Collection[str] = (),
    stamp: str = "",
) -> None:
    """Inserts the rows; a row whose key (the primary one) is there takes the fields that are given.

    `newer` names a column that must grow for that, such as a version; `once` the fields that only a first row takes;
    `stamp` the column that gets the time of the change. All rows carry the same fields.
    """
    if not rows:
        return
    known = [column.key for column in inspect(table).primary_key]
    fresh = insert(table)
    columns = {name: fresh.excluded[name] for name in rows[0] if name not in (*(key or known), *once)}
    times = {stamp: func.now()} if stamp else {}
    grows = inspect(table).columns[newer] < fresh.excluded[newer] if newer else None
    session.execute(
        fresh.on_conflict_do_update(index_elements=key or known, set_={**columns, **times}, where=grows), rows
    )


def fields_of(table: type[SQLModel], thing: Mapping[str, Any]) -> dict[str, Any]:
    """Those fields of a thing, such as an event's, that the table has columns for."""
    columns = inspect(table).columns
    return {name: value for name, value in thing.items() if name in columns}


@contextmanager
def listening(service: str) -> Iterator[psycopg.Connection[Any]]:
    """A bare autocommit connection as the service's role, for LISTEN and for claims outside a transaction."""
    with BoundedConnection.connect(settings().direct_url_of(service), autocommit=True) as connection:
        yield connection


def psycopg_style(statement: str) -> str:
    """The statement with psycopg's %(name)s where SQLAlchemy's text has :name; a cast keeps its two colons."""
    return re.sub(r"(?<!:):(\w+)", r"%(\1)s", statement)


def raw(session: Session) -> psycopg.Connection[Any]:
    """The psycopg connection inside the session's transaction, for COPY."""
    connection = session.connection().connection.driver_connection
    assert isinstance(connection, psycopg.Connection)
    return connection
