"""A stack of its own for a measurement: servers on a temporary folder, migrated, with or without the programs."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.embedded import running as servers_running
from deploy.setup import remove_data
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
        remove_data(data)


@contextmanager
def whole() -> Iterator[Programs]:
    """The same with relay, workers and web."""
    with database(), tempfile.TemporaryDirectory() as logs, programs(Path(logs)) as started:
        yield started
