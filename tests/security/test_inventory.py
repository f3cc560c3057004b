"""Every column of every table is in the inventory of personal data or is known to hold none; purge and forget follow it."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import text
from typer.testing import CliRunner

from deploy.cli import app as cli
from shared.access import audit, issue_token, keep_person
from shared.access.tokens import create_token
from shared.db import transaction
from shared.privacy.inventory import INVENTORY
from shared.privacy.purge import forget, purge_personal
from shared.settings import SERVICES
from tests.people import api_of
from tests.stack import owner

ROOT = Path(__file__).parent.parent.parent
# A column of one of these names, or that ends in one, may hold a person: it has to be in the inventory.
PERSONAL = re.compile(
    r"(^|_)(person_id|email|name|author|by|director|director_key|principal|commander|cell|landline|phone|note|notes|reason"
    r"|words|body|html|plan|rcpt|alias|aliases|spelling|spellings|address|payload|detail|actor|object|content|subject|key)$"
)
# Of those names these hold no person: of schools, files, jobs, measures and events.
OTHERS = {
    "access.login": {"browser_hash"}, "ingest.school": {"name", "name_key"}, "ingest.delivery_step": {"detail"},
    "rates.school": {"name"}, "rates.day_off": {"name"}, "sesr.school": {"name"}, "sesr.incident": {"name"}, "sesr.public_release": {"name"},
    "tracker.school": {"name"}, "tracker.item": {"aliases"}, "notify.mail": {"subject", "dedupe_key"},
    "tracker.lcap_check": {"key"}, "tracker.lcap_measure": {"key", "goal_name"}, "notify.snooze": {"director_key"},
    "notify.acknowledgement": {"director_key"}, "tracker.book_part": {"content"}, "tracker.lcap_goal": {"name"},
    "tracker.lcap_load": {"table_name", "file_name"}, "tracker.lcap_row": {"content"}, "tracker.lcap_value": {"words"},
    "tracker.lcap_version": {"table_name", "file_name"}, "tracker.period": {"aliases"}, "tracker.strategic_plan": {"name"}, "notify.digest": {"reason"},
}  # fmt: skip
# Columns that could hold anything, and hold hashes, figures and what was found wrong with money and measures.
FIGURES = {
    "access.session": {"token_hash"}, "access.token": {"token_hash"}, "access.login": {"state_hash", "browser_hash"},
    "ingest.upload": {"sha256", "counts", "difference", "parts"}, "ingest.survey_result": {"item_key", "period_key"},
    "ingest.replaced_result": {"item_key", "period_key"}, "ingest.plan_words": {"plans"},
    "tracker.lcap_check": {"given"}, "tracker.lcap_version": {"unread", "warnings"},
    "tracker.lcap_action": {"funds", "details"}, "tracker.lcap_carryover": {"amounts"},
    "rates.day_off_change": {"before", "after"}, "sesr.current_report": {"counts", "flags"}, "sesr.public_release": {"figures"},
    "sesr.recorded": {"counts", "flags"}, "sesr.report": {"counts", "flags"},
}  # fmt: skip
KEYS = {"school_key", "job.name", "job_log.name", "group_name"}


def columns() -> dict[str, dict[str, str]]:
    with owner() as connection:
        rows = connection.execute(
            "select c.table_schema || '.' || c.table_name, c.column_name,"
            " case c.data_type when 'ARRAY' then c.udt_name else c.data_type end from information_schema.columns c"
            " join information_schema.tables t using (table_schema, table_name)"
            " where t.table_type = 'BASE TABLE' and c.table_schema = any(%s)",
            ([*SERVICES, "access"],),
        ).fetchall()
    found: dict[str, dict[str, str]] = {}
    for table, column, kind in rows:
        found.setdefault(table, {})[column] = kind
    return found


@pytest.mark.usefixtures("stack_servers")
def test_the_inventory_names_every_column_that_may_hold_a_person() -> None:
    listed: dict[str, set[str]] = {}
    for kept in INVENTORY:
        listed.setdefault(kept.table, set()).update(kept.columns)
    missing = []
    for table, kinds in columns().items():
        for column, kind in kinds.items():
            whole = kind in ("jsonb", "bytea")  # may hold anything: each is listed, or known to hold no person
            texts = kind in ("text", "character varying", "jsonb", "_text", "bytea")
            known = column in listed.get(table, set()) | OTHERS.get(table, set()) | FIGURES.get(table, set()) | KEYS
            machinery = table.rpartition(".")[2] in ("job", "job_log", "loop_beat", "alembic_version")
            if texts and not known and not machinery and (whole or PERSONAL.search(column)):
                missing.append(f"{table}.{column}")
    assert missing == []


@pytest.mark.usefixtures("stack_servers")
def test_every_entry_of_the_inventory_is_a_column_and_its_age_too() -> None:
    found = columns()
    wrong = [f"{kept.table}.{name}" for kept in INVENTORY for name in kept.columns if name not in found[kept.table]]
    assert wrong + [kept.table for kept in INVENTORY if kept.days and kept.age not in found[kept.table]] == []


@pytest.mark.usefixtures("clean")
@pytest.mark.parametrize("service", SERVICES)
def test_the_nightly_purge_of_each_service_runs_with_its_own_rights(service: str) -> None:
    with transaction(service) as session:
        counts = purge_personal(session, service)
    assert set(counts) == {kept.table for kept in INVENTORY if kept.schema == service and kept.days}


def fill(connection: psycopg.Connection[Any], table: str, kinds: dict[str, str], word: str) -> None:
    """One row in which every personal column has the word and every moment is long past; no other rule of the table holds."""
    values: list[Any] = []
    personal = {name for kept in INVENTORY if kept.table == table for name in kept.columns}
    given = word
    for column, kind in kinds.items():
        word = given if column in personal else "x"
        values.append({
            "text": sql.Literal(word), "character varying": sql.Literal(word), "jsonb": sql.Literal(f'["{word}"]'),
            "_text": sql.SQL("array[{}]").format(sql.Literal(word)), "bytea": sql.SQL("'\\x00'::bytea"),
            "timestamp with time zone": sql.SQL("now() - interval '10 years'"), "date": sql.SQL("date '2016-01-01'"),
            "uuid": sql.SQL("gen_random_uuid()"), "_numeric": sql.SQL("'{}'"), "_uuid": sql.SQL("'{}'"), "_int4": sql.SQL("'{}'"),
            "tstzmultirange": sql.SQL("'{}'"), "_timestamptz": sql.SQL("'{}'"), "_date": sql.SQL("'{}'"), "_time": sql.SQL("'{}'"), "boolean": sql.SQL("false"),
        }.get(kind, sql.SQL("1")))  # fmt: skip
    place = sql.Identifier(*table.split("."))
    names = sql.SQL(", ").join(map(sql.Identifier, kinds))
    connection.execute(
        sql.SQL("insert into {} ({}) overriding system value values ({})").format(
            place, names, sql.SQL(", ").join(values)
        )
    )


def filled(connection: psycopg.Connection[Any], word: str) -> dict[str, dict[str, str]]:
    """A row in every table of the inventory that can be filled so; their columns."""
    found = columns()
    connection.execute("set session_replication_role = replica")
    done = {}
    for table in {kept.table for kept in INVENTORY}:
        kinds = {name: kind for name, kind in found[table].items()}
        with connection.transaction():
            for (name,) in connection.execute(
                "select conname from pg_constraint where conrelid = %s::regclass and contype = 'c'", (table,)
            ).fetchall():
                connection.execute(
                    sql.SQL("alter table {} drop constraint {}").format(
                        sql.Identifier(*table.split(".")), sql.Identifier(name)
                    )
                )
            fill(connection, table, kinds, word)
        done[table] = kinds
    return done


@pytest.mark.usefixtures("clean")
def test_a_person_who_is_forgotten_stands_in_no_column_of_the_inventory() -> None:
    """In one transaction that is taken back, with the tables' own rules set aside."""
    word = "quill.feather@lausd.example"
    with owner() as connection:
        connection.autocommit = False
        tables = filled(connection, word)
        counts = forget(connection, word)
        assert len(counts) > 50
        left = []
        for table in tables:
            query = sql.SQL("select count(*) from {} t where cast(t as text) like {}").format(
                sql.Identifier(*table.split(".")), sql.Literal(f"%{word}%")
            )
            if connection.execute(query).fetchone() != (0,):
                left.append(table)
        connection.rollback()
    published = {kept.table for kept in INVENTORY if kept.what.endswith("as published")}
    assert set(left) - published == set()


