"""The navigation of every page: the entries that each service registers in its `navigation.toml`.

A service runs in a process of its own and still shows the entries of the others; so they are data, not code.
"""

import tomllib
from pathlib import Path
from typing import Any, Final, NamedTuple

from shared.access import Who

ROOT: Final = Path(__file__).parent.parent.parent


class NavigationEntry(NamedTuple):
    """A link of the navigation, for whoever has the permission; entries stand by `order`."""

    order: int
    href: str
    label: str
    permission: str


def _read() -> tuple[NavigationEntry, ...]:
    files = sorted(ROOT.glob("services/*/navigation.toml"))
    found = [NavigationEntry(**entry) for path in files for entry in tomllib.loads(path.read_text("utf-8"))["entry"]]
    return tuple(sorted(found))


NAVIGATION: Final = _read()


def navigation(who: Who | None, path: str) -> list[dict[str, Any]]:
    """The entries that the person may open, the current one marked; a service's own part of /ops is Operations."""
    if who is None:
        return []
    if path.split("/")[2:3] == ["ops"]:
        path = "/ops"
    entries = [entry for entry in NAVIGATION if who.may(entry.permission)]
    inside = [
        entry.href for entry in entries if path == entry.href or (entry.href != "/" and path.startswith(entry.href))
    ]
    current = max(inside, key=len, default="")
    return [{"href": entry.href, "label": entry.label, "current": entry.href == current} for entry in entries]
