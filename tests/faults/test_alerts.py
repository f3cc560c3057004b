"""The alert rules: right by promtool, each with a runbook, scraped and raised by a real Prometheus."""

import json
import re
import subprocess
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
import yaml

from deploy.embedded.servers import free_port
from shared.access import issue_token
from shared.settings import SERVICES, settings
from tests.browser.site import served
from tests.deploy.waiting import until
from tests.faults import disks
from tests.faults.test_parking import poison
from tests.notify.telling import FRISCH, row, tell, tell_directory
from tests.stack import bus_of, owner

ROOT = Path(__file__).parent.parent.parent
FOLDER = ROOT / "deploy" / "prometheus"
RULES = (FOLDER / "ses.rules.yml").read_text()
ALERTS = re.findall(r"alert: (\w+)", RULES)


def promtool(*arguments: str) -> str:
    ran = subprocess.run(["promtool", *arguments], capture_output=True, text=True, check=False, timeout=60)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout + ran.stderr


def test_the_configuration_and_the_rules_are_right() -> None:
    assert f"{len(ALERTS)} rules found" in promtool("check", "config", str(FOLDER / "prometheus.yml"))


def test_the_configuration_for_containers_asks_each_web_by_a_name_that_it_answers() -> None:
    promtool("check", "config", "--syntax-only", str(FOLDER / "containers.yml"))
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    answered = compose["x-settings"]["SES_ALLOWED_HOSTS"].split(",")
    jobs = {job["job_name"]: job for job in yaml.safe_load((FOLDER / "containers.yml").read_text())["scrape_configs"]}
    for service in SERVICES:
        job, host = jobs.pop(f"ses-{service}"), f"{service}-web"
        assert job["metrics_path"] == f"/{service}/metrics"
        assert job["static_configs"] == [{"targets": [f"{host}:8000"]}]
        assert host in compose["services"] and host in answered
    assert jobs == {}


def test_each_alert_fires_for_its_planted_figures_and_for_no_other() -> None:
    planted = ROOT / "tests" / "data" / "alerts_test.yml"
    assert set(re.findall(r"alertname: (\w+)\n", planted.read_text())) == set(ALERTS)
    promtool("test", "rules", str(planted))


def test_each_alert_has_a_runbook() -> None:
    runbooks = (ROOT / "docs" / "operations" / "alerts.md").read_text()
    assert re.findall(r"^## (\w+)$", runbooks, re.MULTILINE) == ALERTS
    assert re.findall(r"alerts\.md#(\w+)", RULES) == [name.lower() for name in ALERTS]


