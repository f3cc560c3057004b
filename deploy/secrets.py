"""The secrets of an embedded installation: made at the first start, kept in the data folder for its owner alone."""

import json
import os
import secrets
from pathlib import Path
from typing import TypedDict

from shared.settings import SERVICES

NAME = "secrets.json"


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
        _write(path, _new())
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


def _new() -> Secrets:
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
