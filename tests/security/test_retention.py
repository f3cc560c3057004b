"""What is kept too long goes: first counted, then removed, and the figures stay."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from deploy.cli import purged
from services.ingest.actions.kept_files import purge_files
from services.sesr.tasks import purge_names
from shared.access import issue_token
from shared.db import transaction
from shared.privacy.inventory import INVENTORY
from shared.settings import SERVICES, settings
from tests.files import extraction, guide_rows
from tests.people import api_of, browser_of
from tests.sesr.world import ALDER, body, hold, load_schools, open_incident

pytestmark = pytest.mark.usefixtures("clean")
NONE = [
    "0 unfinished sign-ins removed",
    "0 ended sessions removed",
    "0 expired and revoked tokens removed",
    "0 roles that nobody confirmed removed",
    "0 programs without a token removed",
    "0 people without a role removed",
    "0 files of uploads removed",
    "0 names and phones in strike reports removed",
    "0 reports held for the desk removed",
    "0 events and jobs done removed",
    *(f"0 {kept.table} removed" for service in SERVICES for kept in INVENTORY if kept.schema == service and kept.days),
]


def age_everything() -> None:
    with transaction("ingest") as session:
        session.execute(text("update access.session set expires_at = now() - interval '91 days'"))
        session.execute(text("delete from access.role_grant where person_id = 'desk@lausd.example'"))
        session.execute(text(
            "insert into access.role_request(person_id, role, maker_id, requested_at)"
            " values ('central@lausd.example', 'desk', 'ops@lausd.example', now() - interval '91 days')"
        ))  # fmt: skip
        session.execute(text("update upload set uploaded_at = now() - interval '401 days'"))
    with transaction("sesr") as session:
        for table in ("report", "held_report"):
            session.execute(text(f"update {table} set received_at = now() - interval '401 days'"))
    with transaction("rates") as session:
        session.execute(text(
            "insert into inbox(event_id, publisher, topic, key, version, payload, state, done_at)"
            " values (gen_random_uuid(), 'x', 't', 'k', 1, '{}', 'done', now() - interval '121 days')"
        ))  # fmt: skip


def test_nothing_that_is_still_needed_goes() -> None:
    browser_of("central")
    issue_token("ops")
    assert purged(None, now=True) == NONE


def test_a_dry_run_counts_what_the_purge_then_removes() -> None:
    load_schools()
    open_incident()
    sent = {**body(), "commander": "Quillfeather", "cell": "310-555-0187"}
    assert api_of("principal").post("/sesr/api/v1/reports", json=sent).status_code == 201
    old = {"file": ("old.xlsx", extraction(guide_rows()))}
    assert api_of("central").post("/ingest/api/v1/uploads?kind=participation", files=old).status_code == 201
    issue_token("ops", lasts=timedelta(days=-91))
    hold(ALDER)
    age_everything()
    planned = purged(None, now=False)
    assert planned == purged(None, now=False), "a dry run changed something"
    assert [line.replace("would be removed", "removed") for line in planned] == purged(None, now=True)
    assert [int(line.split()[0]) for line in planned][2 : 2 + 8] == [1] * 8
    assert purged(None, now=True) == NONE
    with transaction("sesr") as session:
        row = session.execute(text("select commander, cell, counts from report")).one()
        assert (row.commander, row.cell, row.counts["students_present"]) == ("", "", 310)
        assert session.execute(text("select count(*) from audit where action = 'purge'")).scalar_one() == 1
    assert api_of("central").get("/ingest/api/v1/audit", params={"q": "purge"}).json()["audit"]


def test_the_file_of_an_old_settled_upload_goes_and_its_report_stays() -> None:
    api = api_of("central")
    ids = []
    for name, on in (("old.xlsx", "2025-02-21"), ("new.xlsx", "2025-02-28")):
        rows = [list(row) for row in guide_rows(on)]
        answer = api.post("/ingest/api/v1/uploads?kind=participation", files={"file": (name, extraction(rows))})
        ids.append(answer.json()["upload_id"])
    with transaction("ingest") as session:
        session.execute(
            text("update upload set uploaded_at = now() - interval '401 days' where file_name = 'old.xlsx'")
        )
        assert purge_files(session, settings().upload_days) == 1
    with transaction("ingest") as session:
        assert [str(row.upload_id) for row in session.execute(text("select upload_id from upload_file"))] == [ids[1]]
        detail = session.execute(text("select detail from audit where object = 'upload files'")).scalar_one()
    assert (detail["days"], detail["files"]) == (400, 1)
    assert api.get(f"/ingest/api/v1/uploads/{ids[0]}").status_code == 200


def test_names_in_strike_reports_go_by_themselves_after_the_days_of_the_setting() -> None:
    load_schools()
    open_incident()
    for days in (399, 401):
        sent = {**body(), "commander": f"Quillfeather {days}"}
        assert api_of("principal").post("/sesr/api/v1/reports", json=sent).status_code == 201
        with transaction("sesr") as session:
            aged = text("update report set received_at = now() - make_interval(days => :days) where report_id = :id")
            session.execute(aged, {"days": days, "id": sent["report_id"]})
    with transaction("sesr") as session:
        purge_names(session)
        kept = session.execute(text("select commander from report order by received_at")).scalars().all()
    assert kept == ["", "Quillfeather 399"]


def test_the_command_keeps_files_and_names_for_the_days_of_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    load_schools()
    open_incident()
    assert api_of("principal").post("/sesr/api/v1/reports", json={**body(), "cell": "310-555-0187"}).status_code == 201
    old = {"file": ("old.xlsx", extraction(guide_rows()))}
    assert api_of("central").post("/ingest/api/v1/uploads?kind=participation", files=old).status_code == 201
    age_everything()
    for days, removed in ((500, "0"), (300, "1")):
        monkeypatch.setattr(settings(), "upload_days", days)
        monkeypatch.setattr(settings(), "strike_name_days", days)
        told = {line.partition(" ")[2]: line.partition(" ")[0] for line in purged(None, now=False)}
        assert told["files of uploads would be removed"] == removed
        assert told["names and phones in strike reports would be removed"] == removed
