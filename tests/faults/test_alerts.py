"""The alert rules: right by promtool, each with a runbook, scraped and raised by a real Prometheus."""

import json
import re
import subprocess
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from deploy.servers import free_port
from shared.settings import SERVICES
from tests.browser.site import served
from tests.deploy.waiting import until
from tests.faults.test_parking import poison

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


def test_each_alert_fires_for_its_planted_figures_and_for_no_other() -> None:
    planted = ROOT / "tests" / "data" / "alerts_test.yml"
    assert set(re.findall(r"alertname: (\w+)\n", planted.read_text())) == set(ALERTS)
    promtool("test", "rules", str(planted))


def test_each_alert_has_a_runbook() -> None:
    runbooks = (ROOT / "docs" / "operations" / "alerts.md").read_text()
    assert re.findall(r"^## (\w+)$", runbooks, re.MULTILINE) == ALERTS
    assert re.findall(r"alerts\.md#(\w+)", RULES) == [name.lower() for name in ALERTS]


@pytest.mark.usefixtures("clean")
def test_a_real_prometheus_scrapes_the_five_services_and_raises_the_alert(tmp_path: Path) -> None:
    poison()
    with served() as address:
        config = (FOLDER / "prometheus.yml").read_text().replace("127.0.0.1:8000", address.removeprefix("http://"))
        (tmp_path / "prometheus.yml").write_text(config.replace("15s", "1s"))
        (tmp_path / "ses.rules.yml").write_text(RULES)
        port = free_port()
        with subprocess.Popen(
            ["prometheus", f"--config.file={tmp_path}/prometheus.yml", f"--storage.tsdb.path={tmp_path}/data",
             f"--web.listen-address=127.0.0.1:{port}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        ) as server:  # fmt: skip
            try:
                until(lambda: len(found(port, 'up{job=~"ses-.*"} == 1')) == len(SERVICES), OSError, seconds=60)
                until(lambda: found(port, 'ALERTS{alertname="SesEventsParked",alertstate="firing"}'), seconds=30)
                (alert,) = found(port, 'ALERTS{alertname="SesEventsParked"}')
                assert alert["metric"]["service"] == "ingest"
            finally:
                server.terminate()


def found(port: int, query: str) -> list[dict[str, Any]]:
    address = f"http://127.0.0.1:{port}/api/v1/query?{urllib.parse.urlencode({'query': query})}"
    with urllib.request.urlopen(address, timeout=5) as answer:
        result: list[dict[str, Any]] = json.load(answer)["data"]["result"]
    return result
