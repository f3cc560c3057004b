"""Phone numbers and secrets stay where they belong: in no log, no queue, no other service's schema, no metric."""

import inspect
import json
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
import redis
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from shared.access import issue_token
from shared.db import transaction
from shared.events import EVENTS
from shared.events.notify import AliasResolved
from shared.ops.logs import without_private
from shared.settings import SERVICES, settings
from tests.people import api_of, browser_of
from tests.sesr.world import ALDER, body, load_schools, open_incident
from tests.stack import ROOT, Programs, deliver, owner

CELL, NAME = "310-555-0187", "Quillfeather"


def logged(program: str) -> str:
    """What a program writes to its log."""
    start = "from shared.ops.logs import set_up_logs; import structlog, logging; set_up_logs('probe'); "
    run = subprocess.run([sys.executable, "-c", start + program], cwd=ROOT, capture_output=True, text=True, check=True)
    return run.stderr


@pytest.mark.parametrize(
    "number", ["310-555-0187", "(310) 555-0187", "310.555.0187", "+1 310 555 0187", "1-310-555-0187", "(310)555-0187"]
)
def test_a_phone_number_is_masked_however_it_is_written(number: str) -> None:
    assert without_private(f"call {number} now") == "call [phone] now"


@pytest.mark.parametrize("kept", ["2025-02-21 10:00", "1400101", "-43384004", "0123-4567-890123", "192.168.100.2000"])
def test_what_is_no_phone_number_is_kept(kept: str) -> None:
    assert without_private(kept) == kept


def test_a_log_line_cannot_be_forged_and_has_neither_number_nor_password() -> None:
    out = logged(
        "structlog.get_logger().info('said', words='a\\n{\"event\": \"forged\"}', phone='310-555-0187');"
        "logging.getLogger('x').error('no way in: %s', 'postgresql://ses:hunter2@db/ses');"
        "logging.getLogger('authlib').debug('code_verifier abc')"
    )
    lines = [json.loads(line) for line in out.splitlines()]
    assert [line["event"] for line in lines] == ["said", "no way in: postgresql://ses:***@db/ses"]
    assert "310-555" not in out and "hunter2" not in out and "code_verifier" not in out


@pytest.mark.usefixtures("clean")
def test_an_error_of_the_database_does_not_tell_the_values() -> None:
    with pytest.raises(IntegrityError) as failed, transaction("ingest") as session:
        for _ in range(2):
            session.execute(
                text("insert into access.person(person_id, name, email) values (:id, :name, 'x')"),
                {"id": "twice", "name": NAME},
            )
    assert NAME not in str(failed.value)


def test_the_settings_do_not_show_their_secrets() -> None:
    chosen = settings()
    secrets = [value.get_secret_value() for value in (*chosen.database_passwords.values(), chosen.link_key)]
    assert all(secrets)
    assert not any(secret in repr(chosen) or secret in str(chosen.model_dump()) for secret in secrets)


def everywhere_but_sesr(word: str) -> list[str]:
    """The tables of other schemas in which the word stands."""
    with owner() as connection:
        tables = connection.execute(
            "select format('%%I.%%I', schemaname, tablename) from pg_tables where schemaname = any(%s)",
            ([*(service for service in SERVICES if service != "sesr"), "access"],),
        ).fetchall()
        return [
            name
            for (name,) in tables
            if connection.execute(f"select 1 from {name} t where cast(t as text) like %s limit 1".encode(), (f"%{word}%",))
            .fetchone()
        ]  # fmt: skip


def test_the_phone_number_of_a_report_is_in_sesrs_own_tables_and_nowhere_else(stack: Programs, tmp_path: Path) -> None:
    load_schools()
    open_incident()
    report = {**body(school_key=ALDER), "commander": NAME, "cell": CELL}
    assert api_of("principal").post("/sesr/api/v1/reports", json=report).status_code == 201
    deliver()
    with owner() as connection:
        kept = connection.execute("select count(*) from sesr.report t where cast(t as text) like %s", (f"%{NAME}%",))
        assert kept.fetchone() == (1,)
        said = connection.execute("select coalesce(string_agg(payload, ' '), '') from sesr.outbox_event")
        payloads = str(said.fetchone())
    assert everywhere_but_sesr(CELL) == [] and everywhere_but_sesr(NAME) == []
    digits = CELL.replace("-", "")
    assert not any(word in payloads for word in (CELL, digits, NAME))
    logs = "".join(path.read_text() for path in tmp_path.glob("*.log"))
    assert logs and not any(word in logs for word in (CELL, digits, NAME))
    with redis.Redis.from_url(settings().redis_url_of("sesr")) as client:
        assert not any(word.encode() in piece for word in (CELL, NAME) for piece in client.lrange("sesr.events", 0, -1))


@pytest.mark.usefixtures("clean")
def test_a_token_in_an_address_is_in_no_log_line(capfd: pytest.CaptureFixture[str]) -> None:
    token = issue_token("central")
    api_of(None).get("/rates/", params={"access_token": token}, headers={"authorization": f"Bearer {token}"})
    told = capfd.readouterr()
    assert token not in told.out + told.err


@pytest.mark.usefixtures("clean")
@pytest.mark.parametrize("path", ["/access/people/{}", "/notify/answer/{}", "/notify/answer/{}/more", "/{}"])
def test_what_is_filled_into_a_path_is_in_no_log_line(path: str, capfd: pytest.CaptureFixture[str]) -> None:
    secret = "quillfeather@lausd.example"
    browser_of("ops").get(path.format(secret))
    told = capfd.readouterr()
    assert secret not in told.out + told.err


def test_a_text_of_any_length_is_masked_quickly_and_cut_with_a_word() -> None:
    started = time.process_time()
    assert without_private("://a:" * 20_000).endswith("(80000 more characters)")
    assert without_private("a redis://user:secret@host b ://x:y c") == "a redis://user:***@host b ://x:y c"
    assert time.process_time() - started < 0.2


@pytest.mark.usefixtures("clean")
def test_an_address_that_is_too_long_is_refused_before_anything_reads_it() -> None:
    answer = api_of(None).get("/healthz?" + "a" * 20_000)
    assert (answer.status_code, "address is longer" in answer.json()["detail"]) == (414, True)


# What an event's key may be made of: keys stand in Flower, in logs and in the list of parked events.
KEY_PARTS = {
    "term",
    "extraction_date",
    "group",
    "reply_id",
    "upload_id",
    "part",
    "table",
    "report_id",
    "mails[0].mail_id",
}


@pytest.mark.parametrize("topic", sorted(EVENTS))
def test_the_key_of_an_event_names_nobody(topic: str) -> None:
    written = inspect.getsource(vars(EVENTS[topic])["key"].fget)
    if topic == "notify.alias_resolved":
        event = AliasResolved(alias="Quillfeather, Ada", person_id="ada@lausd.example", matched_by="ines@x", revision=1)
        assert not {"quillfeather", "ada", "ines"} & set(re.findall(r"[a-z]+", event.key.lower()))
        assert event.key == event.model_copy(update={"revision": 2}).key
        assert event.key != event.model_copy(update={"alias": "Quillfeather, Ida"}).key
        return
    assert set(re.findall(r"self\.([\w.\[\]]+)", written)) <= KEY_PARTS
