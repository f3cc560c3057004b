"""The command `ses`: run, migrate, upload, show the broker's users, ask for health."""

import os
import re
import subprocess
import sys
import urllib.error
import urllib.request
from datetime import timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

import psycopg
import typer
from rich.console import Console
from sqlalchemy.exc import OperationalError
from typer.core import TyperGroup

from deploy import alertmanager, backups, events, uploading
from deploy import doctor as diagnosis
from deploy.embedded import runner
from deploy.embedded.beside import NotRunning, use_environment_beside
from deploy.embedded.installation import settings_of
from deploy.secret_files import NAME, FolderOpen, environment, load, new, write_files
from services.ingest.actions import retention as access_retention
from services.ingest.actions.kept_files import purge_files
from services.sesr.actions import retention as report_retention
from shared.access import issue_token
from shared.access.confirmations import has_confirmer, waits_for_second_person
from shared.access.policy import ROLES
from shared.access.tokens import is_waiting
from shared.db import rehearsed, transaction
from shared.delivery import acl
from shared.delivery.bus import purge as purge_events
from shared.emails import email_key
from shared.migrations import migrate as migrate_all
from shared.migrations.origin import OtherSchema
from shared.privacy.purge import forget, names_of, purge_personal
from shared.settings import DAYS_MOST, SERVICES, Settings, SettingsError, settings

ROOT = Path(__file__).parent.parent
_TOKEN = re.compile(r"[A-Za-z0-9_-]+")


class Commands(TyperGroup):
    """Ends a command that cannot do its work with a sentence: what is missing, and what to do."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except (NotRunning, SettingsError, OtherSchema, FolderOpen) as error:
            sys.exit(str(error))
        except (OperationalError, psycopg.OperationalError):
            sys.exit("The database does not answer. Start it with `make run`, or check SES_DATABASE_URL.")
        except OSError as error:
            if error.filename is None:
                raise
            sys.exit(f"{error.filename}: {error.strerror}.")


app = typer.Typer(cls=Commands, no_args_is_help=True, add_completion=True, help=__doc__)
app.add_typer(events.app, name="events")


def _version(is_given: bool) -> None:
    if is_given:
        typer.echo(f"ses {version('ses')}")
        raise typer.Exit


@app.callback()
def about(
    _: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Only the version.")] = False,
) -> None:
    pass


@app.command()
def run() -> None:
    """Start everything on this machine, as `make run` does."""
    runner.main()


@app.command()
def migrate() -> None:
    """Create roles and schemas, and bring all services' tables up to date."""
    migrate_all()


@app.command()
def bench(names: Annotated[list[str] | None, typer.Argument(help="Parts to measure; none: all.")] = None) -> None:
    """Measure against limits and peers on servers of its own, as `make bench` does; needs a checkout."""
    if not (ROOT / "bench").is_dir():
        sys.exit("The measurements are not part of an installation. Take a checkout and run `make bench`.")
    sys.exit(subprocess.run([sys.executable, "-m", "bench", *(names or [])], cwd=ROOT, check=False).returncode)


@app.command("backup")
def back_up(
    place: Annotated[str, typer.Argument(help="A file; or a folder, ending with a slash: a path, s3:// or sftp://.")],
    encrypt_for: Annotated[
        list[str] | None, typer.Option(help="Public key (age1... or ssh-ed25519 ...) of who may read it.")
    ] = None,
    keep: Annotated[int | None, typer.Option(min=1, help="In a folder, keep this many of the newest.")] = None,
    every: Annotated[
        float | None, typer.Option(min=0.1, help="Keep running, with one backup every so many hours.")
    ] = None,
) -> None:
    """Write the whole database, as of one instant, into a file; everything may go on meanwhile."""
    backups.main_back_up(place, encrypt_for or backups.readers_of_environment(), keep, every)


