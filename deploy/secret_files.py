"""The secrets of an installation: of an embedded one in its data folder, of one in containers as a file each."""

import json
import os
import secrets
import stat
from pathlib import Path
from typing import TypedDict

from shared.settings import SERVICES

NAME = "secrets.json"


class FolderOpen(Exception):
    """Others can read the folder that is to hold secrets; the text says what to do."""


class Secrets(TypedDict):
    """All of them; the maps are keyed by service, `redis_passwords` also by `flower`."""

    owner_password: str
    database_passwords: dict[str, str]
    redis_passwords: dict[str, str]
    event_keys: dict[str, str]
    link_key: str
    flower_password: str


def load(data: Path) -> Secrets:
    """Those of this data folder, made now when it has none."""
    path = data / NAME
    if not path.exists():
        _write(path, new())
    kept: Secrets = json.loads(path.read_text())
    return kept


def environment(kept: Secrets) -> dict[str, str]:
    """The SES_* variables that carry them to the programs."""
    maps = {
        "SES_DATABASE_PASSWORDS": kept["database_passwords"],
        "SES_REDIS_PASSWORDS": kept["redis_passwords"],
        "SES_EVENT_KEYS": kept["event_keys"],
    }
    nested = {f"{name}__{key.upper()}": value for name, values in maps.items() for key, value in values.items()}
    return {**nested, "SES_LINK_KEY": kept["link_key"]}


def new() -> Secrets:
    """Secrets never used before."""

    def each(*names: str) -> dict[str, str]:
        return {name: secrets.token_urlsafe(24) for name in names}

    return Secrets(
        owner_password=secrets.token_urlsafe(24),
        database_passwords=each(*SERVICES),
        redis_passwords=each(*SERVICES, "flower"),
        event_keys=each(*SERVICES),
        link_key=secrets.token_urlsafe(32),
        flower_password=secrets.token_urlsafe(9),
    )


def _write(path: Path, kept: Secrets) -> None:
    unfinished = path.with_suffix(".unfinished")
    unfinished.unlink(missing_ok=True)
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(kept, file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    unfinished.rename(path)


def write_files(folder: Path, kept: Secrets) -> list[str]:
    """One file for each secret, as docker-compose.yml names them; answers their names.

    The folder is for its owner alone; the files can be read by the containers' users, into which they are mounted.
    Raises FolderOpen where it is there and others can enter it.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if mode := stat.S_IMODE(folder.stat().st_mode) & 0o077:
        raise FolderOpen(
            f"Others of this machine can read {folder}, and with it the secrets (its mode is 7{mode:02o}). "
            f"Say `chmod 700 {folder}`, or name a folder that does not exist yet."
        )
    owner = kept["owner_password"]
    files = {
        **{name.lower(): value for name, value in environment(kept).items()},
        "owner_password": owner,
        "ses_database_url": f"postgresql://ses:{owner}@postgres:5432/ses",
        "ses_flower_password": kept["flower_password"],
        "ses_oidc_client_secret": "",
    }
    for name, value in files.items():
        path = folder / name
        if not path.exists():
            path.write_text(value)
            path.chmod(0o444)
    return sorted(files)