@pytest.mark.usefixtures("clean")
def test_the_command_forgets_a_person_and_a_dry_run_only_counts() -> None:
    email = "desk@lausd.example"
    token = issue_token("desk", email)
    with transaction("ingest") as session:
        audit(session, f"{email} as desk", "did", "Brandt, Uwe", {"by": email.upper()})
        create_token(session, "of a program", "central", [], timedelta(days=1), f"{email} as ops", email)
    run = CliRunner().invoke
    for words, done in (((), False), (("--now",), True)):
        ran = run(cli, ["forget", email, *words])
        assert ran.exit_code == 0, ran.output
        assert ("rows of access.person changed" in ran.output) == done
        assert ("rows of access.person would be changed" in ran.output) != done
        with transaction("ingest") as session:
            people = session.execute(
                text("select count(*) from access.person where email = :e"), {"e": email}
            ).scalar_one()
            rows = "".join(session.execute(text("select cast(a as text) from audit a")).scalars())
        assert people == (0 if done else 1)
        assert (email in rows.lower() or "Brandt, Uwe" in rows) != done
    with transaction("ingest") as session:
        kept = session.execute(text("select cast(t as text) from access.token t")).scalar_one()
    assert "of a program" in kept and email not in kept
    assert api_of(None).get("/rates/api/v1/rates", headers={"authorization": f"Bearer {token}"}).status_code == 401
    assert "0 rows" not in run(cli, ["forget", email]).output
    assert run(cli, ["forget", "no address"]).exit_code == 2


