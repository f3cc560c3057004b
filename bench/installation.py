"""A stack of its own for a measurement: servers on a temporary folder, migrated, with or without the programs."""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from deploy.demo.files import write
from deploy.embedded.installation import running as servers_running
from deploy.setup import remove_data
from shared.db import engine
from shared.migrations import migrate
from shared.settings import settings
from tests.people import add_people
from tests.stack import Programs, programs, wipe


@contextmanager
def database() -> Iterator[None]:
    """PostgreSQL and broker of this measurement, with empty tables; SES_* of this process lead to them."""
    data = Path(tempfile.mkdtemp(prefix="ses-bench-"))
    for name in [name for name in os.environ if name.startswith("SES_")]:
        del os.environ[name]
    try:
        with servers_running(data, "test", {}) as servers:
            os.environ.update(servers.env)
            settings.cache_clear()
            migrate()
            wipe()
            add_people()
            yield
    finally:
        engine.cache_clear()
        remove_data(data)


@contextmanager
def whole() -> Iterator[Programs]:
    """The same with relay, workers and web."""
    with database(), tempfile.TemporaryDirectory() as logs, programs(Path(logs)) as started:
        yield started


@contextmanager
def demo_files() -> Iterator[tuple[Path, list[Path]]]:
    """The directory and the extractions, oldest first, of the full demo district; removed after the block."""
    with tempfile.TemporaryDirectory(prefix="ses-bench-demo-") as made:
        folder = Path(made)
        write(folder, "full", date.today())
        yield folder / "directory.xlsx", sorted(folder.rglob("participation_*.xlsx"), key=lambda path: path.name)


@contextmanager
def child(*command: str, **env: str) -> Iterator[subprocess.Popen[bytes]]:
    """A program of the measurement beside this one, ended with it."""
    started = subprocess.Popen(
        [sys.executable, "-m", *command],
        env={**os.environ, **env},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield started
    finally:
        os.killpg(started.pid, signal.SIGKILL)
        started.wait()
