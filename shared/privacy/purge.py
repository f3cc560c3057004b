"""Removes personal data by the inventory: what is past its time each night, and one person's on request."""

import hashlib
import re
from collections.abc import Sequence
from typing import Any

from psycopg import sql
from psycopg.rows import scalar_row
from sqlalchemy import text
from sqlmodel import Session

from shared.access import audit
from shared.db import rehearsed
from shared.privacy.inventory import INVENTORY, Kept

# What stands where a text was: of a type that has no blank, the nearest thing to one.
_BLANK = {"text": "''", "character varying": "''", "jsonb": "'[]'::jsonb", "ARRAY": "'{}'", "bytea": "''::bytea"}
_TYPES = text(
    """
    select column_name, data_type from information_schema.columns
    where table_schema = :schema and table_name = :name and column_name = any(:columns)
    """
)
FORGOTTEN, SHORTEST_NAME, AS_PUBLISHED = "forgotten", 6, "as published"
_TYPE = (
    "select data_type from information_schema.columns where table_schema = %s and table_name = %s and column_name = %s"
)
_NAMES = """
    select name from access.person where lower(email) = %(email)s
    union select name from ingest.person where lower(email) = %(email)s
    union select name from notify.director where lower(email) = %(email)s
"""
_MINE = "select person_id from access.person where lower(email) = %(email)s or person_id = %(email)s"
# The account itself goes, with all that hangs on it, in an order in which it can.
_ACCESS = (
    "access.session",
    "access.token",
    "access.role_request",
    "access.director_spelling",
    "access.role_grant",
    "access.person",
)
# What they gave stays with those who have it.
_OTHERS = (
    "access.token.created_by",
    "access.token.maker_id",
    "access.token.confirmed_by",
    "access.role_request.maker_id",
)
_GONE = f"delete from {{}} where person_id in ({_MINE})"


def purge_personal(session: Session, service: str, days: int | None = None, *, dry_run: bool = False) -> dict[str, int]:
    """How many rows of a service lost what is past its time, by table; a dry run counts and leaves everything."""
    counts: dict[str, int] = {}
    with rehearsed(session, dry_run=dry_run):
        for kept in INVENTORY:
            if kept.schema == service and kept.days:
                values = {"days": days or kept.lasts}
                counts[kept.table] = len(session.execute(text(_statement(session, kept)), values).all())
    if any(counts.values()) and not dry_run:
        audit(session, "retention", "purge", "personal data", {name: count for name, count in counts.items() if count})
    return counts


def _statement(session: Session, kept: Kept) -> str:
    if kept.table.endswith(".audit"):  # by a function of the owner's: the service itself can only add
        return f"select 1 from generate_series(1, {kept.schema}.purge_audit(:days))"
    old = f"{kept.age} < now() - make_interval(days => :days)"
    if kept.deletes:
        return f"delete from {kept.table} where {old} returning 1"
    blanks = _blanks(session, kept)
    sets = ", ".join(f'"{name}" = {blank}' for name, blank in blanks.items())
    full = " or ".join(f'"{name}" is distinct from {blank}' for name, blank in blanks.items())
    return f"update {kept.table} set {sets} where {old} and ({full}) returning 1"


def _blanks(session: Session, kept: Kept) -> dict[str, str]:
    schema, _, name = kept.table.partition(".")
    found = session.execute(_TYPES, {"schema": schema, "name": name, "columns": list(kept.columns)}).all()
    return {row.column_name: _BLANK[row.data_type] for row in found}


def forget(connection: Any, email: str) -> dict[str, int]:
    """Replaces a person's e-mail address and name by a word of their own wherever the inventory says; rows by column.

    `connection` is the owner's, in a transaction: who takes it back has only looked. Files as they came are not
    searched, they go by their age; what the next directory brings again has to be taken out there.
    """
    named = connection.execute(_NAMES, {"email": email}).fetchall()
    words = [email, *sorted({name for (name,) in named if len(name) >= SHORTEST_NAME})]
    instead = f"{FORGOTTEN}-{hashlib.sha256(email.encode()).hexdigest()[:12]}"
    counts = {}
    for table in _ACCESS:
        counts[table] = connection.execute(_GONE.format(table), {"email": email}).rowcount
    for place in _OTHERS:
        table, _, column = place.rpartition(".")
        counts[place] = _replaced(connection, table, column, [email], instead)
    for kept in INVENTORY:
        if kept.schema != "access" and not kept.what.endswith(AS_PUBLISHED):
            for column in kept.columns:
                counts[f"{kept.table}.{column}"] = _replaced(connection, kept.table, column, words, instead)
    return {place: count for place, count in counts.items() if count}


def _replaced(connection: Any, table: str, column: str, words: Sequence[str], instead: str) -> int:
    place = sql.Identifier(*table.split("."))
    kind = connection.cursor(row_factory=scalar_row).execute(_TYPE, (*table.split("."), column)).fetchone()
    if kind == "bytea":
        return 0
    cast = {"jsonb": sql.SQL("jsonb"), "ARRAY": sql.SQL("text[]")}.get(kind, sql.SQL("text"))
    pattern = "|".join(re.escape(word).replace("\\ ", " ") for word in words)
    query = sql.SQL(
        """
        update {place} set {column} = cast(regexp_replace(cast({column} as text), {pattern}, {instead}, 'gi') as {cast})
        where cast({column} as text) ~* {pattern}
        """
    ).format(place=place, column=sql.Identifier(column), pattern=pattern, instead=instead, cast=cast)
    return int(connection.execute(query).rowcount)
