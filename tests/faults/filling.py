"""Rows for every table of a schema as a migration left it, made from the catalogue alone: no code of today is used."""

from typing import Any, LiteralString

import psycopg
from psycopg import sql

COLUMNS: LiteralString = (
    "select table_name, column_name, data_type, is_nullable = 'YES' or column_default is not null or"
    " is_identity = 'YES' from information_schema.columns where table_schema = %s order by 1, ordinal_position"
)
CHECKS: LiteralString = (
    "select t.relname, a.attname, substring(pg_get_constraintdef(c.oid) from '''([^'']*)''') from pg_constraint c"
    " join pg_class t on t.oid = c.conrelid join pg_attribute a on a.attrelid = t.oid and a.attnum = any(c.conkey)"
    " where c.contype = 'c' and t.relnamespace = cast(%s as regnamespace) and pg_get_constraintdef(c.oid) like '%%''%%'"
)
VALUES: dict[str, LiteralString] = {
    "ARRAY": "'{{}}'", "bigint": "{n}", "boolean": "false", "bytea": "'\\x0{n}'", "date": "'2025-02-2{n}'",
    "integer": "{n}", "interval": "'1 day'", "jsonb": "'{{}}'", "numeric": "{n}", "double precision": "{n}",
    "smallint": "{n}", "text": "'text {n}'", "character varying": "'text {n}'", "time without time zone": "'08:0{n}'",
    "timestamp with time zone": "now()", "uuid": "'00000000-0000-0000-0000-00000000000{n}'",
}  # fmt: skip
UNTOUCHED = ("alembic_version", "loop_beat")
ROWS = 2


def fill(connection: psycopg.Connection[Any], schema: str) -> None:
    """Two rows in every table; references between them hold, because row n refers to row n."""
    allowed = {(table, column): value for table, column, value in connection.execute(CHECKS, (schema,))}
    tables: dict[str, dict[str, str]] = {}
    for table, column, kind, optional in connection.execute(COLUMNS, (schema,)).fetchall():
        columns = tables.setdefault(table, {})
        if not optional:
            columns[column] = f"'{allowed[table, column]}'" if (table, column) in allowed else VALUES[kind]
    connection.execute("set session_replication_role = replica")  # the tables are filled in no particular order
    for table, columns in tables.items():
        if table not in UNTOUCHED and columns:
            for number in range(1, ROWS + 1):
                _insert(connection, schema, table, {name: value.format(n=number) for name, value in columns.items()})
    connection.execute("set session_replication_role = origin")


def _insert(connection: psycopg.Connection[Any], schema: str, table: str, values: dict[str, str]) -> None:
    names = sql.SQL(", ").join(sql.Identifier(name) for name in values)
    words = sql.SQL(", ").join(sql.SQL(value) for value in values.values())
    connection.execute(sql.SQL("insert into {} ({}) values ({})").format(sql.Identifier(schema, table), names, words))
