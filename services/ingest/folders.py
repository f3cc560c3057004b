"""The door to drop folders: a directory of this machine, an SFTP folder or an S3 bucket, through fsspec's drivers."""

import os
import socket
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ipaddress import ip_address, ip_network
from typing import Any, NamedTuple

import fsspec

from services.ingest.rules.drops import FolderAddress
from shared.settings import settings

PLACES = ("done", "held", "refused")
WAIT_SECONDS = 20


class FolderProblem(Exception):
    """The folder cannot be used now; the text is a sentence that says why."""


class Entry(NamedTuple):
    """What lies in a folder. `stamp` changes with the content; `kind`: file, directory, link or other."""

    name: str
    kind: str
    size: int
    stamp: str


class Folder:
    """One open folder. Every failure of the server or of a right is a FolderProblem."""

    def __init__(self, files: Any, root: str) -> None:
        self.files = files
        self.root = root.rstrip("/")

    def entries(self, place: str = "") -> list[Entry]:
        """What lies in the folder, or in one of its three places, by name; nothing where that place is not there."""
        with _sentences(f"{place or 'the folder'} cannot be listed"):
            try:
                found = self.files.ls(self._at(place), detail=True, refresh=True)
            except FileNotFoundError:
                if not place:
                    raise
                return []
        listed = (self._entry(info) for info in found)
        return sorted(entry for entry in listed if entry.name and self._at(place).rstrip("/") != entry.name)

    def _entry(self, info: dict[str, Any]) -> Entry:
        name = str(info["name"]).rstrip("/").rpartition("/")[2]
        kind = "link" if info.get("islink") or info["type"] == "link" else str(info["type"])
        changed = info.get("LastModified") or info.get("mtime")
        return Entry(name, kind, int(info.get("size") or 0), f"{info.get('size')} {changed} {info.get('ETag', '')}")

    def read(self, name: str) -> bytes:
        with _sentences(f"{name} cannot be read"):
            return bytes(self.files.cat_file(self._at(name)))

    def prepare(self, place: str) -> None:
        """Makes the place where it is not there. Raises FolderProblem where something else, or a link, has its name."""
        found = {entry.name: entry.kind for entry in self.entries()}
        if found.get(place, "directory") != "directory":
            raise FolderProblem(f"{place} must be a directory of the folder itself, no file and no link.")
        with _sentences(f"{place} cannot be made"):
            self.files.makedirs(self._at(place), exist_ok=True)

    def write(self, target: str, content: bytes) -> None:
        with _sentences(f"{target} cannot be written"):
            self.files.pipe_file(self._at(target), content)

    def move(self, name: str, target: str) -> None:
        with _sentences(f"{name} cannot be moved to {target}"):
            self.files.mv(self._at(name), self._at(target))

    def _at(self, name: str) -> str:
        return f"{self.root}/{name}" if name else self.root or "/"


class LocalFolder(Folder):
    """A directory of this machine: what became a link since it was listed is not followed."""

    def read(self, name: str) -> bytes:
        with _sentences(f"{name} cannot be read"):
            descriptor = os.open(self._at(name), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
            with os.fdopen(descriptor, "rb") as opened:
                if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                    raise OSError("it is not a file")
                return opened.read()

    def move(self, name: str, target: str) -> None:
        with _sentences(f"{name} cannot be moved to {target}"):
            os.rename(self._at(name), self._at(target))


class Bucket(Folder):
    """A bucket, or a part of one: its places need not be made, and a move is a copy and a removal."""

    def prepare(self, place: str) -> None:
        pass


@contextmanager
def _sentences(what: str) -> Iterator[None]:
    """Turns what a driver raises into one sentence: drivers know many classes of errors."""
    try:
        yield
    except FolderProblem:
        raise
    except Exception as error:
        reason = (
            "there is no right to do that" if isinstance(error, PermissionError) else str(error) or type(error).__name__
        )
        raise FolderProblem(f"{what[0].upper()}{what[1:]}: {reason.splitlines()[0][:300]}.") from error


@contextmanager
def open_folder(address: FolderAddress) -> Iterator[Folder]:
    """The folder at that address. Raises FolderProblem where it cannot be reached or may not be."""
    with _sentences("the folder cannot be opened"):
        opened = OPENED[address.scheme](address)
    yield opened


def _local(address: FolderAddress) -> Folder:
    return LocalFolder(fsspec.filesystem("file", skip_instance_cache=True), address.path)


def _sftp(address: FolderAddress) -> Folder:
    """By asyncssh, over a connection that was checked; the server must hold the key that the setting names."""
    files = fsspec.filesystem(
        "sftp",
        host=address.host,
        port=address.port or 22,
        sock=_connected(address.host, address.port or 22),
        username=address.user,
        password=address.password,
        known_hosts=f"* {address.host_key}\n".encode(),
        client_keys=None,
        agent_path=None,
        config=None,
        login_timeout=WAIT_SECONDS,
        keepalive_interval=WAIT_SECONDS,
        timeout=2 * WAIT_SECONDS,
        skip_instance_cache=True,
    )
    return Folder(files, address.path)


def _bucket(address: FolderAddress) -> Folder:
    """By aiobotocore; every connection that it opens, to an address of a name or a bare one, is checked."""
    files = fsspec.filesystem(
        "s3",
        key=address.user or None,
        secret=address.password or None,
        endpoint_url=address.endpoint or None,
        config_kwargs={
            "connect_timeout": WAIT_SECONDS,
            "read_timeout": WAIT_SECONDS,
            "retries": {"max_attempts": 2},
            "connector_args": {"socket_factory": _checked_socket},
        },
        skip_instance_cache=True,
        use_listings_cache=False,
    )
    return Bucket(files, f"{address.host}{address.path}")


OPENED: dict[str, Callable[[FolderAddress], Folder]] = {"file": _local, "sftp": _sftp, "s3": _bucket}


def _connected(host: str, port: int) -> socket.socket:
    """A connection to the first address of the host that takes one; each is checked before it is called."""
    failure: OSError = OSError(f"{host} has no address")
    for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
        made = _checked_socket(found)
        try:
            made.settimeout(WAIT_SECONDS)
            made.connect(found[4])
            return made
        except OSError as error:
            made.close()
            failure = error
    raise failure


def _checked_socket(found: Any) -> socket.socket:
    """A socket for what getaddrinfo found. Raises FolderProblem for an address inside that no setting names."""
    family, kind, protocol, _, place = found
    address = ip_address(str(place[0]).partition("%")[0])
    allowed = (ip_network(entry) for entry in settings().drop_networks.replace(",", " ").split())
    if not address.is_global and not any(address in network for network in allowed):
        raise FolderProblem(f"{address} is a private address: SES_DROP_NETWORKS must name its network to allow it.")
    return socket.socket(family, kind, protocol)
