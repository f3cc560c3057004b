"""The audit log: what was changed, by whom, from where, in the same transaction as the change."""

from typing import Any

import orjson
import structlog
from sqlalchemy import text
from sqlmodel import Session

_AUDIT = text(
    "insert into audit(actor, action, object, detail) values (:actor, :action, :object, cast(:detail as jsonb))"
)


def audit(session: Session, actor: str, action: str, subject: str, detail: dict[str, Any] | None = None) -> None:
    """One row in the service's append-only audit log, in the transaction of what it records.

    The request's id and address are added to the detail as `_request` and `_address` where there is a request.
    """
    noted = {**(detail or {}), **request_places()}
    values = {"actor": actor, "action": action, "object": subject, "detail": orjson.dumps(noted, default=str).decode()}
    session.execute(_AUDIT, values)


def request_places() -> dict[str, Any]:
    """The request's id and address, for the detail of an audit row; nothing where there is no request."""
    known = structlog.contextvars.get_contextvars()
    places = {"_request": known.get("request_id"), "_address": known.get("address")}
    return {name: value for name, value in places.items() if value}
