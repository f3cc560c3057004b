"""Writes a migration from the tables: `python -m deploy.migration SERVICE NAME`, or `make migration SERVICE=... NAME=...`."""

import os
import re
import subprocess
import sys
import tempfile
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from alembic import command
from alembic.operations.ops import AddColumnOp, MigrationScript, ModifyTableOps
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Column, DefaultClause, literal, make_url, text

from deploy.embedded.installation import running
from deploy.setup import remove_data
from shared.migrations import config, migrate, script_of
from shared.settings import SERVICES, settings

ROOT = Path(__file__).parent.parent


class MigrationRefused(Exception):
    """There is nothing to write, or it cannot be named so; the text says why and what to do."""


def write_migration(service: str, name: str, day: date, folder: Path | None = None) -> Path:
    """What leads from the newest migration to the tables as the code declares them; answers the new file.

    The settings must lead to a database that has the newest migrations. `folder`: instead of the service's own.
    """
    if service not in SERVICES:
        raise MigrationRefused(f"{service!r} is not a service; there are {', '.join(SERVICES)}.")
    if not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", name):
        raise MigrationRefused(f"{name!r} does not say what it adds in small letters, such as goal_of_a_school.")
    version = f"{day:%Y_%m_%d}_{name}"
    made = config(service)
    target = folder or ROOT / "services" / service / "migrations"
    if folder:
        locations = f"{made.get_main_option('version_locations')}\n{folder}"
        made.set_main_option("version_locations", locations.replace("%", "%%"))
    made.set_main_option("file_template", "%%(rev)s")
    written = command.revision(
        made, name.replace("_", " ").capitalize(), autogenerate=True, rev_id=version, head="head",
        version_path=str(target), process_revision_directives=_complete,
    )  # fmt: skip
    path = target / f"{version}.py"
    assert written is not None and path.exists()
    for tidy in (("check", "--fix", "--select", "F401"), ("format",)):
        subprocess.run([sys.executable, "-m", "ruff", *tidy, "-q", str(path)], check=False)
    return path


def _complete(_context: MigrationContext, _revision: object, directives: list[MigrationScript]) -> None:
    """Refuses to write a migration that does nothing, and gives new columns a value in the rows that are there."""
    operations = directives[0].upgrade_ops
    if operations is None or operations.is_empty():
        raise MigrationRefused("The tables are as the migrations make them: change services/SERVICE/tables first.")
    for table in operations.ops:
        for change in table.ops if isinstance(table, ModifyTableOps) else ():
            if isinstance(change, AddColumnOp):
                _fill_old_rows(change.column)


def _fill_old_rows(column: Column[Any]) -> None:
    """A column that may not be empty takes the default of its field, such as "" or false, as the database's too."""
    field_default = getattr(column.default, "arg", None)
    if not column.nullable and column.server_default is None and isinstance(field_default, str | int | Decimal):
        dialect = make_url("postgresql+psycopg://").get_dialect()()
        value = literal(field_default, column.type).compile(dialect=dialect, compile_kwargs={"literal_binds": True})
        column.server_default = DefaultClause(text(str(value)))


def main(service: str, name: str) -> None:
    """On a database of its own, which is gone afterwards."""
    data = Path(tempfile.mkdtemp(prefix="ses-migration-"))
    try:
        with running(data, "test", {}) as servers:
            os.environ.update(servers.env)
            settings.cache_clear()
            migrate()
            path = write_migration(service, name, date.today())
    except MigrationRefused as error:
        sys.exit(str(error))
    finally:
        remove_data(data)
    head = script_of(service).get_current_head()
    print(
        f"{path.relative_to(ROOT)}: read it, and run `make test ARGS=tests/shared/test_migrations.py`. Newest: {head}."
    )


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: make migration SERVICE=notify NAME=what_it_adds")
    main(sys.argv[1], sys.argv[2])
