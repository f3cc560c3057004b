"""Removes personal data by the inventory: what is past its time each night, and one person's on request."""

import hashlib
import re
from collections.abc import Sequence
from typing import Any, NamedTuple

import orjson
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
FORGOTTEN, AS_PUBLISHED = "forgotten", "as published"
# A name of one word that is shorter is too often a word of something else.
SHORTEST_NAME = 6
_TYPE = (
    "select data_type from information_schema.columns where table_schema = %s and table_name = %s and column_name = %s"
)
# Every name and spelling of the person, and whether another person has it, alone or within a longer name.
_NAMES = """
    with known(email, name) as (
        select lower(email), name from access.person
        union select lower(email), unnest(array[name] || aliases || resolved_aliases) from ingest.person
        union select lower(email), unnest(array[name] || aliases) from notify.director
        union select lower(email), name from notify.region_head
        union select lower(email), spelling from access.director_spelling join access.person using (person_id)
    )
    select name, exists (
        select 1 from known other
        where other.email <> mine.email and position(lower(mine.name) in lower(other.name)) > 0
    ) as is_shared
    from known mine where email = %(email)s and name <> '' order by name
"""
# What may not stand beside an address or a name: there it is a part of another one. Possessives and full stops may.
_AROUND_ADDRESS = (r"(?<![[:alnum:]_.%+-])(?<![[:alnum:]]')", r"(?![[:alnum:]-])(?!\.[[:alnum:]])")
_AROUND_NAME = (r"(?<![[:alnum:]_])(?<![[:alnum:]][-'])", r"(?![[:alnum:]_])(?!-[[:alnum:]])")
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


class Names(NamedTuple):
    """A person's names: `own` ones are replaced wherever they stand; `shared` ones, which others have or which are too
    short to be searched for, only in rows that hold the person's address as well."""

    own: list[str]
    shared: list[str]


def names_of(connection: Any, email: str) -> Names:
    names = Names([], [])
    for name, is_shared in connection.execute(_NAMES, {"email": email}).fetchall():
        is_short = len(name) < SHORTEST_NAME and len(name.split()) < 2
        (names.shared if is_shared or is_short else names.own).append(name)
    return names


def forget(connection: Any, email: str) -> dict[str, int]:
    """Replaces a person's e-mail address and names by a word of their own wherever the inventory says; rows by column.

    `connection` is the owner's, in a transaction: who takes it back has only looked. Files as they came are not
    searched, they go by their age; what the next directory brings again has to be taken out there.
    """
    names, address = names_of(connection, email), _pattern([email], *_AROUND_ADDRESS)
    everywhere = "|".join([address, *([_pattern(names.own, *_AROUND_NAME)] if names.own else [])])
    instead = f"{FORGOTTEN}-{hashlib.sha256(email.encode()).hexdigest()[:12]}"
    counts = {}
    for table in _ACCESS:
        counts[table] = connection.execute(_GONE.format(table), {"email": email}).rowcount
    for place in _OTHERS:
        table, _, column = place.rpartition(".")
        counts[place] = _replaced(connection, table, column, address, instead)
    for kept in INVENTORY:
        if kept.schema == "access" or kept.what.endswith(AS_PUBLISHED):
            continue
        for column in kept.columns if names.shared else ():
            shared = _pattern(names.shared, *_AROUND_NAME)
            counts[f"{kept.table}.{column}"] = _replaced(connection, kept.table, column, shared, instead, address)
        for column in kept.columns:
            place = f"{kept.table}.{column}"
            counts[place] = counts.get(place, 0) + _replaced(connection, kept.table, column, everywhere, instead)
    return {place: count for place, count in counts.items() if count}


def _pattern(words: Sequence[str], before: str, after: str) -> str:
    """The words as PostgreSQL's regular expression, also as they stand within JSON."""
    written = {form for word in words for form in (word, orjson.dumps(word).decode()[1:-1])}
    each = "|".join(re.escape(form).replace("\\ ", " ") for form in sorted(written))
    return f"{before}(?:{each}){after}"


def _replaced(connection: Any, table: str, column: str, pattern: str, instead: str, beside: str = "") -> int:
    """How many rows lost what matches; `beside`: only those that match this as well, in whichever column."""
    place = sql.Identifier(*table.split("."))
    kind = connection.cursor(row_factory=scalar_row).execute(_TYPE, (*table.split("."), column)).fetchone()
    if kind == "bytea":
        return 0
    cast = {"jsonb": sql.SQL("jsonb"), "ARRAY": sql.SQL("text[]")}.get(kind, sql.SQL("text"))
    # Letters of every alphabet, whatever the database's own rules.
    query = sql.SQL(
        """
        update {place} t set {column} = cast(
          regexp_replace(cast({column} as text) collate pg_c_utf8, {pattern}, {instead}, 'gi') as {cast})
        where cast({column} as text) collate pg_c_utf8 ~* {pattern}
          and ({beside} = '' or cast(t as text) collate pg_c_utf8 ~* {beside})
        """
    ).format(place=place, column=sql.Identifier(column), pattern=pattern, instead=instead, cast=cast, beside=beside)
    return int(connection.execute(query).rowcount)
