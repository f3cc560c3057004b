"""Which version runs, and when it was released, for pages that say of what they speak."""

from datetime import date
from importlib.metadata import version
from typing import Final, NamedTuple

# The day in CHANGELOG.md of the version that pyproject.toml names; None before its release. tests/test_docs.py compares.
RELEASED: Final[date | None] = None


class Release(NamedTuple):
    """A version such as `1.0.0` and the day of its release; None where it is not released."""

    version: str
    day: date | None


def release() -> Release:
    return Release(version("ses"), RELEASED)
