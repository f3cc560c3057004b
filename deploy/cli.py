"""The command `ses`: run, migrate, show the broker's users, ask for health."""

import os
import sys
import urllib.error
import urllib.request
from pathlib import Path

import typer

from deploy import runner
from deploy.embedded import settings_of
from deploy.secrets import NAME, environment, load
from shared import acl
from shared.migrations import migrate as migrate_all
from shared.settings import Settings, SettingsError, settings

app = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__)


@app.command()
def run() -> None:
    """Start everything on this machine, as `make run` does."""
    runner.main()


@app.command()
def migrate() -> None:
    """Create roles and schemas, and bring all services' tables up to date."""
    migrate_all()


@app.command("acl")
def acl_file() -> None:
    """Print the lines of the broker's ACL file; the passwords are in it only as hashes."""
    try:
        typer.echo("\n".join(acl.users(own_settings())))
    except SettingsError as error:
        sys.exit(str(error))


@app.command()
def health() -> None:
    """Ask the web pages whether they are ready; ends with 1 when they are not."""
    url = f"http://127.0.0.1:{settings().port}/readyz"
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            typer.echo(answer.read().decode())
    except urllib.error.HTTPError as error:
        sys.exit(f"{url} answers {error.code}: {error.read().decode(errors='replace')}")
    except OSError as error:
        sys.exit(f"{url} does not answer ({error}). Is it running? Start it with `make run`.")


def own_settings() -> Settings:
    """The settings, with the secrets of the embedded runner's data folder where the environment gives none."""
    data = Path(settings().data)
    return settings_of({**environment(load(data)), **os.environ}) if (data / NAME).exists() else settings()
