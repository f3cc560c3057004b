"""Alembic's entry: runs one service's migrations in its own schema, as the owner of the schemas."""

from alembic import context
from sqlalchemy import create_engine, pool, text

from shared.migrations import metadata_of

config = context.config
service: str = config.attributes["service"]


def is_own(name: str | None, kind: str, _parents: object) -> bool:
    """Whether a schema of the database belongs to this service."""
    return kind != "schema" or name == service


def run() -> None:
    engine = create_engine(config.attributes["url"], poolclass=pool.NullPool)
    with engine.begin() as connection:
        connection.execute(text("set local lock_timeout = '5s'"))
        context.configure(
            connection=connection,
            target_metadata=metadata_of(service),
            version_table_schema=service,
            include_schemas=True,
            include_name=is_own,
            compare_server_default=False,
        )
        context.run_migrations()


run()
