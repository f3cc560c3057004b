"""Writes the requested files of a service in a process of its own: `python -m shared.jobs.writer rates`.

The worker starts it where a file waits and goes on with its events meanwhile; it ends when nothing waits any more. It has
the service's database password alone of all secrets, and limits of memory and time.
"""

import importlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from uuid import UUID

import structlog
from sqlmodel import Session

from shared.db import transaction
from shared.files.confinement import confine
from shared.jobs import queue
from shared.jobs.queue import FileJob, JobCanceled
from shared.leases import renewed
from shared.ops.logs import set_up_logs
from shared.settings import SERVICES, settings

ROOT = Path(__file__).parent.parent.parent
MEMORY_LIMIT = 1024 * 1024 * 1024
CPU_SECONDS = 900
# Progress is written and looked at every so many seconds.
EVERY_SECONDS = 1.0
RENEW_SECONDS = queue.LEASE.total_seconds() / 3
# What a writer needs of the environment beside the password of its service.
_PLAIN = ("PATH", "LANG", "LC_ALL", "TZ", "TMPDIR", "SES_ENVIRONMENT", "SES_DATABASE_URL", "SES_TIMEZONE")
Progress = Callable[[int, int], None]
Begin = Callable[[], AbstractContextManager[Session]]
# Does a job: it begins the transactions that it needs, and none is open while it reads or computes beside them.
Writer = Callable[[Begin, FileJob, str, Progress], None]
log = structlog.get_logger()
_running: dict[str, subprocess.Popen[bytes]] = {}


def at_once(write: Callable[[Session, FileJob, str, Progress], None]) -> Writer:
    """A writer whose whole file is of one moment, in one transaction."""

    def begun(begin: Begin, job: FileJob, path: str, note: Progress) -> None:
        with begin() as session:
            write(session, job, path, note)

    return begun


def start_writer(service: str) -> None:
    """Starts the writer of a service where a file waits and none is running here."""
    writer = _running.get(service)
    if writer is not None and writer.poll() is None:
        return
    with transaction(service) as session:
        if not queue.is_waiting(session):
            return
    command = [sys.executable, "-m", "shared.jobs.writer", service]
    _running[service] = subprocess.Popen(command, cwd=ROOT, env=environment_of(service), stdin=subprocess.DEVNULL)


def environment_of(service: str) -> dict[str, str]:
    """The environment of a service's writer: how it reaches its own tables, and nothing else that is secret."""
    plain = {name: os.environ[name] for name in _PLAIN if name in os.environ}
    secret = settings().database_passwords[service].get_secret_value()
    return {**plain, f"SES_DATABASE_PASSWORDS__{service.upper()}": secret}


def write_waiting(service: str, writers: Mapping[str, Writer]) -> int:
    """Writes what waits, one file after the other; answers how many."""
    written = 0
    while True:
        with transaction(service) as session:
            job = queue.claim(session)
        if job is None:
            return written
        _write(service, writers[job.kind], job)
        written += 1


def _write(service: str, write: Writer, job: FileJob) -> None:
    parent, last = os.getppid(), 0.0

    def note(done: int, total: int) -> None:
        nonlocal last
        if time.monotonic() < last + EVERY_SECONDS and done != total:
            return
        last = time.monotonic()
        if os.getppid() != parent:
            raise JobCanceled("the worker has left")
        with transaction(service) as session:
            queue.note_progress(session, job.job_id, done, total)

    handle, path = tempfile.mkstemp(prefix="ses-file-")
    os.close(handle)
    try:
        # A long file is read without progress; a writer that died renews nothing.
        with renewed(service, lambda session: queue.renew(session, job.job_id), RENEW_SECONDS):
            write(partial(transaction, service), job, path, note)
        with transaction(service) as session:
            queue.keep(session, job.job_id, path)
    except JobCanceled:
        log.info("file not written", job=str(job.job_id))
    except Exception:
        log.exception("file failed", job=str(job.job_id))
        _note_failure(service, job.job_id)
    finally:
        os.unlink(path)


def _note_failure(service: str, job_id: UUID) -> None:
    with transaction(service) as session:
        queue.note_failure(session, job_id)


def main(arguments: list[str]) -> None:
    service = arguments[0] if arguments else ""
    if service not in SERVICES:
        sys.exit(f"usage: python -m shared.jobs.writer SERVICE; SERVICE is one of {', '.join(SERVICES)}")
    confine(MEMORY_LIMIT, CPU_SECONDS, may_write=True)
    set_up_logs(f"{service} writer")
    write_waiting(service, importlib.import_module(f"services.{service}.actions.files").WRITERS)


if __name__ == "__main__":
    main(sys.argv[1:])
