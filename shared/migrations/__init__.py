"""Roles, schemas and migrations of all services; run by `python -m shared.migrations` or `ses migrate`."""

import importlib
from collections.abc import Sequence
from pathlib import Path
from typing import LiteralString

import psycopg
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from psycopg import sql
from sqlalchemy import MetaData

from shared.migrations.origin import check_origin, keep_origin
from shared.settings import AUDIT_DAYS_LEAST, SERVICES, Settings, settings

ROOT = Path(__file__).parent.parent.parent
LOCK = 7_305_001

_ROLE_SETTINGS: dict[LiteralString, LiteralString] = {
    "statement_timeout": "30s",
    "lock_timeout": "5s",
    "idle_in_transaction_session_timeout": "60s",
    "client_connection_check_interval": "10s",
    "timezone": "UTC",
}


# Runs with the owner's rights, because the service has none to delete; how much is left to it, how little is not.
_PURGE_AUDIT: LiteralString = """
create or replace function {purge}(days integer) returns integer
language sql security definer set search_path = {schema} as $$
  with gone as (delete from audit where at < now() - make_interval(days => greatest(days, {least})) returning 1)
  select count(*)::integer from gone
$$
"""


def config(service: str) -> Config:
    """Alembic's configuration for one service: its own versions, version table and schema."""
    made = Config()
    made.set_main_option("script_location", str(ROOT / "shared" / "migrations").replace("%", "%%"))
    made.set_main_option("version_locations", str(ROOT / "services" / service / "migrations").replace("%", "%%"))
    made.set_main_option("path_separator", "newline")
    made.attributes["service"] = service
    made.attributes["url"] = settings().owner_url.replace("postgresql://", "postgresql+psycopg://", 1)
    return made


def metadata_of(service: str) -> MetaData:
    """The tables that the service's code declares, for comparing them with its migrations."""
    found: MetaData = importlib.import_module(f"services.{service}.tables").metadata
    return found


def script_of(service: str) -> ScriptDirectory:
    """The service's migrations in this version of the program."""
    return ScriptDirectory.from_config(config(service))


def known(service: str) -> set[str]:
    """The names of the service's migrations in this version of the program."""
    return {revision.revision for revision in script_of(service).walk_revisions()}


def migrate(services: Sequence[str] = SERVICES) -> None:
    """Makes roles and schemas where absent and brings every service's schema to its newest migration.

    OtherSchema, before anything is changed, where a schema was made by other migrations than those of this version. Only one process migrates at a time; the others wait for it.
    """
    with psycopg.connect(settings().owner_url, autocommit=True, connect_timeout=5) as connection:
        connection.execute("select pg_advisory_lock(%s)", (LOCK,))
        scripts = {service: script_of(service) for service in services}
        for service, script in scripts.items():
            check_origin(connection, service, script)
        provision(connection, settings())
        for service, script in scripts.items():
            command.upgrade(config(service), "head")
            keep_origin(connection, service, script)
            _append_only(connection, service)


def provision(connection: psycopg.Connection[tuple[object, ...]], current: Settings) -> None:
    """Roles with their passwords and limits, schemas, and rights by default for later tables."""
    database = sql.Identifier(connection.info.dbname)
    connection.execute(sql.SQL("revoke all on database {} from public").format(database))
    connection.execute("revoke all on schema public from public")
    for service in current.database_passwords:
        _provision_service(connection, service, current.database_passwords[service].get_secret_value())
    connection.execute("create schema if not exists access")
    connection.execute(
        "alter default privileges in schema access grant select, insert, update, delete on tables to ses_ingest"
    )
    connection.execute("alter default privileges in schema access grant usage on sequences to ses_ingest")
    for service in current.database_passwords:
        connection.execute(sql.SQL("grant usage on schema access to {}").format(sql.Identifier(f"ses_{service}")))


def _provision_service(connection: psycopg.Connection[tuple[object, ...]], service: str, password: str) -> None:
    role, schema = sql.Identifier(f"ses_{service}"), sql.Identifier(service)
    if not connection.execute("select 1 from pg_roles where rolname = %s", (f"ses_{service}",)).fetchone():
        connection.execute(sql.SQL("create role {} login nosuperuser nocreatedb nocreaterole").format(role))
    connection.execute(sql.SQL("alter role {} password {}").format(role, sql.Literal(password)))
    for name, value in _ROLE_SETTINGS.items():
        connection.execute(sql.SQL("alter role {} set {} = {}").format(role, sql.SQL(name), sql.Literal(value)))
    connection.execute(sql.SQL("alter role {} set search_path = {}").format(role, schema))
    connection.execute(sql.SQL("create schema if not exists {}").format(schema))
    database = sql.Identifier(connection.info.dbname)
    connection.execute(sql.SQL("grant connect, temporary on database {} to {}").format(database, role))
    connection.execute(sql.SQL("grant usage on schema {} to {}").format(schema, role))
    defaults = sql.SQL("alter default privileges in schema {} grant {} to {}")
    for rights in ("select, insert, update, delete on tables", "usage on sequences"):
        connection.execute(defaults.format(schema, sql.SQL(rights), role))
    # Made here and not by a migration: the comparison of tables and migrations does not see sequences.
    versions = sql.Identifier(service, "event_version")
    connection.execute(sql.SQL("create sequence if not exists {}").format(versions))


def _append_only(connection: psycopg.Connection[tuple[object, ...]], service: str) -> None:
    table, role = sql.Identifier(service, "audit"), sql.Identifier(f"ses_{service}")
    connection.execute(sql.SQL("revoke update, delete, truncate on {} from {}").format(table, role))
    purge, schema = sql.Identifier(service, "purge_audit"), sql.Identifier(service)
    least = sql.Literal(AUDIT_DAYS_LEAST)
    connection.execute(sql.SQL(_PURGE_AUDIT).format(purge=purge, schema=schema, least=least))
    connection.execute(sql.SQL("revoke all on function {} from public").format(purge))
    connection.execute(sql.SQL("grant execute on function {} to {}").format(purge, role))
