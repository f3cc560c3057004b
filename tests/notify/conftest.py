"""A mail server for the tests of alerts."""

from collections.abc import Iterator

import pytest

from shared.settings import settings
from tests.notify.sinks import Sink, sink
from tests.notify.telling import tell_directory


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, clean: None) -> Iterator[Sink]:
    """A mail server that the settings lead to, and a directory."""
    with sink() as (kept, url):
        monkeypatch.setattr(settings(), "smtp_url", url)
        tell_directory()
        yield kept
