"""Drop folders: each file is taken once, when it is whole, and moved with its report; what goes wrong is a sentence."""

import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from pydantic import SecretStr
from sqlmodel import select

from services.ingest.actions import uploads
from services.ingest.actions.drops import look_at_folders, purge_dropped
from services.ingest.actions.long_files import read_waiting
from services.ingest.queries.uploads import drop_folders, dropped_files
from services.ingest.tables import DroppedFile, Upload
from shared.db import transaction
from shared.settings import settings
from tests.files import HEADER, directory
from tests.ingest.making import book, many
from tests.ingest.test_directory import PEOPLE, SCHOOL, load
from tests.people import api_of, browser_of
from tests.stack import deliver, owner

pytestmark = pytest.mark.usefixtures("clean")


class Dropped:
    """A local drop folder as people use it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def put(self, name: str, content: bytes) -> Path:
        (self.path / name).write_bytes(content)
        return self.path / name

    def look(self, times: int = 1) -> None:
        for _ in range(times):
            look_at_folders()

    def row(self, name: str) -> DroppedFile:
        with transaction("ingest") as session:
            session.expire_on_commit = False
            return session.get_one(DroppedFile, ("central", name))

    def names(self, place: str) -> set[str]:
        return {found.name for found in (self.path / place).iterdir()} if (self.path / place).exists() else set()


@pytest.fixture
def dropped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Dropped]:
    monkeypatch.setitem(settings().drop_folders, "central", SecretStr(f"file://{tmp_path}"))
    yield Dropped(tmp_path)


def extraction(**others: Any) -> bytes:
    return book([HEADER, *many(**others)])


def taken() -> list[Upload]:
    with transaction("ingest") as session:
        session.expire_on_commit = False
        return list(session.exec(select(Upload).order_by(Upload.uploaded_at)))  # type: ignore[arg-type]


def test_a_file_is_taken_once_it_stays_the_same_and_lies_in_done_with_its_report(dropped: Dropped) -> None:
    file = dropped.put("week 1.xlsx", extraction())
    dropped.look()
    assert not taken() and dropped.row("week 1.xlsx").state == "waiting"
    file.write_bytes(extraction(submitted=11))
    dropped.look()
    assert not taken()
    dropped.look(3)
    (upload,) = taken()
    assert (upload.state, upload.uploaded_by, upload.hold_mails) == (
        "published",
        "service:folder-central as central",
        True,
    )
    assert upload.counts["accepted"] == 20 and not file.exists()
    assert dropped.names("done") == {"week 1.xlsx", "week 1.xlsx.report.txt"}
    report = (dropped.path / "done" / "week 1.xlsx.report.txt").read_text()
    assert "Published." in report and "20 rows accepted" in report and str(upload.upload_id) in report
    assert dropped.row("week 1.xlsx").state == "done"


@pytest.mark.parametrize(("mails", "held"), [("", True), ("?mails=hold", True), ("?mails=send", False)])
def test_mails_wait_for_a_person_unless_the_folder_says_otherwise(
    dropped: Dropped, monkeypatch: pytest.MonkeyPatch, mails: str, held: bool
) -> None:
    monkeypatch.setitem(settings().drop_folders, "central", SecretStr(f"file://{dropped.path}{mails}"))
    with api_of("central") as client:
        assert load(client, directory(PEOPLE, [SCHOOL])).status_code == 201
    dropped.put("week 1.xlsx", extraction())
    dropped.look(2)
    deliver()
    with owner() as connection:
        digests = connection.execute("select state, why from notify.digest").fetchall()
    reason = "the file came by a drop folder whose mails wait for a person"
    assert digests == [("held", reason) if held else ("planned", "")]


def test_a_refused_and_a_quarantined_file_lie_in_their_places_with_the_reason(dropped: Dropped) -> None:
    dropped.put("note.xlsx", b"no spreadsheet")
    dropped.put("future.xlsx", extraction(extraction_date="2099-03-02"))
    dropped.look(2)
    assert dropped.names("refused") == {"note.xlsx", "note.xlsx.report.txt"}
    assert dropped.names("held") == {"future.xlsx", "future.xlsx.report.txt"}
    assert dropped.row("note.xlsx").sentence in (dropped.path / "refused" / "note.xlsx.report.txt").read_text()
    assert [upload.state for upload in taken()] == ["quarantined"]


def test_the_same_name_again_is_another_file_and_the_same_content_changes_nothing(dropped: Dropped) -> None:
    dropped.put("week.xlsx", extraction())
    dropped.look(2)
    second = extraction(submitted=12)
    dropped.put("week.xlsx", second)
    dropped.look(2)
    assert len(taken()) == 2 and {"week.xlsx", "week (2).xlsx"} <= dropped.names("done")
    assert "week (2).xlsx" in dropped.row("week.xlsx").sentence
    dropped.put("copy.xlsx", second)
    dropped.look(2)
    assert len(taken()) == 2 and "uploaded before" in dropped.row("copy.xlsx").sentence


def test_what_is_no_file_of_the_folder_is_left_with_a_sentence(
    dropped: Dropped, tmp_path_factory: pytest.TempPathFactory
) -> None:
    outside = tmp_path_factory.mktemp("outside") / "secret.xlsx"
    outside.write_bytes(extraction())
    (dropped.path / "link.xlsx").symlink_to(outside)
    (dropped.path / "deeper").mkdir()
    os.mkfifo(dropped.path / "pipe.xlsx")
    dropped.look(3)
    assert not taken() and outside.exists()
    for name in ("link.xlsx", "deeper", "pipe.xlsx"):
        row = dropped.row(name)
        assert row.state == "left" and "only files directly in the folder" in row.sentence


@pytest.mark.parametrize("obstacle", ["link", "file"])
def test_a_place_that_is_no_directory_is_not_used_and_nothing_is_taken_twice(
    dropped: Dropped, tmp_path_factory: pytest.TempPathFactory, obstacle: str
) -> None:
    outside = tmp_path_factory.mktemp("outside")
    done = dropped.path / "done"
    done.symlink_to(outside) if obstacle == "link" else done.touch()
    dropped.put("week.xlsx", extraction())
    dropped.look(4)
    assert len(taken()) == 1 and not list(outside.iterdir())
    row = dropped.row("week.xlsx")
    assert row.state == "taken" and "done must be a directory of the folder itself" in row.sentence
    done.unlink()
    dropped.look()
    assert len(taken()) == 1 and dropped.row("week.xlsx").state == "done"


CAPABILITIES_VERSION, DAC_OVERRIDE = 0x20080522, 1 << 1  # linux/capability.h


@contextmanager
def only_reading(folder: Path) -> Iterator[None]:
    """Nobody may write into the folder; for that while root gives up the right to do so all the same."""
    folder.chmod(0o555)
    kernel = ctypes.CDLL(None, use_errno=True)
    header, rights = (ctypes.c_uint32 * 2)(CAPABILITIES_VERSION, 0), (ctypes.c_uint32 * 6)()
    assert kernel.capget(header, rights) == 0
    before = rights[0]
    rights[0] = before & ~DAC_OVERRIDE
    assert kernel.capset(header, rights) == 0
    try:
        yield
    finally:
        rights[0] = before
        assert kernel.capset(header, rights) == 0
        folder.chmod(0o755)


def test_without_the_right_to_move_a_file_is_taken_once_and_moved_later(
    dropped: Dropped, monkeypatch: pytest.MonkeyPatch
) -> None:
    with TemporaryDirectory(dir="/tmp") as made:
        folder = Dropped(Path(made))
        monkeypatch.setitem(settings().drop_folders, "central", SecretStr(f"file://{made}"))
        folder.put("week.xlsx", extraction()).chmod(0o644)
        with only_reading(folder.path):
            folder.look(4)
            assert len(taken()) == 1
            assert folder.row("week.xlsx").sentence == "Done cannot be made: there is no right to do that."
        folder.look()
        assert len(taken()) == 1 and folder.row("week.xlsx").state == "done"


def test_a_folder_that_is_not_there_is_a_sentence_on_the_page_and_stops_no_other(
    dropped: Dropped, monkeypatch: pytest.MonkeyPatch
) -> None:
    addresses = {"away": f"file://{dropped.path}/nowhere", "wrong": "ftp://someone:secret@server.example/x"}
    for name, address in addresses.items():
        monkeypatch.setitem(settings().drop_folders, name, SecretStr(address))
    dropped.put("week.xlsx", extraction())
    dropped.look(2)
    with transaction("ingest") as session:
        problems = {name: row.problem for name, row in drop_folders(session).items()}
        assert problems["central"] == "" and "cannot be listed" in problems["away"]
        assert "must begin with file://" in problems["wrong"]
        assert [file.state for file in dropped_files(session, "central")] == ["done"]
    shown = browser_of("central").get("/ingest/").text
    assert "Drop folder away" in shown and "cannot be listed" in shown and "secret" not in shown


def test_a_long_file_stays_until_it_is_read(dropped: Dropped, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "READ_AT_ONCE_BYTES", 10)
    file = dropped.put("long.xlsx", extraction())
    dropped.look(3)
    assert file.exists() and "being read" in dropped.row("long.xlsx").sentence
    read_waiting()
    dropped.look()
    assert len(taken()) == 1 and dropped.row("long.xlsx").state == "done" and not file.exists()


def test_a_file_is_left_to_the_worker_that_looks(dropped: Dropped) -> None:
    dropped.put("week.xlsx", extraction())
    dropped.look()
    leased = "update ingest.drop_folder set leased_until = now() + %s::interval where folder = 'central'"
    with owner() as connection:
        connection.execute(leased, ["1 hour"])
        dropped.look(2)
        assert not taken()
        connection.execute(leased, ["-1 second"])
    dropped.look()
    assert len(taken()) == 1


def test_what_was_moved_just_before_a_look_ended_is_settled_by_the_next(dropped: Dropped) -> None:
    dropped.put("week.xlsx", extraction())
    dropped.look(2)
    with owner() as connection:
        connection.execute("update ingest.dropped_file set state = 'taken'")
    dropped.look()
    assert dropped.row("week.xlsx").state == "done" and len(taken()) == 1
    with transaction("ingest") as session:
        purge_dropped(session, 0)
    with transaction("ingest") as session:
        assert not dropped_files(session, "central")


def test_the_page_says_how_many_files_it_shows_and_leads_to_all(dropped: Dropped) -> None:
    for number in range(53):
        (dropped.path / f"note-{number:02}").mkdir()
    dropped.look()
    page = browser_of("central")
    first = page.get("/ingest/").text
    assert "20 of 53 files are shown" in first and "See all 53" in first
    shown = [page.get("/ingest/folders/central", params={"start": start}).text for start in (0, 50)]
    names = [f"note-{number:02}" for number in range(53)]
    assert [sum(name in text for name in names) for text in shown] == [50, 3]
    assert page.get("/ingest/folders/nowhere").status_code == 404
