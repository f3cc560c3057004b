"""By which migrations a schema was made: a digest of their code, kept as the comment of its version table.

A migration that was edited after it was applied would go unnoticed until a page fails: its name is still the same.
"""

import ast
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
from alembic.script import ScriptDirectory
from psycopg import sql
from psycopg.rows import scalar_row


class OtherSchema(Exception):
    """The tables were made by other migrations than this version has; the text says whose and what to do."""


def digest_of(script: ScriptDirectory, version: str) -> str:
    """Of the code of all migrations that lead to a version; docstrings, comments and layout do not count."""
    whole = hashlib.sha256()
    for path in _path_to(script, version):
        whole.update(ast.dump(_without_docstring(ast.parse(path.read_text()))).encode())
    return whole.hexdigest()


def check_origin(connection: psycopg.Connection[Any], service: str, script: ScriptDirectory) -> None:
    """OtherSchema unless the schema is new or was made by the migrations of this version; changes nothing."""
    found = connection.execute(
        "select c.oid from pg_class c where c.oid = to_regclass(%s)", (f"{service}.alembic_version",)
    ).fetchone()
    if found is None:
        return
    table = sql.SQL("select version_num from {}").format(sql.Identifier(service, "alembic_version"))
    for (version,) in connection.execute(table).fetchall():
        noted = connection.cursor(row_factory=scalar_row).execute("select obj_description(%s, 'pg_class')", found)
        if not is_made_by(script, version, noted.fetchone()):
            raise OtherSchema(sentence(service, version))


def is_made_by(script: ScriptDirectory, version: str, digest: str | None) -> bool:
    """Whether this version of the program has the migrations that a digest stands for."""
    known = {revision.revision for revision in script.walk_revisions()}
    return version in known and digest == digest_of(script, version)


def keep_origin(connection: psycopg.Connection[Any], service: str, script: ScriptDirectory) -> None:
    """Notes by which migrations the schema was made, after they were run."""
    version = script.get_current_head() or ""
    connection.execute(
        sql.SQL("comment on table {} is {}").format(
            sql.Identifier(service, "alembic_version"), sql.Literal(digest_of(script, version))
        )
    )


def sentence(service: str, version: str) -> str:
    """What happened, and what can be done."""
    return (
        f"The tables of {service} were made by other migrations than this version has (there: {version}). Nothing was "
        "changed. Before 1.0.0 there is no way from one to the other: go back to the version that made them, or start "
        "on other data with SES_DATA=FOLDER; `make clean` removes the data that are there."
    )


def _path_to(script: ScriptDirectory, version: str) -> Iterator[Path]:
    return (Path(str(revision.path)) for revision in script.iterate_revisions(version, "base"))


def _without_docstring(module: ast.Module) -> ast.Module:
    if ast.get_docstring(module) is not None:
        module.body = module.body[1:]
    return module
