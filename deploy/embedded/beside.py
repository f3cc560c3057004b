"""The environment of an embedded installation that already runs, for a command in another terminal."""

import os
from collections.abc import Mapping
from pathlib import Path

from deploy.embedded.installation import DEMO, settings_of
from deploy.embedded.servers import DATABASE, SUPERUSER, port_free
from deploy.secret_files import NAME, environment, load
from shared.settings import settings


class NotRunning(Exception):
    """Nothing runs on that data folder; the text says what to do."""


def environment_beside(data: Path, given: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The SES_* variables that lead to what runs on `data`; what `given` or its folder of secrets names wins.

    Raises NotRunning.
    """
    own = {name: value for name, value in given.items() if name.startswith("SES_") and value}
    if own.get("SES_DATABASE_URL") or (own.get("SES_SECRETS_DIR") and settings_of(own).database_url):
        return own
    if not (data / NAME).exists():
        raise NotRunning(
            f"Nothing runs on the data in {data}. Start it with `make run`, or name it by SES_DATA=FOLDER."
        )
    kept = load(data)
    url = f"postgresql://{SUPERUSER}:{kept['owner_password']}@127.0.0.1:{database_port(data)}/{DATABASE}"
    address = {} if own.get("SES_PORT") else noted_address(data)
    return {"SES_ENVIRONMENT": DEMO, "SES_DATABASE_URL": url, **address, **environment(kept), **own}


def noted_address(data: Path) -> dict[str, str]:
    """Where the pages of what runs on `data` answer, where its runner has noted it."""
    lock = data / "lock"
    address = lock.read_text().rpartition(", ")[2] if lock.exists() else ""
    return {"SES_PUBLIC_URL": address} if address else {}


def use_environment_beside() -> None:
    """This process, from now on, works on what runs on the data folder of the settings. Raises NotRunning."""
    os.environ.update(environment_beside(Path(settings().data).expanduser().resolve()))
    settings.cache_clear()


def database_port(data: Path) -> int:
    """The port of the database that runs on `data`, from the file in which PostgreSQL keeps it.

    A database that was killed leaves that file behind, so the port is asked too.
    """
    try:
        port = int((data / "postgres" / "postmaster.pid").read_text().splitlines()[3])
    except (OSError, IndexError, ValueError):
        port = 0
    if not port or port_free(port):
        raise NotRunning(f"The database of {data} does not run. Start it with `make run`.")
    return port