# Who is forgotten, and what stands elsewhere and is not theirs.
ANA, NAME = "ana@lausd.example", "Ruiz, Ana"
OTHERS_WORDS = (
    "juana@lausd.example", "ana@lausd.example.org", "x.ana@lausd.example", "o'ana@lausd.example", "Ruiz, Anabel",
    "Cruz-Ruiz, Ana", "Ruiz, Ana-Sofia", "McRuiz, Ana", "Ruiz, Anaïs",
)  # fmt: skip
HER_WORDS = (
    "by ana@lausd.example.", "ANA@LAUSD.example as desk", "'ana@lausd.example'", "director:ana@lausd.example", "mailto:<ana@lausd.example>",
    "Ruiz, Ana", "RUIZ, ANA's school", "(Ruiz, Ana)", "the note of Ruiz, Ana.",
)  # fmt: skip


def noted() -> list[str]:
    with transaction("ingest") as session:
        return list(session.execute(text("select object from audit order by id")).scalars())


def note(*words: str, by: str = "tests") -> None:
    with transaction("ingest") as session:
        for each in words:
            audit(session, by, "note", each)


def keep(email: str, name: str) -> None:
    with transaction("ingest") as session:
        keep_person(session, email, name, email, "desk", ["E"])


@pytest.mark.usefixtures("clean")
def test_who_is_forgotten_takes_nothing_of_others_along() -> None:
    keep(ANA, NAME)
    note(*OTHERS_WORDS, *HER_WORDS)
    before = noted()
    assert CliRunner().invoke(cli, ["forget", ANA, "--now"]).exit_code == 0
    changed = [old for old, new in zip(before, noted(), strict=True) if old != new]
    assert changed == list(HER_WORDS)
    assert not any("ana@" in new.lower() or "ruiz" in new.lower() for new in noted()[len(OTHERS_WORDS) :])


@pytest.mark.usefixtures("clean")
@pytest.mark.parametrize("other", [NAME, "Ruiz, Ana Sofia"])
def test_a_name_that_another_person_has_too_stays_where_the_address_does_not_stand(other: str) -> None:
    keep(ANA, NAME)
    keep("ana.ruiz2@lausd.example", other)
    note(NAME)
    note(NAME, by=ANA)
    ran = CliRunner().invoke(cli, ["forget", ANA, "--now"])
    assert f"{NAME!r} is a name of others too" in ran.output
    assert noted()[0] == NAME and noted()[1] != NAME
    with transaction("ingest") as session:
        kept = session.execute(text("select name from access.person where email like 'ana%'")).scalars().all()
    assert kept == [other]
