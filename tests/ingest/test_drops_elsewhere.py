"""Drop folders on other machines: a real SFTP server and a real S3 server; addresses inside need a setting."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import asyncssh
import pytest
from pydantic import SecretStr
from sqlmodel import select

from services.ingest.actions.drops import look_at_folders
from services.ingest.queries.uploads import drop_folders, dropped_files
from services.ingest.tables import Upload
from shared.db import transaction
from shared.settings import settings
from tests.ingest.test_drops import extraction
from tests.s3 import s3_server

pytestmark = pytest.mark.usefixtures("clean")


class SftpServer:
    """asyncssh's server of a folder, in a thread of its own."""

    def __init__(self, root: Path) -> None:
        self.key = asyncssh.generate_private_key("ssh-ed25519")
        self.root, self.loop = root, asyncio.new_event_loop()
        threading.Thread(target=self.loop.run_forever, daemon=True).start()
        self.server = self._do(self._listen())
        self.port = self.server.sockets[0].getsockname()[1]

    def _do(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(20)

    async def _listen(self) -> Any:
        class Guard(asyncssh.SSHServer):
            def password_auth_supported(self) -> bool:
                return True

            def validate_password(self, username: str, password: str) -> bool:
                return (username, password) == ("district", "p@ss/word")

        def files(channel: Any) -> asyncssh.SFTPServer:
            return asyncssh.SFTPServer(channel, chroot=str(self.root).encode())

        return await asyncssh.listen(
            "127.0.0.1", 0, server_factory=Guard, server_host_keys=[self.key], sftp_factory=files
        )

    def address(self, key: Any = None) -> str:
        shown = (key or self.key).export_public_key().decode().strip()
        return f"sftp://district:{quote('p@ss/word', safe='')}@127.0.0.1:{self.port}/drop?host_key={quote(shown)}"

    def stop(self) -> None:
        async def close() -> None:
            self.server.close()
            await self.server.wait_closed()

        self._do(close())
        self.loop.call_soon_threadsafe(self.loop.stop)


@pytest.fixture
def sftp(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SftpServer]:
    (tmp_path / "drop").mkdir()
    server = SftpServer(tmp_path)
    monkeypatch.setitem(settings().drop_folders, "central", SecretStr(server.address()))
    monkeypatch.setattr(settings(), "drop_networks", "127.0.0.0/8")
    yield server
    server.stop()


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    with s3_server() as (endpoint, client):
        address = f"s3://k:s@district/drop?endpoint={quote(endpoint, safe='')}"
        monkeypatch.setitem(settings().drop_folders, "central", SecretStr(address))
        monkeypatch.setattr(settings(), "drop_networks", "127.0.0.0/8")
        yield client


def taken() -> list[str]:
    with transaction("ingest") as session:
        return [upload.state for upload in session.exec(select(Upload))]


def problem() -> str:
    with transaction("ingest") as session:
        return drop_folders(session)["central"].problem


def states() -> dict[str, str]:
    with transaction("ingest") as session:
        return {file.file_name: file.state for file in dropped_files(session, "central")}


def test_files_of_an_sftp_folder_are_taken_once_and_moved(sftp: SftpServer) -> None:
    drop = sftp.root / "drop"
    (drop / "week.xlsx").write_bytes(extraction())
    (drop / "note.xlsx").write_bytes(b"no spreadsheet")
    (drop / "link.xlsx").symlink_to("/etc/hostname")
    for _ in range(3):
        look_at_folders()
    assert problem() == "" and taken() == ["published"]
    assert states() == {"week.xlsx": "done", "note.xlsx": "refused", "link.xlsx": "left"}
    assert {file.name for file in (drop / "done").iterdir()} == {"week.xlsx", "week.xlsx.report.txt"}
    assert (drop / "refused" / "note.xlsx.report.txt").exists() and not (drop / "week.xlsx").exists()


def test_an_sftp_server_with_another_key_is_not_used(sftp: SftpServer, monkeypatch: pytest.MonkeyPatch) -> None:
    other = sftp.address(asyncssh.generate_private_key("ssh-ed25519"))
    monkeypatch.setitem(settings().drop_folders, "central", SecretStr(other))
    (sftp.root / "drop" / "week.xlsx").write_bytes(extraction())
    for _ in range(2):
        look_at_folders()
    assert taken() == [] and "cannot be opened" in problem() and "p@ss" not in problem()


def test_objects_of_a_bucket_are_taken_once_and_moved(bucket: Any) -> None:
    bucket.put_object(Bucket="district", Key="drop/week.xlsx", Body=extraction())
    bucket.put_object(Bucket="district", Key="drop/note.xlsx", Body=b"no spreadsheet")
    for _ in range(3):
        look_at_folders()
    assert problem() == "" and taken() == ["published"]
    assert states() == {"week.xlsx": "done", "note.xlsx": "refused"}
    keys = {found["Key"] for found in bucket.list_objects_v2(Bucket="district")["Contents"]}
    assert keys == {
        "drop/done/week.xlsx",
        "drop/done/week.xlsx.report.txt",
        "drop/refused/note.xlsx",
        "drop/refused/note.xlsx.report.txt",
    }


@pytest.mark.parametrize("kind", ["sftp", "bucket"])
def test_an_address_inside_is_refused_unless_a_setting_names_its_network(
    kind: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    request.getfixturevalue(kind)
    monkeypatch.setattr(settings(), "drop_networks", "10.0.0.0/8")
    look_at_folders()
    assert "SES_DROP_NETWORKS" in problem()


def test_a_server_that_is_away_is_a_sentence(sftp: SftpServer, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken_port:
        taken_port.bind(("127.0.0.1", 0))
        port = taken_port.getsockname()[1]
        address = sftp.address().replace(f":{sftp.port}/", f":{port}/")
        monkeypatch.setitem(settings().drop_folders, "central", SecretStr(address))
        look_at_folders()
    assert "cannot be opened" in problem() and "efused" in problem()
