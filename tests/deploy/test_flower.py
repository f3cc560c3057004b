"""What operations see in Flower: every queue with its length, whichever workers were up when it was started."""

import base64
import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from deploy.embedded.servers import free_port
from deploy.flower import QUEUES
from shared.settings import settings
from tests.deploy.waiting import until
from tests.faults import injuries
from tests.stack import Programs, bus_of


@pytest.fixture
def flower(clean: None, tmp_path: Path) -> Iterator[httpx2.Client]:
    """Flower beside the worker of sesr alone, which it knows."""
    injuries.empty_broker()
    port, started = free_port(), Programs(tmp_path)
    started.start("worker", "shared.delivery.worker", "sesr")
    started.start(
        "flower",
        "celery",
        "-A",
        "deploy.flower",
        "flower",
        CELERY_BROKER_URL=settings().redis_url_of("flower"),
        FLOWER_ADDRESS="127.0.0.1",
        FLOWER_PORT=str(port),
        FLOWER_BASIC_AUTH="flower:secret",
        FLOWER_PERSISTENT="true",
        FLOWER_DB=str(tmp_path / "kept"),
        FLOWER_STATE_SAVE_INTERVAL="200",
    )
    try:
        with httpx2.Client(base_url=f"http://127.0.0.1:{port}", auth=("flower", "secret"), timeout=10) as client:
            until(lambda: "sesr@" in client.get("/api/workers?refresh=1").text, httpx2.TransportError, seconds=60)
            yield client
    finally:
        started.stop_all()


def test_every_queue_is_listed_with_what_waits_in_it(flower: httpx2.Client) -> None:
    for _ in range(3):
        bus_of("rates").celery.send_task("x", queue="notify.events", ignore_result=True)
    lengths = {queue["name"]: queue["messages"] for queue in flower.get("/api/queues/length").json()["active_queues"]}
    assert lengths == {**dict.fromkeys(QUEUES, 0), "notify.events": 3}
    page = flower.get("/broker").text
    assert [name for name in QUEUES if name not in page] == []


def test_a_worker_has_the_name_of_its_service_and_its_three_queues(flower: httpx2.Client) -> None:
    (name,) = flower.get("/api/workers").json()
    assert name.startswith("sesr@")
    queues = flower.get("/api/workers").json()[name]["active_queues"]
    assert sorted(queue["name"] for queue in queues) == ["sesr.events", "sesr.receipts", "sesr.ticks"]


def test_no_other_site_can_show_it_in_a_frame_or_run_a_script_in_it(flower: httpx2.Client) -> None:
    for path in ("/", "/broker", "/tasks", "/api/workers", "/nothing"):
        answer = flower.get(path)
        policy = answer.headers["content-security-policy"]
        assert "frame-ancestors 'none'" in policy and answer.headers["x-frame-options"] == "DENY", path
        for script in re.findall(r"<script(?![^>]*\ssrc=)[^>]*>(.*?)</script>", answer.text, re.DOTALL):
            allowed = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
            assert f"'sha256-{allowed}'" in policy, f"{path} has a script that its policy refuses: {script}"
    assert "'unsafe-inline'" not in policy.partition("style-src")[0]


def test_what_it_keeps_on_disk_is_for_its_user_alone(flower: httpx2.Client, tmp_path: Path) -> None:
    until(lambda: list(tmp_path.glob("kept*")), seconds=30)
    assert [oct(kept.stat().st_mode & 0o777) for kept in tmp_path.glob("kept*")] == ["0o600"] * len(
        list(tmp_path.glob("kept*"))
    )


def test_without_its_password_flower_shows_nothing(flower: httpx2.Client) -> None:
    for path in ("/", "/broker", "/api/queues/length", "/api/workers"):
        assert httpx2.get(f"{flower.base_url}".rstrip("/") + path).status_code == 401
