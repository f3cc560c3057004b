"""What operations see in Flower: every queue with its length, whichever workers were up when it was started."""

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


def test_without_its_password_flower_shows_nothing(flower: httpx2.Client) -> None:
    for path in ("/", "/broker", "/api/queues/length", "/api/workers"):
        assert httpx2.get(f"{flower.base_url}".rstrip("/") + path).status_code == 401
