"""While a file is read, neither the request nor the worker that waits for it holds a connection or a transaction."""

import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from subprocess import Popen
from typing import Any, get_args

import pytest
from fastapi import FastAPI, UploadFile
from fastapi.dependencies.models import Dependant
from fastapi.routing import iter_route_contexts
from sqlalchemy import QueuePool, text
from starlette.testclient import TestClient

from deploy.web import APPS
from services.ingest.actions import faulty, long_files, reading, uploads
from services.ingest.actions.file_kinds import FILE_KINDS
from services.ingest.actions.long_files import read_waiting
from services.ingest.rules.findings import KEPT_PER_CODE
from services.ingest.sheets import read_parts
from services.ingest.sheets import reading as children
from services.tracker.actions import imports
from services.tracker.workbook.child import read_sheets
from shared.db import engine, transaction
from shared.web import Db
from tests.deploy.waiting import until
from tests.ingest.making import many, row, text_table, with_header
from tests.people import add_people, api_of, browser_of
from tests.stack import owner
from tests.tracker.district import ALDER, tell_directory

UPLOADS, BOOKS = "/ingest/api/v1/uploads", "/tracker/api/v1/workbooks"
MARCH = text_table(with_header(many()))
OPENS_SESSION = get_args(Db)[1].dependency


def is_holding(dependant: Dependant) -> bool:
    return dependant.call is OPENS_SESSION or any(is_holding(inner) for inner in dependant.dependencies)


def takes_file(dependant: Dependant) -> bool:
    return any(field.field_info.annotation is UploadFile for field in dependant.body_params)


def routes_of_files(apps: dict[str, FastAPI]) -> dict[str, bool]:
    """Every route that takes a file, and whether its request holds a connection from its first line on."""
    found = {}
    for app in apps.values():
        for route in iter_route_contexts(app.routes):
            dependant = getattr(route, "dependant", None)
            if dependant is not None and takes_file(dependant):
                found[str(route.path)] = is_holding(dependant)
    return found


def test_no_route_that_takes_a_file_holds_a_connection_from_its_first_line_on() -> None:
    found = routes_of_files(APPS)
    assert {UPLOADS, "/ingest/uploads", BOOKS, "/tracker/imports"} <= found.keys()
    assert [path for path, holds in found.items() if holds] == []


def test_a_route_that_does_is_found() -> None:
    app = FastAPI()

    @app.post("/file")
    def take(session: Db, file: UploadFile) -> None: ...

    assert routes_of_files({"ingest": app}) == {"/file": True}


def held(service: str) -> tuple[int, int]:
    """Connections that requests of the service hold in this process, and transactions of it that do nothing."""
    with owner() as connection:
        (idle,) = connection.execute(
            "select count(*) from pg_stat_activity where state like 'idle in transaction%%' and usename = %s",
            [f"ses_{service}"],
        ).fetchone() or (0,)
    pool = engine(service).pool
    assert isinstance(pool, QueuePool)
    return pool.checkedout(), idle


Looks = list[tuple[int, int]]


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> Iterator[Looks]:
    """What was held at each part of a file that the child gave."""
    found: Looks = []

    def parts(*args: Any, **named: Any) -> Iterator[Any]:
        for part in read_parts(*args, **named):
            found.append(held("ingest"))
            yield part

    def sheets(*args: Any, **named: Any) -> Any:
        found.append(held("tracker"))
        return read_sheets(*args, **named)

    monkeypatch.setattr(reading, "read_parts", parts)
    monkeypatch.setattr(reading, "PATIENCE_SECONDS", 60.0)
    monkeypatch.setattr(imports, "read_sheets", sheets)
    yield found


@pytest.fixture
def central(clean: None) -> TestClient:
    return api_of("central")


def free(looks: Looks) -> bool:
    """Whether something was read, and nothing held meanwhile; what is read next begins anew."""
    found, looks[:] = list(looks), []
    return bool(found) and set(found) == {(0, 0)}


def test_what_is_held_is_seen(central: TestClient) -> None:
    assert held("ingest") == (0, 0)
    with transaction("ingest") as session:
        session.execute(text("select 1"))
        assert held("ingest") == (1, 1)


@pytest.mark.parametrize("kind", FILE_KINDS)
def test_a_file_of_each_kind_is_read_with_nothing_held(central: TestClient, looks: Looks, kind: str) -> None:
    browser = browser_of("central")
    if kind == "survey-results":  # of schools that an extraction has named
        central.post(UPLOADS, files={"file": ("a.xlsx", browser.get("/ingest/templates/participation.xlsx").content)})
        looks.clear()
    file = {"file": ("file.xlsx", browser.get(f"/ingest/templates/{kind}.xlsx").content)}
    assert central.post(UPLOADS, params={"kind": kind, "dry_run": True}, files=file).status_code == 200
    assert free(looks)
    place = browser.post("/ingest/uploads", data={"kind": kind}, files=file).headers["location"]
    assert free(looks)
    assert browser.post(f"{place}/publish").status_code == 303
    assert free(looks)
    add_people()  # the template of the directory names nobody of this role
    assert api_of("central").post(UPLOADS, params={"kind": kind}, files=file).status_code == 200 and not looks


def test_published_text_is_read_with_nothing_held(central: TestClient, looks: Looks) -> None:
    file = {"file": ("lcap.txt", b"Action #\tTitle\n1.1\tTutoring\n")}
    central.post(UPLOADS, params={"kind": "lcap-actions", "dry_run": True}, files=file)
    assert free(looks)


