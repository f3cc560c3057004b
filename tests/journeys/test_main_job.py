"""The main job on real servers: an extraction goes in, tiers come out, each director gets one mail and opens its rows."""

import os
import re
import signal
from collections.abc import Iterator

import httpx2
import pytest
from sqlalchemy import text

from deploy.embedded.installation import Servers
from shared.access import issue_token
from shared.db import transaction
from shared.delivery.envelope import Envelope, event_message
from tests.deploy.waiting import until
from tests.files import directory, extraction, guide_rows
from tests.people import add_people
from tests.sink import Sink
from tests.stack import Programs, bus_of, programs, quiet, wipe

SPELLED = [str(row[3]) for row in guide_rows()]
# The guide's rows spell their directors so; who they are here is invented.
PEOPLE = (
    ("Frisch, Soren", "director", "frisch@lausd.example", "", SPELLED[1]),
    ("Mandel, Cora A", "director", "mandel@lausd.example", "", SPELLED[3]),
    ("Salke, Vera", "director", "salke@lausd.example", "", SPELLED[10]),
    ("Okafor, Ines", "central", "central@lausd.example", "", ""),
)
DIRECTORS = {"frisch@lausd.example", "mandel@lausd.example", "salke@lausd.example"}


@pytest.fixture(scope="module")
def running(stack_servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Programs]:
    wipe()
    with programs(tmp_path_factory.mktemp("logs")) as started:
        yield started


@pytest.fixture
def sink() -> Iterator[Sink]:
    made = Sink()
    made.start()
    yield made
    made.stop()


@pytest.fixture
def central(running: Programs) -> Iterator[httpx2.Client]:
    """A program of the central office, with the directory of the test loaded and heard."""
    wipe()
    add_people()
    token = issue_token("central")
    with httpx2.Client(base_url=running.url, headers={"authorization": f"Bearer {token}"}, timeout=30) as client:
        upload(client, directory(PEOPLE), kind="directory")
        until(quiet)
        yield client


def upload(client: httpx2.Client, content: bytes, kind: str = "participation") -> httpx2.Response:
    files = {"file": ("extraction.xlsx", content)}
    answer = client.post("/ingest/api/v1/uploads", params={"kind": kind}, files=files)
    assert answer.status_code in (200, 201), answer.text
    return answer


