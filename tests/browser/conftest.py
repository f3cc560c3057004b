"""What the browser tests share."""

from collections.abc import Iterator

import pytest

from tests.browser.chromium import browser
from tests.browser.engines import RUNNING, Engine

__all__ = ["browser", "engine"]


@pytest.fixture(scope="module", params=sorted(RUNNING))
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    """Each of the engines beside Chromium; one start of a browser for a module."""
    with RUNNING[request.param]() as running:
        yield running
