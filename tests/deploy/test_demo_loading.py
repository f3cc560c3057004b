"""The demo files go through the real door's rules, in order, once."""

import json
from collections.abc import Iterator
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, cast
from urllib.parse import parse_qs, urlsplit

import pytest
from python_calamine import CalamineWorkbook

from deploy.demo.files import Written, write
from deploy.demo.loading import Door, LoadFailed, load
from services.ingest.rules.cells import Cell
from services.ingest.rules.extraction import Extraction, SheetReader
from services.ingest.rules.rows import SheetAbout

TODAY = date(2026, 4, 20)


class DoorServer(ThreadingHTTPServer):
    """Answers as the upload door does: new, known, refused, and on its way for a number of looks."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), DoorRequest)
        self.taken: list[tuple[str, bytes]] = []
        self.tokens: set[str] = set()
        self.windows: list[str] = []
        self.looks_needed = 2
        self.looks = 0
        self.refused: dict[str, tuple[int, dict[str, Any]]] = {}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class DoorRequest(BaseHTTPRequestHandler):
    """One request to the door."""

    server: DoorServer

    def do_POST(self) -> None:
        kind = parse_qs(urlsplit(self.path).query)["kind"][0]
        boundary = self.headers["Content-Type"].rpartition("=")[2].encode()
        content = self.rfile.read(int(self.headers["Content-Length"])).replace(boundary, b"")
        self.server.tokens.add(self.headers["Authorization"])
        if kind in self.server.refused:
            return self.answer(*self.server.refused[kind])
        if (kind, content) in self.server.taken:
            return self.answer(200, {})
        self.server.taken.append((kind, content))
        self.server.looks = 0
        return self.answer(201, {})

    def do_PUT(self) -> None:
        self.server.windows.append(self.path.rpartition("/")[2])
        self.rfile.read(int(self.headers["Content-Length"]))
        self.answer(200, {})

    def do_GET(self) -> None:
        if self.path.endswith("/windows"):
            return self.answer(200, [{"term": term} for term in self.server.windows])
        self.server.looks += 1
        done = self.server.looks >= self.server.looks_needed
        steps = [{"name": "Tiers computed", "done": done}, {"name": "Mails sent", "done": False}]
        return self.answer(200, {"delivery_progress": steps})

    def answer(self, status: int, body: Any) -> None:
        sent = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Location", "/ingest/api/v1/uploads/7")
        self.send_header("Content-Length", str(len(sent)))
        self.end_headers()
        self.wfile.write(sent)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: the test's output stays readable."""


@pytest.fixture
def server() -> Iterator[DoorServer]:
    found = DoorServer()
    thread = Thread(target=found.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield found
    found.shutdown()
    thread.join()
    found.server_close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo")


@pytest.fixture(scope="module")
def written(folder: Path) -> Written:
    return write(folder, "small", TODAY)


def test_files_are_loaded_in_order_once_each_arrived(server: DoorServer, folder: Path, written: Written) -> None:
    lines: list[str] = []
    load(Door(server.url, "secret"), folder, written, lines.append)
    assert [kind for kind, _ in server.taken] == [kind for kind, _ in written.uploads]
    assert server.tokens == {"Bearer secret"}
    assert server.windows == [written.term]
    assert len(lines) == 11
    assert all(": loaded in " in line for line in lines)
    load(Door(server.url, "secret"), folder, written, lines.append)
    assert len(server.taken) == 11
    assert all(line.endswith(": known already") for line in lines[11:])


def test_a_late_upload_is_named_and_those_after_it_are_not_waited_for(
    server: DoorServer, folder: Path, written: Written
) -> None:
    server.looks_needed = 1_000_000
    lines: list[str] = []
    load(Door(server.url, "secret", travel_seconds=0.4), folder, written, lines.append)
    assert len(server.taken) == 11
    assert all(line.endswith(": accepted, still being processed") for line in lines)


def test_a_kind_that_the_system_does_not_take_is_passed_over(
    server: DoorServer, folder: Path, written: Written
) -> None:
    server.refused["survey-results"] = (415, {"code": "kind_unknown"})
    lines: list[str] = []
    load(Door(server.url, "secret"), folder, written, lines.append)
    assert len(server.taken) == 10
    assert "no page for it" in lines[8]


def test_a_refused_file_stops_the_loading_and_is_named(server: DoorServer, folder: Path, written: Written) -> None:
    server.refused["participation"] = (422, {"code": "no_counts"})
    with pytest.raises(LoadFailed, match=r"participation_2026-03-19.xlsx: .* 422: .*no_counts"):
        load(Door(server.url, "secret"), folder, written, print)


def test_a_system_that_is_down_is_named(folder: Path, written: Written) -> None:
    with pytest.raises(LoadFailed, match=r"127\.0\.0\.1:9/? does not answer"):
        load(Door("http://127.0.0.1:9", "secret"), folder, written, print)


def test_every_row_of_every_extraction_can_be_read_by_ingest(folder: Path) -> None:
    found = Extraction()
    for path in folder.rglob("participation_*.xlsx"):
        book = CalamineWorkbook.from_path(path)
        for tab in book.sheet_names:
            reader = SheetReader(found, SheetAbout(tab))
            for number, cells in enumerate(cast(list[list[Cell]], book.get_sheet_by_name(tab).to_python()), 1):
                reader.read(number, cells)
            assert reader.end() is None
    assert len(found.rows) > 800
    assert found.suffixes == {"Sp26"}
    assert found.report.rejected_rows == {}
    assert found.report.count("column_ignored") == 0
