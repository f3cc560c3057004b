"""Where the files of the database and the broker lie: in the data folder, or where their own user can reach them.

PostgreSQL refuses to run as root, so root runs it as `nobody`. In a folder that only root can enter, `nobody` can
reach neither the programs nor the data: then they lie under OUTSIDE, and the data folder has a link to them.
"""

import hashlib
import os
import pwd
import shutil
import stat
import uuid
from pathlib import Path

from deploy.embedded.child import Owner

OUTSIDE = Path("/var/lib/ses-embedded")


class PlaceRefused(Exception):
    """A folder cannot be used; the text says which and what to do."""


def servers_owner() -> Owner | None:
    """The user that the servers run as: `nobody` when this is root, else the user that runs this."""
    if os.geteuid() != 0:
        return None
    try:
        entry = pwd.getpwnam("nobody")
    except KeyError:
        return Owner(65534, 65534)
    return Owner(entry.pw_uid, entry.pw_gid)


def enterable(folder: Path) -> None:
    """Makes the folder where it is missing: all can pass through it, only its owner sees what is in it."""
    if not folder.exists():
        folder.mkdir(parents=True)
        folder.chmod(0o711)  # not by mkdir: that leaves out what the umask forbids


def reachable(path: Path) -> bool:
    """Whether any user can enter every folder on the way to `path` and read what is there."""
    path = path.resolve()
    needed = stat.S_IROTH | (stat.S_IXOTH if os.access(path, os.X_OK) else 0)
    if path.stat().st_mode & needed != needed:
        return False
    return all(folder.stat().st_mode & stat.S_IXOTH for folder in path.parents)


def program_folder(folder: Path, parts: tuple[str, ...], owner: Owner | None) -> Path:
    """`folder` itself, or a folder with copies of its `parts` where `owner` can reach them all."""
    if owner is None or all(reachable(folder / part) for part in parts if (folder / part).exists()):
        return folder
    entry = (folder / parts[0]).stat()
    mark = hashlib.sha256(f"{folder.resolve()} {entry.st_size} {entry.st_mtime_ns}".encode()).hexdigest()[:16]
    copy = _outside() / f"programs-{mark}"
    if not copy.exists():
        _copy(folder, parts, copy)
    return copy


def server_folder(data: Path, name: str, owner: Owner | None) -> Path:
    """The folder of a server's files that `owner` can enter; its parent exists, it may not yet."""
    inside = data / name
    if inside.is_symlink():
        _outside()
        return inside.resolve()
    if owner is None or inside.exists():
        return inside
    if all(folder.stat().st_mode & stat.S_IXOTH for folder in (data.resolve(), *data.resolve().parents)):
        return inside
    folder = _outside() / f"data-{uuid.uuid4().hex}"
    enterable(folder)
    inside.symlink_to(folder / name)
    return folder / name


def _outside() -> Path:
    try:
        enterable(OUTSIDE)
    except OSError as error:
        raise PlaceRefused(
            f"This folder can only be entered by root, and {OUTSIDE} cannot be made ({error.strerror}). "
            "Put the program into a folder that every user can enter, or run it as an ordinary user."
        ) from error
    entry = OUTSIDE.lstat()
    if not stat.S_ISDIR(entry.st_mode) or entry.st_uid != 0 or entry.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise PlaceRefused(f"{OUTSIDE} must be a folder that only root can write to: remove it, or correct its mode.")
    return OUTSIDE


def _copy(folder: Path, parts: tuple[str, ...], copy: Path) -> None:
    unfinished = copy.with_name(f"{copy.name}.{uuid.uuid4().hex}")
    enterable(unfinished)
    for part in (part for part in parts if (folder / part).exists()):
        (unfinished / part).parent.mkdir(parents=True, exist_ok=True)
        (shutil.copytree if (folder / part).is_dir() else shutil.copy)(folder / part, unfinished / part)
    for path in (unfinished, *unfinished.rglob("*")):
        path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)
    try:
        unfinished.rename(copy)
    except OSError:  # another start made it meanwhile
        shutil.rmtree(unfinished)
