"""Every route of the five services with what it declares, found by walking the apps: new routes are covered at once."""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from fastapi.dependencies.models import Dependant
from fastapi.routing import iter_route_contexts

from deploy.web import APPS
from shared.web.requests import SAFE_METHODS, OwnKey, Permission, Public

UUID = "00000000-0000-7000-8000-000000000001"
VALUES = {"ploc": "14001", "school_key": "1400101", "key": "1400101", "group": "students", "day": "2026-11-21"}


class Surface(NamedTuple):
    """One method of one route; `permission` is None where the route declares none."""

    service: str
    method: str
    path: str
    permission: str | None

    @property
    def writes(self) -> bool:
        return self.method not in SAFE_METHODS

    @property
    def address(self) -> str:
        """The path with every parameter filled in with something of its kind that does not exist."""
        return re.sub(r"\{(\w+)(:\w+)?\}", lambda found: VALUES.get(found[1], UUID), self.path)

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def declared(dependant: Dependant) -> str | None:
    """The permission (or `public`, or `own key`) that a route's dependencies name."""
    if isinstance(dependant.call, (OwnKey, Permission, Public)):
        return dependant.call.name
    return next((name for inner in dependant.dependencies if (name := declared(inner))), None)


def surfaces(apps: dict[str, Any] = APPS) -> Iterator[Surface]:
    """All routes of all apps; the static files, which are public by their nature, excepted."""
    for service, app in apps.items():
        for route in iter_route_contexts(app.routes):
            if route.path == "/static/{digest}/{path:path}":
                continue
            dependant = getattr(route, "dependant", None)
            for method in sorted((route.methods or {"GET"}) - {"HEAD"}):
                yield Surface(service, method, route.path or "", declared(dependant) if dependant else None)


SURFACES = list(surfaces())
WRITES = [surface for surface in SURFACES if surface.writes and surface.permission != "own key"]
