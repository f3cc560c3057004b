"""The migrations make exactly the tables that the code declares, each service in its own schema."""

import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Boolean, Column, Text

from deploy.embedded.installation import Servers
from deploy.migration import MigrationRefused, write_migration
from shared.migrations import config, metadata_of, migrate, script_of
from shared.migrations.origin import OtherSchema, digest_of
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


def test_tables_of_other_migrations_are_noticed_named_and_left_as_they_are(stack_servers: Servers) -> None:
    """As after a first migration was edited in place: its name is the same, its code another."""
    comment = "select obj_description('notify.alembic_version'::regclass, 'pg_class')"
    with owner() as connection:
        (kept,) = connection.execute(comment).fetchone() or ("",)
        connection.execute("comment on table notify.alembic_version is 'of another day'")
        try:
            with pytest.raises(OtherSchema, match=r"tables of notify .* Nothing was changed.* SES_DATA=FOLDER"):
                migrate()
            assert connection.execute(comment).fetchone() == ("of another day",)
        finally:
            connection.execute(f"comment on table notify.alembic_version is '{kept}'".encode())
        migrate()


def test_a_version_that_nobody_knows_here_is_noticed_too(stack_servers: Servers) -> None:
    with owner() as connection:
        (kept,) = connection.execute("select version_num from sesr.alembic_version").fetchone() or ("",)
        connection.execute("update sesr.alembic_version set version_num = '2031_05_01_of_later'")
        try:
            with pytest.raises(OtherSchema, match=r"tables of sesr .*there: 2031_05_01_of_later"):
                migrate()
        finally:
            connection.execute("update sesr.alembic_version set version_num = %s", (kept,))


def test_the_digest_follows_the_code_of_a_migration_and_nothing_else(tmp_path: Path) -> None:
    def digest(code: str) -> str:
        (tmp_path / "2026_01_01_first.py").write_text(code)
        made = Config()
        made.set_main_option("script_location", str(tmp_path))
        made.set_main_option("version_locations", str(tmp_path))
        made.set_main_option("path_separator", "newline")
        return digest_of(ScriptDirectory.from_config(made), "2026_01_01_first")

    code = "revision = '2026_01_01_first'\ndown_revision = None\ndef upgrade():\n    x = 1\n"
    assert digest(code) == digest(f'"""Said otherwise."""\n# why\n{code}')
    assert digest(code) != digest(code.replace("x = 1", "x = 2"))


def test_a_migration_is_written_from_the_tables_after_the_newest_one(stack_servers: Servers, tmp_path: Path) -> None:
    table = metadata_of("rates").tables["rates.goal"]
    added: list[Column[Any]] = [
        Column("remark", Text, nullable=True),
        Column("shown", Boolean, nullable=False, default=True),
        Column("words", Text, nullable=False, default="it's"),
    ]
    for column in added:
        table.append_column(column)
    try:
        path = write_migration("rates", "remark_of_a_goal", date(2031, 5, 1), tmp_path)
    finally:
        for column in added:
            table._columns.remove(column)
    code = path.read_text()
    assert path.name == "2031_05_01_remark_of_a_goal.py"
    assert f'down_revision = "{script_of("rates").get_current_head()}"' in code
    assert 'op.add_column("goal", sa.Column("remark", sa.Text(), nullable=True), schema="rates")' in code
    filled = dict(re.findall(r'sa.Column\("(\w+)", [^)]*\), server_default=sa.text\("(.*?)"\), nullable=False', code))
    assert filled == {"shown": "true", "words": "'it''s'"}


@pytest.mark.parametrize(
    ("service", "name", "sentence"),
    [
        ("rates", "nothing_new", "change services/SERVICE/tables first"),
        ("rate", "remark", "is not a service; there are ingest"),
        ("rates", "Remark of a goal", "does not say what it adds"),
    ],
)
def test_a_migration_that_cannot_be_is_refused_with_what_to_do(
    service: str, name: str, sentence: str, stack_servers: Servers, tmp_path: Path
) -> None:
    with pytest.raises(MigrationRefused, match=sentence):
        write_migration(service, name, date(2031, 5, 1), tmp_path)
    assert list(tmp_path.glob("*.py")) == []
