"""Where backups are kept: a file, a folder, or a folder elsewhere that fsspec reaches (`s3://`, `sftp://`), encrypted by age.

Credentials are those of the driver's own environment (AWS_ACCESS_KEY_ID and so on, an SSH agent), never an argument.
"""

import re
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import fsspec
import pyrage

SCHEMES = ("s3", "sftp")
_NAME = re.compile(r"ses-\d{8}T\d{6}Z\.backup(\.age)?")
_AGE = b"age-encryption.org/"


class BackupPlaceRefused(Exception):
    """The place of backups cannot be used; the text says why and what to do."""


def is_elsewhere(place: str) -> bool:
    """Whether the place is an address, and not a path of this machine."""
    return urlsplit(place).scheme in SCHEMES


def is_folder(place: str) -> bool:
    """Whether backups get names of their own there: the place ends with a slash."""
    return place.endswith("/")


def shown(place: str) -> str:
    """The place as it may be logged: without a user, a password or parameters."""
    found = urlsplit(place)
    return f"{found.scheme}://{found.hostname or ''}{found.path}" if is_elsewhere(place) else place


def refuse_password(place: str) -> None:
    """Raises BackupPlaceRefused where the address holds a password: every list of processes would show it."""
    if is_elsewhere(place) and urlsplit(place).password is not None:
        raise BackupPlaceRefused(f"{shown(place)}: give the password by the driver's environment, not in the address.")


def new_name(encrypted: bool, at: datetime | None = None) -> str:
    """The name of a backup of this moment; names sort by time."""
    return f"ses-{at or datetime.now(UTC):%Y%m%dT%H%M%SZ}.backup{'.age' if encrypted else ''}"


def recipients(readers: Sequence[str]) -> list[Any]:
    """The public keys, read. Raises BackupPlaceRefused for one that is none."""
    return [_recipient(reader) for reader in readers]


def _recipient(reader: str) -> Any:
    kind = pyrage.ssh.Recipient if reader.startswith("ssh-") else pyrage.x25519.Recipient
    try:
        return kind.from_str(reader)
    except pyrage.RecipientError as error:
        raise BackupPlaceRefused(
            f"{reader[:12]} is no public key of age (age1...) or SSH (ssh-ed25519 ...): {error}."
        ) from error


def encrypt(file: Path, readers: Sequence[str]) -> Path:
    """Puts the file encrypted for the age or SSH keys in its place, as NAME.age; answers that path."""
    encrypted = file.with_name(f"{file.name}.age")
    unfinished = file.with_name(f"{encrypted.name}.unfinished")
    try:
        unfinished.touch(mode=0o600)
        pyrage.encrypt_file(str(file), str(unfinished), recipients(readers))
        unfinished.rename(encrypted)
    finally:
        unfinished.unlink(missing_ok=True)
        file.unlink()
    return encrypted


def put(file: Path, place: str, keep: int | None) -> str:
    """Copies a whole file into the folder elsewhere, then removes all but the `keep` newest; answers its address.

    The file has its name only once all of it is there.
    """
    address = f"{place}{file.name}"
    with _sentences(f"{shown(place)} cannot be written"):
        files, folder = fsspec.core.url_to_fs(place.rstrip("/"), skip_instance_cache=True, use_listings_cache=False)
        if not place.startswith("s3://"):  # a bucket that is not there is a slip of the pen
            files.makedirs(folder, exist_ok=True)
        unfinished, target = f"{folder}/{file.name}.unfinished", f"{folder}/{file.name}"
        files.put_file(str(file), unfinished)
        if int(files.info(unfinished)["size"]) != file.stat().st_size:
            raise OSError("what arrived is not as long as what was sent")
        files.mv(unfinished, target)
        _prune([str(path) for path in files.ls(folder, detail=False, refresh=True)], keep, files.rm_file)
    return address


def prune(folder: Path, keep: int | None) -> None:
    """Removes all but the `keep` newest backups of the folder; files of other names are left."""
    _prune([str(path) for path in folder.iterdir()], keep, lambda path: Path(path).unlink())


def _prune(paths: Sequence[str], keep: int | None, remove: Any) -> None:
    backups = sorted(path for path in paths if _NAME.fullmatch(path.rpartition("/")[2]))
    for path in backups[: -keep or None] if keep else []:
        remove(path)


@contextmanager
def fetched(place: str, identity: Path | None) -> Iterator[Path]:
    """The backup as a plain file of this machine, for as long as the block lasts."""
    with tempfile.TemporaryDirectory(prefix="ses-restore-") as name:
        file = Path(place)
        if is_elsewhere(place):
            file = Path(name) / place.rpartition("/")[2]
            with _sentences(f"{shown(place)} cannot be read"):
                files, path = fsspec.core.url_to_fs(place, skip_instance_cache=True)
                files.get_file(path, str(file))
        yield _decrypted(file, identity, Path(name)) if _is_encrypted(file) else file


def _is_encrypted(file: Path) -> bool:
    with file.open("rb") as opened:
        return opened.read(len(_AGE)) == _AGE


def _decrypted(file: Path, identity: Path | None, folder: Path) -> Path:
    if identity is None:
        raise BackupPlaceRefused(f"{file.name} is encrypted: name the file of the secret key by --identity.")
    plain = folder / "plain.backup"
    plain.touch(mode=0o600)
    try:
        pyrage.decrypt_file(str(file), str(plain), [_identity(identity)])
    except pyrage.DecryptError as error:
        raise BackupPlaceRefused(f"{file.name} cannot be decrypted with {identity}: {error}.") from error
    return plain


def _identity(file: Path) -> Any:
    text = file.read_text()
    keys = [line for line in text.splitlines() if line.startswith("AGE-SECRET-KEY-")]
    try:
        return pyrage.x25519.Identity.from_str(keys[0]) if keys else pyrage.ssh.Identity.from_buffer(text.encode())
    except pyrage.IdentityError as error:
        raise BackupPlaceRefused(f"{file} holds no secret key of age or SSH: {error}.") from error


def room_for(place: str) -> Path:
    """The folder in which a backup is made before it goes to its place: the folder itself, or one for the moment."""
    return Path(tempfile.mkdtemp(prefix="ses-backup-")) if is_elsewhere(place) else Path(place)


def leave(room: Path, place: str) -> None:
    """Removes the folder of the moment, with what is in it."""
    if is_elsewhere(place):
        shutil.rmtree(room, ignore_errors=True)


@contextmanager
def _sentences(what: str) -> Iterator[None]:
    """Drivers raise errors of many classes: each becomes one sentence."""
    try:
        yield
    except Exception as error:
        said = str(error) or type(error).__name__
        raise BackupPlaceRefused(f"{what}: {said.splitlines()[0][:300]}.") from error