@app.command()
def restore(
    place: Annotated[str, typer.Argument(help="The file: a path, s3:// or sftp://.")],
    replace: Annotated[bool, typer.Option("--replace", help="Replace the data that is there.")] = False,
    only_check: Annotated[bool, typer.Option("--check", help="Only try it, in a database of its own.")] = False,
    identity: Annotated[Path | None, typer.Option(help="The file of the secret key, where it is encrypted.")] = None,
) -> None:
    """Put a backup in place of the database; web, workers and relay must be stopped."""
    backups.main_restore(place, identity, replace=replace, only_check=only_check)


@app.command("acl")
def acl_file() -> None:
    """Print the lines of the broker's ACL file; the passwords are in it only as hashes."""
    typer.echo("\n".join(acl.users(own_settings())))


@app.command("alertmanager")
def alertmanager_file() -> None:
    """Print Alertmanager's configuration: mails to SES_OPS_EMAIL by the mail server of the settings."""
    typer.echo(alertmanager.configuration())


@app.command("secrets")
def secret_files(folder: Path) -> None:
    """Make the secret files of an installation in containers; refuses a folder that already has them."""
    if (folder / "owner_password").exists():
        sys.exit(
            f"{folder} already holds secrets. Remove them there to make new ones; docs/deployment.md has the rotation."
        )
    names = write_files(folder, new())
    # Of the files, not of what was made now: an attempt that was cut off may have left some.
    current = settings_of({"SES_SECRETS_DIR": str(folder)})
    (folder / "broker_users").write_text("\n".join(acl.users(current)) + "\n")
    (folder / "broker_users").chmod(0o444)
    typer.echo(
        f"{len(names) + 1} files in {folder}. Write the client secret of your OpenID provider into ses_oidc_client_secret."
    )


@app.command()
def token(
    role: Annotated[str, typer.Option(help=f"One of {', '.join(ROLES)}.")],
    email: Annotated[
        str | None, typer.Option(help="For the person with this e-mail, with that person's scope.")
    ] = None,
    days: Annotated[int, typer.Option(min=1, max=366, help="How long it is valid.")] = 1,
) -> None:
    """Print a bearer token for the API, also beside a `make run` in another terminal."""
    if role not in ROLES:
        sys.exit(f"{role} is not a role; there are {', '.join(ROLES)}.")
    use_environment_beside()
    try:
        made = issue_token(role, email, lasts=timedelta(days=days))
    except LookupError as error:
        sys.exit(str(error))
    typer.echo(made)
    with transaction("ingest") as session:
        if is_waiting(session, made):
            typer.echo(f"It works once a person of the central office has confirmed it on {_waiting()}.", err=True)


@app.command("upload")
def upload_file(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True)],
    kind: Annotated[str, typer.Option(help="What is in the file; docs/files.md has the kinds.")] = "participation",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would happen; store nothing.")] = False,
    term: Annotated[str, typer.Option(help="The survey window, such as Sp26, where the date does not say.")] = "",
    token: Annotated[
        str, typer.Option(envvar="UPLOAD_TOKEN", help="A bearer token; default: one of this machine.")
    ] = "",
) -> None:
    """Upload a file. Ends with 0 taken, 1 refused, 3 quarantined, 4 the system does not answer."""
    console = Console(stderr=True)
    if token and not _TOKEN.fullmatch(token):
        raise typer.BadParameter("A token has letters, digits, - and _ alone: copy it again.", param_hint="--token")
    bearer = token or _own_token("central")
    request = uploading.UploadRequest(file, kind, dry_run, term, settings().public_url, bearer)
    sent = uploading.upload(request, console)
    typer.echo("\n".join(sent.lines))
    raise typer.Exit(sent.code)


def _own_token(role: str) -> str:
    """A bearer token from the installation on this machine, for an hour."""
    use_environment_beside()
    if waits_for_second_person(role):
        with transaction("ingest") as session:
            if has_confirmer(session):
                sys.exit(
                    f"Give a token by --token or UPLOAD_TOKEN: one made here waits for its confirmation on {_waiting()}."
                )
    return issue_token(role, lasts=timedelta(hours=1))


