"""Sign-in and permission of the one busy route: the same as everywhere, without a thread and asked together."""

from collections.abc import Sequence
from typing import Any

from fastapi import Depends, Request
from psycopg.rows import namedtuple_row

from shared.access import Who
from shared.access.sessions import WHO, people_of_rows
from shared.db import psycopg_style
from shared.web.direct import Connection
from shared.web.requests import Permission, accepted, credential_of, session_limits
from shared.web.together import Together

_WHO = psycopg_style(WHO.text)


async def _people(connection: Connection, hashes: Sequence[bytes]) -> list[Who | None]:
    values = {"hashes": list(set(hashes)), **session_limits()._asdict(), "touch": True}
    found = await connection.cursor(row_factory=namedtuple_row).execute(_WHO, values)
    people = people_of_rows(await found.fetchall())
    return [people.get(found) for found in hashes]


# One for each service and process, so that lookups of all routes go together.
_lookups: dict[str, Together[bytes, Who | None]] = {}


async def known_person(request: Request, service: str) -> Who | None:
    """Who asks, by the session or token that the request carries; None for nobody.

    Raises NotSignedIn for a bearer token that is not valid, NotAllowed for two credentials in one request.
    """
    credential = credential_of(request)
    if credential is None:
        return None
    found = await _lookups.setdefault(service, Together(service, _people))(credential.hashed)
    return accepted(request, credential, found)


class QuickPermission(Permission):
    """A permission that is looked up without a thread, each time: a session that ended has ended at once."""

    def __init__(self, name: str, service: str) -> None:
        super().__init__(name)
        self.service = service

    async def __call__(self, request: Request) -> Who:  # type: ignore[override]
        return self.permit(request, await known_person(request, self.service))


def allow_quickly(permission: str, service: str) -> Any:
    """Like `allow`, for a route that is async and asks by `Together`."""
    return Depends(QuickPermission(permission, service), scope="function")
