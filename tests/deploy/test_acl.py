"""The broker's users as a real Celery worker needs them, and no more."""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
import redis
from kombu.transport import redis as kombu_redis

from deploy.embedded.installation import Servers, running, settings_of
from deploy.setup import remove_data
from shared.delivery import no_scripts
from shared.delivery.acl import service_keys, users
from shared.events import EVENTS
from shared.settings import SERVICES
from tests.deploy.waiting import until

WORKER = """
import sys
from shared.delivery.bus import celery_app
service = sys.argv[1]
app = celery_app(service)

@app.task(name=f"{service}.note")
def note(word):
    app.broker_connection().default_channel.client.rpush(f"{service}.noted", word)
    app.send_task("ingest.take_receipt", kwargs={"word": word}, queue="ingest.receipts", ignore_result=True)

queues = ",".join(f"{service}.{kind}" for kind in ("events", "receipts", "ticks"))
app.worker_main(["worker", "-Q", queues, "-c", "1", "-n", f"{service}@%h", "--without-gossip", "--without-mingle", "-E"])
"""


@pytest.fixture(scope="module")
def servers() -> Iterator[Servers]:
    folder = Path(tempfile.mkdtemp(prefix="ses-acl-"))
    with running(folder, given={}) as started:
        yield started
    remove_data(folder)


def client(servers: Servers, user: str) -> redis.Redis:
    return redis.Redis.from_url(settings_of(servers.env).redis_url_of(user), decode_responses=True)


@pytest.fixture
def worker(servers: Servers, tmp_path: Path) -> Iterator[Path]:
    log = tmp_path / "worker.log"
    with log.open("wb") as out:
        child = subprocess.Popen(
            [sys.executable, "-c", WORKER, "rates"],
            env={**os.environ, **servers.env},
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            yield log
        finally:
            os.killpg(child.pid, signal.SIGTERM)
            child.wait(20)


def test_a_real_worker_hears_answers_and_is_seen_within_its_own_rule(servers: Servers, worker: Path) -> None:
    send = (
        "from shared.delivery.bus import celery_app;"
        "celery_app('ingest').send_task('rates.note', ['heard'], queue='rates.events', ignore_result=True)"
    )
    subprocess.run([sys.executable, "-c", send], env={**os.environ, **servers.env}, check=True)
    with client(servers, "rates") as rates, client(servers, "ingest") as ingest:
        until(lambda: rates.lrange("rates.noted", 0, -1) == ["heard"])
        until(lambda: ingest.llen("ingest.receipts") == 1)
    seen = (
        "from deploy.flower import app;"
        "print(sorted(q['name'] for qs in app.control.inspect(timeout=3).active_queues().values() for q in qs))"
    )
    flower = settings_of(servers.env).redis_url_of("flower")
    told = subprocess.run(
        [sys.executable, "-c", seen],
        env={**os.environ, "CELERY_BROKER_URL": flower},
        check=True,
        capture_output=True,
        text=True,
    )
    assert told.stdout.strip() == "['rates.events', 'rates.receipts', 'rates.ticks']"
    assert "NoPermission" not in worker.read_text()


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_reaches_its_own_queues_and_those_it_speaks_to_and_no_other(servers: Servers, service: str) -> None:
    subscribers = {name for event in EVENTS.values() if event.publisher() == service for name in event.subscribers}
    with client(servers, service) as own:
        for other in SERVICES:
            allowed = other == service or other in subscribers
            if allowed:
                own.llen(f"{other}.events")
            else:
                with pytest.raises(redis.exceptions.NoPermissionError):
                    own.llen(f"{other}.events")
        with pytest.raises(redis.exceptions.NoPermissionError):
            own.execute_command("FLUSHALL")


# Orders to workers (stop, forget a task), scripts, and what else one user could do to all.
REFUSED = (
    ("PUBLISH", "/0.celery.pidbox", "x"), ("PUBLISH", "/0.celery.pidbox/x", "x"), ("PUBLISH", "anything", "x"),
    ("SPUBLISH", "/0.celery.pidbox", "x"), ("SUBSCRIBE", "/0.celeryev/task.sent"), ("PSUBSCRIBE", "*"),
    ("EVAL", "return 1", "0"), ("EVAL_RO", "return 1", "0"), ("EVALSHA", "0" * 40, "0"), ("SCRIPT", "LOAD", "return 1"),
    ("SCRIPT", "KILL"), ("FUNCTION", "LIST"), ("FCALL", "x", "0"), ("FLUSHALL",), ("FLUSHDB",), ("KEYS", "*"),
    ("CONFIG", "GET", "*"), ("CONFIG", "SET", "maxmemory", "1"), ("ACL", "LIST"), ("ACL", "SETUSER", "default", "on"),
    ("CLIENT", "KILL", "ID", "1"), ("CLIENT", "LIST"), ("CLIENT", "PAUSE", "1"), ("SHUTDOWN",),
    ("MONITOR",), ("SAVE",), ("REPLICAOF", "NO", "ONE"), ("MODULE", "LIST"), ("SWAPDB", "0", "1"), ("SORT", "x"),
    ("MIGRATE", "127.0.0.1", "1", "x", "0", "1"), ("LATENCY", "RESET"), ("SLOWLOG", "GET"),
)  # fmt: skip


@pytest.mark.parametrize("user", [*SERVICES, "flower"])
def test_what_would_reach_all_others_is_refused(servers: Servers, user: str) -> None:
    """Flower alone may give orders to workers and hear their notes."""
    with client(servers, user) as own:
        for words in REFUSED:
            if user == "flower" and words[:2] in (
                ("PUBLISH", "/0.celery.pidbox"),
                ("SUBSCRIBE", "/0.celeryev/task.sent"),
            ):
                continue
            with pytest.raises(redis.exceptions.NoPermissionError):
                own.execute_command(*words)
        assert own.publish("/0.celeryev/worker.heartbeat", "x") == 0


def test_a_lock_without_a_script_is_held_once_and_given_back(servers: Servers) -> None:
    with client(servers, "rates") as rates, redis.Redis.from_url(settings_of(servers.env).redis_url_of("rates")) as raw:
        lock = partial(no_scripts.broker_lock, raw, "rates.mutex", 60)
        with lock(), pytest.raises(kombu_redis.MutexHeld):
            lock().__enter__()
        assert rates.exists("rates.mutex") == 0
        with lock():
            rates.set("rates.mutex", "of another, who came when it had run out")
        assert rates.exists("rates.mutex") == 1


def test_flower_reads_the_queues_and_cannot_put_anything_into_them(servers: Servers) -> None:
    with client(servers, "flower") as flower:
        assert flower.llen("sesr.events") == 0
        with pytest.raises(redis.exceptions.NoPermissionError):
            flower.lpush("sesr.events", "x")


def test_the_lines_hold_no_password_and_no_user_without_one(servers: Servers) -> None:
    lines = users(settings_of(servers.env))
    assert lines[0] == "user default off"
    passwords = [value for name, value in servers.env.items() if name.startswith("SES_REDIS_PASSWORDS__")]
    assert len(passwords) == len(SERVICES) + 1
    assert not any(password in line for password in passwords for line in lines)


def test_the_keys_of_a_service_follow_the_map_of_events() -> None:
    assert service_keys("tracker") == "~tracker.* ~ingest.events* ~ingest.receipts* ~rates.receipts*"
