"""What the tests of ingest share: on a busy machine a small file is still read while one waits."""

from collections.abc import Iterator

import pytest

from services.ingest.actions import reading


@pytest.fixture(scope="session", autouse=True)
def patience() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(reading, "PATIENCE_SECONDS", 60.0)
        yield
