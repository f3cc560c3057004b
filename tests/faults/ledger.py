"""Counts every effect in the database itself, by triggers, so that an effect that happens twice is seen twice."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import LiteralString

import psycopg
from psycopg import sql

from shared.settings import SERVICES
from tests.stack import owner

# (service, table, what a row is about): each written once per event, and rewritten when an event is done twice.
EFFECTS: tuple[tuple[str, str, LiteralString], ...] = (
    ("ingest", "delivery_step", "new.upload_id::text || ' ' || new.step"),
    ("notify", "mail", "new.dedupe_key"),
    ("sesr", "report", "new.report_id::text"),
)
_LEDGER: LiteralString = "create table ledger.effect(place text not null, subject text not null)"
_FUNCTION: LiteralString = (
    "create function ledger.{name}() returns trigger language plpgsql security definer as"
    " $$ begin insert into ledger.effect values ({place}, {subject}); return null; end $$"
)
_TRIGGER: LiteralString = (
    "create trigger ledger after insert {or_update} on {table} for each row execute function ledger.{name}()"
)


@contextmanager
def ledger() -> Iterator[None]:
    """The triggers while the block lasts."""
    with owner() as connection:
        connection.execute("drop schema if exists ledger cascade")
        connection.execute("create schema ledger")
        connection.execute(_LEDGER)
        for service, table, subject in EFFECTS:
            _watch(connection, service, table, subject, updates=service == "ingest")
        for service in SERVICES:
            _watch_inbox(connection, service)
    try:
        yield
    finally:
        with owner() as connection:
            connection.execute("drop schema ledger cascade")


def _watch(
    connection: psycopg.Connection[object], service: str, table: str, subject: LiteralString, *, updates: bool
) -> None:
    name = sql.Identifier(f"{service}_{table}")
    connection.execute(
        sql.SQL(_FUNCTION).format(name=name, place=sql.Literal(f"{service}.{table}"), subject=sql.SQL(subject))
    )
    or_update = sql.SQL("or update" if updates else "")
    connection.execute(sql.SQL(_TRIGGER).format(name=name, table=sql.Identifier(service, table), or_update=or_update))


def _watch_inbox(connection: psycopg.Connection[object], service: str) -> None:
    name = sql.Identifier(f"{service}_done")
    connection.execute(
        sql.SQL(_FUNCTION).format(
            name=name, place=sql.Literal(f"{service} done"), subject=sql.SQL("new.event_id::text")
        )
    )
    connection.execute(
        sql.SQL(
            "create trigger ledger after update on {} for each row when (new.state = 'done') execute function ledger.{}()"
        ).format(sql.Identifier(service, "inbox"), name)
    )


def effects(place: str) -> dict[str, int]:
    """How often each effect of a place happened."""
    with owner() as connection:
        rows = connection.execute(
            "select subject, count(*) from ledger.effect where place = %s group by subject", (place,)
        ).fetchall()
    return {subject: int(count) for subject, count in rows}


def forget() -> None:
    """An empty ledger."""
    with owner() as connection:
        connection.execute("truncate ledger.effect")