def page_for(role: str, email: str, client: httpx2.Client, path: str) -> str:
    """The page at a path as a person sees it."""
    headers = {"authorization": f"Bearer {issue_token(role, email)}", "accept": "text/html"}
    answer = client.get(path, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.text


def tiers(client: httpx2.Client, **query: str) -> list[int]:
    rows = client.get("/rates/api/v1/rates", params={"group": "parents", **query}).json()["rows"]
    return [sum(row["tier"] == tier for row in rows) for tier in (4, 3, 2, 1)]


def test_each_director_gets_one_mail_and_opens_the_same_rows(central: httpx2.Client, sink: Sink) -> None:
    taken = upload(central, extraction(guide_rows())).json()
    assert taken["counts"]["accepted"] == 16
    until(lambda: len(sink.mails) >= 3)
    until(quiet)

    assert tiers(central) == [3, 3, 3, 7]
    assert set(sink.recipients) == DIRECTORS
    assert len(sink.recipients) == 3
    told = sink.text_to("frisch@lausd.example")
    assert [name for name in ("Ochoa LC", "Hughes El", "Nueva Vista El", "Maywood El") if name not in told] == []
    assert "Perez" not in told

    link = re.search(r"http://\S+/rates/\S+", told)
    assert link is not None
    opened = page_for("director", "frisch@lausd.example", central, "/rates/" + link.group().partition("/rates/")[2])
    assert opened.count('data-label="PLOC"') == 4

    unroutable = central.get("/notify/api/v1/digests", params={"state": "unroutable"}).json()["digests"]
    assert [digest["director"] for digest in unroutable] == [SPELLED[15]]
    steps = central.get(f"/ingest/api/v1/uploads/{taken['upload_id']}").json()["delivery_progress"]
    assert all(step["done"] for step in steps), steps


def test_the_guide_prints_the_same_rates_and_tiers(central: httpx2.Client, sink: Sink) -> None:
    upload(central, extraction(guide_rows()))
    until(quiet)
    opened = page_for("central", "central@lausd.example", central, "/rates/?group=parents&q=Bryson")
    assert "50%" in opened
    assert "Tier 2" in opened


def test_the_same_file_twice_mails_nobody_twice(central: httpx2.Client, sink: Sink) -> None:
    content = extraction(guide_rows())
    first = upload(central, content)
    until(lambda: len(sink.mails) == 3)
    again = upload(central, content)
    assert again.status_code == 200
    assert again.json()["upload_id"] == first.json()["upload_id"]

    saved_again = upload(central, extraction(list(reversed(guide_rows()))))
    assert saved_again.json()["state"] == "unchanged"
    until(quiet)
    assert len(sink.mails) == 3


def test_an_older_extraction_is_history_and_mails_nobody(central: httpx2.Client, sink: Sink) -> None:
    upload(central, extraction(guide_rows("2025-02-21")))
    until(lambda: len(sink.mails) == 3)
    upload(central, extraction(guide_rows("2025-02-14")))
    until(quiet)
    assert len(sink.mails) == 3
    assert central.get("/rates/api/v1/rates", params={"group": "parents"}).json()["on"] == "2025-02-21"
    assert tiers(central, on="2025-02-14") == [3, 3, 3, 7]


def test_an_event_delivered_three_times_has_its_effect_once(central: httpx2.Client, sink: Sink) -> None:
    upload(central, extraction(guide_rows()))
    until(lambda: len(sink.mails) == 3)
    said = "select event_id, topic, key, version, payload from outbox_event where topic = :topic"
    for service, topic, subscriber in (
        ("ingest", "ingest.extraction_loaded", "rates"),
        ("rates", "rates.tiers_computed", "notify"),
    ):
        with transaction(service) as session:
            row = session.execute(text(said), {"topic": topic}).one()
        message = event_message(Envelope(row.event_id, service, row.topic, row.key, row.version, row.payload))
        for _ in range(3):
            task = {"rates": "rates.compute_tiers", "notify": "notify.plan_digests"}[subscriber]
            bus_of(subscriber).celery.send_task(task, kwargs=message, queue=f"{subscriber}.events", ignore_result=True)
    until(quiet)
    assert tiers(central) == [3, 3, 3, 7]
    assert len(sink.mails) == 3


def test_a_wiped_broker_loses_nothing(
    central: httpx2.Client, sink: Sink, running: Programs, stack_servers: Servers
) -> None:
    running.kill("worker-rates")
    upload(central, extraction(guide_rows()))
    until(lambda: sent_to_broker("rates"))
    kill_program(stack_servers.pids["broker"])
    running.start("worker-rates", "shared.delivery.worker", "rates")
    until(lambda: running.mend() or len(sink.mails) == 3, seconds=90)
    until(quiet, seconds=30)
    assert tiers(central) == [3, 3, 3, 7]


def sent_to_broker(subscriber: str) -> bool:
    with transaction("ingest") as session:
        query = text("select count(*) from outbox_delivery where subscriber = :subscriber and state = 'sent'")
        return bool(session.execute(query, {"subscriber": subscriber}).scalar_one())


def kill_program(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)


def test_a_worker_killed_in_the_middle_loses_and_doubles_nothing(
    central: httpx2.Client, sink: Sink, running: Programs
) -> None:
    upload(central, extraction(guide_rows()))
    for name in ("rates", "notify"):
        running.kill(f"worker-{name}")
    end_leases()
    for name in ("rates", "notify"):
        running.start(f"worker-{name}", "shared.delivery.worker", name)
    until(lambda: running.mend() or len(sink.mails) >= 3, seconds=90)
    until(quiet, seconds=30)
    assert len({mail["Message-ID"] for mail in sink.mails}) == 3
    assert tiers(central) == [3, 3, 3, 7]


def end_leases() -> None:
    """Lets the time pass in which what a killed worker held is left alone: an event's minute, a mail's quarter of an hour."""
    for service in ("rates", "notify"):
        with transaction(service) as session:
            session.execute(text("update inbox set next_at = now() where state = 'new'"))
    with transaction("notify") as session:
        session.execute(text("update mail set next_at = now() where state = 'sending'"))


def test_mails_wait_while_the_mail_server_is_down(central: httpx2.Client, sink: Sink) -> None:
    sink.stop()
    upload(central, extraction(guide_rows()))
    until(lambda: waiting_mails() == 3)
    sink.start()
    until(lambda: len(sink.mails) == 3, seconds=60)
    until(quiet)
    assert set(sink.recipients) == DIRECTORS


def waiting_mails() -> int:
    with transaction("notify") as session:
        return int(session.execute(text("select count(*) from mail where state = 'queued'")).scalar_one())