def test_a_file_is_decided_on_and_its_rejected_rows_are_found_with_nothing_held(
    central: TestClient, looks: Looks
) -> None:
    wrong = [row(f"{4100 + n}", f"School {n} El", "n/a") for n in range(KEPT_PER_CODE + 1)]
    answer = central.post(UPLOADS, files={"file": ("march.csv", text_table(with_header([*many(), *wrong])))})
    assert answer.status_code == 409 and free(looks)
    assert central.post(f"{answer.headers['location']}/publish").status_code == 409 and not looks
    page = answer.headers["location"].replace("/api/v1", "")
    assert browser_of("central").get(f"{page}/rejected.xlsx").status_code == 200
    assert free(looks)
    published = central.post(f"{answer.headers['location']}/publish", params={"confirm": True})
    assert published.status_code == 201 and free(looks)


@pytest.fixture
def stopped(monkeypatch: pytest.MonkeyPatch) -> Iterator[Popen[bytes]]:
    """The child that the next file gets; it has come to a stop."""
    children.start_ahead()
    child = children._waiting[0]
    child.send_signal(signal.SIGSTOP)
    yield child
    child.send_signal(signal.SIGCONT)


def test_while_a_child_is_slow_nothing_is_held(
    central: TestClient, stopped: Popen[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "PATIENCE_SECONDS", 60.0)
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(central.post, UPLOADS, files={"file": ("march.csv", MARCH)})
        until(lambda: stopped not in children._waiting)
        meanwhile = held("ingest")
        stopped.send_signal(signal.SIGCONT)
        assert answer.result(60).status_code == 201
    assert meanwhile == (0, 0)


def number(query: str) -> Any:
    with transaction("ingest") as session:
        return session.execute(text(query)).scalar_one()


@pytest.fixture
def place(central: TestClient, stopped: Popen[bytes], monkeypatch: pytest.MonkeyPatch) -> str:
    """A long file that waits for a worker, whose child has come to a stop."""
    monkeypatch.setattr(uploads, "READ_AT_ONCE_BYTES", 10)
    monkeypatch.setattr(long_files, "RENEW_SECONDS", 0.05)
    return str(central.post(UPLOADS, files={"file": ("march.csv", MARCH)}).headers["location"])


def test_while_a_worker_waits_for_a_slow_child_nothing_is_held_and_the_file_is_its_own(
    central: TestClient, stopped: Popen[bytes], place: str
) -> None:
    with ThreadPoolExecutor(1) as pool:
        work = pool.submit(read_waiting)
        until(lambda: stopped not in children._waiting)
        first = number("select retry_at from upload")
        until(lambda: number("select retry_at from upload") > first)
        until(lambda: held("ingest") == (0, 0))
        read_waiting()
        stopped.send_signal(signal.SIGCONT)
        work.result(60)
    assert central.get(place).json()["state"] == "published"
    assert number("select attempts from upload") == 1


def test_what_a_worker_has_read_too_late_is_left_to_the_one_that_has_begun_since(
    central: TestClient, stopped: Popen[bytes], place: str
) -> None:
    with ThreadPoolExecutor(1) as pool:
        work = pool.submit(read_waiting)
        until(lambda: stopped not in children._waiting)
        with transaction("ingest") as session:
            session.execute(text("update upload set attempts = attempts + 1"))
        stopped.send_signal(signal.SIGCONT)
        work.result(60)
    assert central.get(place).json()["state"] == "reading"
    assert number("select count(*) from outbox_event") == 0
    with transaction("ingest") as session:
        session.execute(text("update upload set retry_at = now()"))
    read_waiting()
    assert central.get(place).json()["state"] == "published"
    assert number("select attempts from upload") == 3


def test_a_child_that_is_too_slow_leaves_the_file_to_a_worker(
    central: TestClient, stopped: Popen[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "PATIENCE_SECONDS", 0.3)
    answer = central.post(UPLOADS, files={"file": ("march.csv", MARCH)})
    assert (answer.status_code, answer.json()["state"]) == (202, "reading")
    read_waiting()
    assert central.get(answer.headers["location"]).json()["state"] == "published"


def test_only_so_many_files_are_read_at_once_and_the_others_are_left_to_a_worker(
    central: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "PATIENCE_SECONDS", 60.0)
    file = {"file": ("march.csv", text_table(with_header([*many(), row("bad", "Bad El")])))}
    page = central.post(UPLOADS, files=file).headers["location"].replace("/api/v1", "")
    monkeypatch.setattr(reading, "PATIENCE_SECONDS", 0.3)
    monkeypatch.setattr(faulty, "WAIT_SECONDS", 0.1)
    with ExitStack() as others:
        for _ in range(reading.AT_ONCE):
            others.enter_context(reading.room_to_read(1.0))
        assert central.post(UPLOADS, files={"file": ("march.csv", MARCH)}).status_code == 202
        busy = browser_of("central").get(f"{page}/rejected.xlsx")
    assert busy.status_code == 429 and "Many files are being read just now." in busy.text
    assert browser_of("central").get(f"{page}/rejected.xlsx").status_code == 200


@pytest.mark.parametrize("path", [BOOKS, "/tracker/imports"])
def test_a_workbook_of_the_tracker_is_read_with_nothing_held(central: TestClient, looks: Looks, path: str) -> None:
    tell_directory()
    book = central.get("/tracker/workbook.xlsx", params={"ploc": ALDER}).content
    assert central.post(path, files={"file": ("book.xlsx", book)}).status_code in (201, 303)
    assert free(looks)