@pytest.fixture
def full_disk(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The data folder is on a disk without a free block."""
    with disks.small_disk(1) as disk:
        disks.fill(disk)
        monkeypatch.setattr(settings(), "data", str(disk))
        yield


@pytest.fixture
def failing_pages(clean: None) -> Iterator[None]:
    """Whoever looks at the table of rates meets a database that cannot read it: 503."""
    with owner() as connection:
        connection.execute(FAILING.encode())
        yield
        connection.execute("alter table rates.extraction disable row level security")
        connection.execute("drop policy failing on rates.extraction")
        connection.execute("drop function rates.failing")


FAILING = """
insert into rates.extraction(term, extraction_date, respondent_group, revision, upload_id, window_opens, window_closes, schools)
  values ('Sp25', '2025-02-21', 'parents', 1, gen_random_uuid(), '2025-02-01', '2025-03-01', 1);
create function rates.failing() returns boolean language plpgsql as
  $$ begin raise 'planted' using errcode = 'disk_full'; end $$;
create policy failing on rates.extraction using (rates.failing());
alter table rates.extraction enable row level security;
"""


def plant() -> None:
    """One fault for each alert about events and mails, and signs of life of everything else."""
    poison()
    bus_of("ingest")._receive(event_id="x", signature="forged")
    tell_directory()
    tell([row("Alder 4001", 10, 100), row("Birch 4002", 10, 100, FRISCH)])
    with owner() as connection:
        for service in SERVICES:
            connection.execute(
                f"insert into {service}.loop_beat(id, at) values ('loop', now()), ('relay', now())".encode()
            )
        for statement in PLANTED:
            assert connection.execute(statement.encode()).rowcount > 0, statement


PLANTED = (
    "update tracker.loop_beat set at = now() - interval '5 min' where id = 'relay'",
    "update sesr.loop_beat set at = now() - interval '5 min' where id = 'loop'",
    (
        "insert into sesr.inbox(event_id, publisher, topic, key, version, payload, received_at, next_at)"
        " values (gen_random_uuid(), 'x', 'x', 'x', 1, '{}', now() - interval '20 min', now() + interval '1 h')"
    ),
    (
        "with said as (insert into notify.outbox_event(topic, key, version, payload, created_at)"
        " values ('notify.digests_planned', 'x', 1, '{}', now() - interval '20 min') returning event_id)"
        " insert into notify.outbox_delivery(event_id, subscriber, state) select event_id, 'ingest', 'sent' from said"
    ),
    "update notify.mail set queued_at = now() - interval '2 h'",
    (
        "insert into ingest.audit(at, actor, action, object, detail)"
        " values (now() - interval '40 h', 'backup', 'backup made', '/backups/', '{}')"
    ),
    "update notify.mail set state = 'failed', queued_at = now() where mail_id = (select min(mail_id) from notify.mail)",
)
FIRED = {
    ("SesServiceDown", "ses-rates"), ("SesRelaySilent", "tracker"), ("SesWorkerStalled", "sesr"),
    ("SesEventsParked", "ingest"), ("SesEventsUnacknowledged", "notify"), ("SesEventsNotDone", "sesr"),
    ("SesMessagesRefused", "ingest"), ("SesMailsWaiting", "notify"), ("SesMailsRefused", "notify"),
    ("SesPagesFailing", "rates"), ("SesBackupOld", "ingest"), *{("SesDiskNearlyFull", service) for service in SERVICES},
}  # fmt: skip


def firing(port: int) -> set[tuple[str, str]]:
    """(alert, service or job) of all that fire."""
    labels = [alert["metric"] for alert in found(port, 'ALERTS{alertstate="firing"}')]
    return {(told["alertname"], told.get("service", told.get("job", ""))) for told in labels}


def fail_pages(address: str, number: int) -> None:
    for _ in range(number):
        answer = httpx2.get(f"{address}/rates/api/v1/rates", headers={"authorization": f"Bearer {issue_token('ops')}"})
        assert answer.status_code == 503, answer.text


@contextmanager
def prometheus(folder: Path, address: str) -> Iterator[int]:
    """A real Prometheus with the product's configuration and rules, in a hurry; the port of its API."""
    config = (FOLDER / "prometheus.yml").read_text().replace("127.0.0.1:8000", address.removeprefix("http://"))
    (folder / "prometheus.yml").write_text(config.replace("15s", "1s"))
    (folder / "ses.rules.yml").write_text(re.sub(r"for: \w+", "for: 0s", RULES))
    port = free_port()
    with subprocess.Popen(
        ["prometheus", f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data",
         f"--web.listen-address=127.0.0.1:{port}", "--web.enable-lifecycle"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    ) as server:  # fmt: skip
        try:
            yield port
        finally:
            server.terminate()


def test_a_real_prometheus_scrapes_the_five_services_and_raises_each_alert_for_its_planted_fault(
    clean: None, full_disk: None, failing_pages: None, tmp_path: Path
) -> None:
    plant()
    with served() as address, prometheus(tmp_path, address) as port:
        fail_pages(address, 1)
        until(lambda: len(found(port, 'up{job=~"ses-.*"} == 1')) == len(SERVICES), OSError, seconds=60)
        until(lambda: found(port, 'ses_requests_total{service="rates",status="503"}'), seconds=30)
        fail_pages(address, 10)
        down = ("SesServiceDown", "ses-rates")
        until(lambda: firing(port) == FIRED - {down}, seconds=60)
        config = tmp_path / "prometheus.yml"
        away = f"127.0.0.1:{free_port()}"
        config.write_text(
            config.read_text().replace(
                f'rates/metrics\n    static_configs: [{{targets: ["{address[7:]}',
                f'rates/metrics\n    static_configs: [{{targets: ["{away}',
            )
        )
        httpx2.post(f"http://127.0.0.1:{port}/-/reload").raise_for_status()
        until(lambda: down in firing(port), seconds=60)
        assert {name for name, _ in FIRED} == set(ALERTS)


def found(port: int, query: str) -> list[dict[str, Any]]:
    address = f"http://127.0.0.1:{port}/api/v1/query?{urllib.parse.urlencode({'query': query})}"
    with urllib.request.urlopen(address, timeout=5) as answer:
        result: list[dict[str, Any]] = json.load(answer)["data"]["result"]
    return result