def _waiting() -> str:
    return f"{settings().public_url}/access/waiting"


@app.command()
def purge(
    days: Annotated[
        int | None, typer.Option(min=30, max=DAYS_MOST, help="Instead of each part's own days; not for events.")
    ] = None,
    now: Annotated[bool, typer.Option("--now", help="Remove it; without this it is only counted.")] = False,
) -> None:
    """Show what is kept past its time (sessions, tokens, files, names in strike reports, events), or remove it."""
    use_environment_beside()
    for line in purged(days, now=now):
        typer.echo(line)


def purged(days: int | None, *, now: bool) -> list[str]:
    """One line for each kind of thing: how many were, or would be, removed."""
    counts: dict[str, int] = {}
    with transaction("ingest") as session:
        counts |= access_retention.purge(session, days or access_retention.DAYS, dry_run=not now)
        with rehearsed(session, dry_run=not now):
            counts["files of uploads"] = purge_files(session, days or settings().upload_days)
    with transaction("sesr") as session:
        counts |= report_retention.purge(session, days or settings().strike_name_days, dry_run=not now)
    counts["events and jobs done"] = sum(_purged_events(service, now) for service in SERVICES)
    for service in SERVICES:
        with transaction(service) as session:
            counts |= purge_personal(session, service, days, dry_run=not now)
    return [f"{count} {name} {'removed' if now else 'would be removed'}" for name, count in counts.items()]


def _purged_events(service: str, now: bool) -> int:
    with transaction(service) as session, rehearsed(session, dry_run=not now):
        return purge_events(session)


@app.command("forget")
def forget_person(
    email: Annotated[str, typer.Argument(help="The person's e-mail address.")],
    now: Annotated[bool, typer.Option("--now", help="Do it; without this it is only counted.")] = False,
) -> None:
    """Take a person's account away and their e-mail address and name out of every table."""
    use_environment_beside()
    key = email_key(email)
    if not key:
        raise typer.BadParameter(f"{email} is no e-mail address.")
    try:
        with psycopg.connect(settings().database_url) as connection:
            shared = names_of(connection, key).shared
            counts = forget(connection, key)
            if not now:
                connection.rollback()
    except (psycopg.errors.DeadlockDetected, psycopg.errors.LockNotAvailable):
        sys.exit("Somebody was writing the same rows, so nothing was changed. Run it again.")
    for place, count in counts.items():
        typer.echo(f"{count} rows of {place} {'changed' if now else 'would be changed'}")
    for name in shared:
        typer.echo(f"{name!r} is a name of others too, or too short to search for: changed only beside the address.")
    if now:
        typer.echo("Run it again in some minutes: what was under way just now may have brought the address back.")
    typer.echo("Take them out of the directory's file too: its next load would bring them back.")


@app.command()
def doctor(as_json: Annotated[bool, typer.Option("--json", help="For a program to read.")] = False) -> None:
    """Look at settings, names, database, broker, mail server, https, sign-in, clock and disk, and say what to do."""
    use_environment_beside()
    diagnosis.main(as_json)


@app.command()
def health() -> None:
    """Ask the web pages whether they are ready; ends with 1 when they are not."""
    url = f"http://127.0.0.1:{settings().port}/ingest/readyz"
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            typer.echo(answer.read().decode())
    except urllib.error.HTTPError as error:
        sys.exit(f"{url} answers {error.code}: {error.read().decode(errors='replace')}")
    except OSError as error:
        sys.exit(f"{url} does not answer ({error}). Is it running? Start it with `make run`, or name it by SES_PORT.")


def own_settings() -> Settings:
    """The settings; with the secrets of the embedded runner's data folder unless a folder of secrets is named."""
    data = Path(settings().data)
    if os.environ.get("SES_SECRETS_DIR") or not (data / NAME).exists():
        return settings()
    return settings_of({**environment(load(data)), **os.environ})
