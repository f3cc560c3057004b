"""One real PostgreSQL and one real broker for the whole session; a skipped test fails it."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.embedded.installation import Embedded, Servers, prepare
from deploy.setup import remove_data
from shared.migrations import migrate
from shared.settings import settings
from shared.web.limits import limiter
from tests.people import add_people
from tests.stack import Programs, programs, wipe

# What `make check` runs: the structure, the documentation, the rules, and one journey through all services.
CHECK = ("tests/test_", "tests/deploy/test_setup.py", "tests/journeys/test_main_job.py", "tests/shared/test_names.py")
_PROGRAMS = ("SES_PG_BIN", "SES_BROKER_BIN")
_made = pytest.StashKey[Embedded]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--check", action="store_true", help="only what `make check` runs; the summary counts the rest")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """With --check leaves out all that it does not run, as deselected, so that the summary says how many they are."""
    if config.getoption("check"):
        left_out = [item for item in items if not in_check(item.nodeid)]
        items[:] = [item for item in items if in_check(item.nodeid)]
        config.hook.pytest_deselected(items=left_out)


def in_check(nodeid: str) -> bool:
    """Whether a test is one of those of `make check`: named in CHECK, or of a service's rules."""
    return nodeid.startswith(CHECK) or "/test_rules.py::" in nodeid


def pytest_configure(config: pytest.Config) -> None:
    """Exports the environment before any test module is imported; the servers start when a test asks for them."""
    given = {name: os.environ[name] for name in _PROGRAMS if name in os.environ}
    for name in [name for name in os.environ if name.startswith("SES_")]:
        del os.environ[name]
    made = prepare(Path(tempfile.mkdtemp(prefix="ses-test-")), "test", given)
    os.environ.update(made.env)
    settings.cache_clear()
    config.stash[_made] = made


def pytest_unconfigure(config: pytest.Config) -> None:
    remove_data(config.stash[_made].data)


@pytest.fixture(scope="session")
def stack_servers(pytestconfig: pytest.Config) -> Iterator[Servers]:
    """The session's PostgreSQL and broker, migrated; SES_* of this process lead to them."""
    servers = Servers(pytestconfig.stash[_made])
    servers.start()
    try:
        migrate()
        yield servers
    finally:
        servers.stop()


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for report in terminalreporter.stats.get("skipped", []):
        terminalreporter.write_line(f"skipped, which counts as a failure: {report.nodeid}", red=True)


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None and reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture
def clean(stack_servers: Servers) -> None:
    """Empty tables of all services, and one person of each role."""
    wipe()
    add_people()
    limiter.clear()


@pytest.fixture
def stack(stack_servers: Servers, tmp_path: Path) -> Iterator[Programs]:
    """Empty tables, and the real relay, workers and web running on them."""
    wipe()
    add_people()
    with programs(tmp_path) as running:
        yield running
