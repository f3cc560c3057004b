"""The migrations make exactly the tables that the code declares, each service in its own schema."""

import pytest
from alembic import command
from alembic.script import ScriptDirectory

from deploy.embedded.installation import Servers
from shared.migrations import config, migrate
from shared.settings import SERVICES
from tests.stack import owner


@pytest.mark.parametrize("service", SERVICES)
def test_the_tables_are_those_that_the_code_declares(service: str, stack_servers: Servers) -> None:
    command.check(config(service))


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_has_one_line_of_migrations(service: str) -> None:
    script = ScriptDirectory.from_config(config(service))
    assert len(script.get_heads()) == 1
    assert all(revision.revision in (revision.path or "") for revision in script.walk_revisions())


def test_migrating_again_changes_nothing(stack_servers: Servers) -> None:
    versions = "select version_num from rates.alembic_version"
    with owner() as connection:
        before = connection.execute(versions).fetchall()
        migrate()
        assert connection.execute(versions).fetchall() == before


def test_nothing_is_made_outside_the_schemas(stack_servers: Servers) -> None:
    query = "select tablename from pg_tables where schemaname = 'public'"
    with owner() as connection:
        assert connection.execute(query).fetchall() == []
