"""An attacker on the broker: whatever is put into a queue, nothing comes of it that its publisher did not sign."""

import pickle
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import redis
from kombu import serialization

from shared.db import transaction
from shared.delivery.bus import celery_app
from shared.delivery.envelope import Envelope, ForgedMessage, event_message, open_events
from shared.events import EVENTS
from shared.settings import SERVICES, settings
from tests.deploy.waiting import until
from tests.stack import Programs, owner

MARK = "ran"


class Opens:
    """What runs code where it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, tuple[str, str]]:
        return (open, (str(self.path), "w"))


def signed_by(source: str, topic: str) -> dict[str, Any]:
    return event_message(Envelope(uuid4(), source, topic, "k", 1, "{}"))


@pytest.mark.usefixtures("stack_servers")
@pytest.mark.parametrize("source", SERVICES)
def test_a_service_cannot_say_an_event_of_another_with_its_own_key(source: str) -> None:
    for topic, event in EVENTS.items():
        if event.publisher() == source:
            assert open_events(signed_by(source, topic))[0].topic == topic
        else:
            with pytest.raises(ForgedMessage, match="does not publish"):
                open_events(signed_by(source, topic))


def test_a_worker_outlives_forged_broken_and_pickled_messages_and_keeps_none(stack: Programs, tmp_path: Path) -> None:
    marked = tmp_path / MARK
    app = celery_app("rates")
    send = {"queue": "notify.events", "ignore_result": True}
    task = EVENTS["rates.tiers_computed"].subscribers["notify"]
    genuine = signed_by("rates", "rates.tiers_computed")
    altered = [{**event, "payload": '{"upload_id": 1}'} for event in genuine["events"]]
    app.send_task(task, kwargs={**genuine, "events": altered}, **send)
    app.send_task(task, kwargs={"event_id": "x"}, **send)
    app.send_task(task, args=["x", 1], **send)
    app.send_task("os.system", args=[f"touch {marked}"], **send)
    serialization.enable_insecure_serializers(["pickle"])  # type: ignore[no-untyped-call]
    try:
        app.send_task(task, args=[Opens(marked)], serializer="pickle", **send)
    finally:
        serialization.disable_insecure_serializers(["json"])  # type: ignore[no-untyped-call]
    beats_again(stack)
    assert not marked.exists()
    with transaction("notify") as session:
        kept = session.connection().exec_driver_sql("select topic from inbox").scalars().all()
        assert set(kept) <= {"rates.calendar_changed"}  # which rates publishes by itself
    put_rubbish_into_the_queue()
    stack.running["worker-notify"].wait(30)  # kombu ends the worker; the supervisor starts it again
    stack.start("worker-notify", "shared.delivery.worker", "notify")
    beats_again(stack)


def put_rubbish_into_the_queue() -> None:
    """Bytes that are no message: only who has the password of a service that speaks to notify can put them there."""
    with redis.Redis.from_url(settings().redis_url_of("rates")) as client:
        client.lpush("notify.events", b"\x80\x04 no message at all")
    with (
        redis.Redis.from_url(settings().redis_url_of("tracker")) as client,
        pytest.raises(redis.exceptions.NoPermissionError),
    ):
        client.lpush("sesr.events", b"x")


def beats_again(stack: Programs) -> None:
    with owner() as connection:
        connection.execute("delete from notify.loop_beat")
    until(stack.beats, seconds=60)


def test_unpickling_what_the_test_sends_would_run_it(tmp_path: Path) -> None:
    pickle.loads(pickle.dumps(Opens(tmp_path / MARK))).close()
    assert (tmp_path / MARK).exists()
