"""Who is asking: sessions and service tokens in the schema `access`, written by ingest's role, read by all through one view."""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import orjson
from sqlalchemy import text
from sqlmodel import Session

from shared.db import transaction
from shared.policy import ROLES

_WHO = text(
    "select person_id, name, email, role, scope, roles, kind from access.who"
    " where token_hash = :token_hash and (kind = 'token' or access.touch_session(:token_hash, :idle))"
)
_PERSON = text(
    "insert into access.person(person_id, name, email) values (:person_id, :name, :email)"
    " on conflict (person_id) do update set name = excluded.name, email = excluded.email"
    " where (access.person.name, access.person.email) is distinct from (excluded.name, excluded.email)"
)
_GRANT = text(
    "insert into access.role_grant(person_id, role, scope) values (:person_id, :role, cast(:scope as text[]))"
    " on conflict (person_id, role) do update set scope = excluded.scope"
)
_SESSION = text(
    "insert into access.session(token_hash, person_id, role, expires_at)"
    " values (:token_hash, :person_id, :role, now() + :lasts)"
)
_TOKEN = text(
    "insert into access.token(token_hash, label, person_id, role, expires_at)"
    " values (:token_hash, :label, :person_id, :role, now() + :lasts)"
)
_END = text("update access.session set ended_at = now() where token_hash = :token_hash and ended_at is null")
_PEOPLE = text(
    "select p.person_id, p.name, p.email, g.role, g.scope from access.person p join access.role_grant g using (person_id)"
    " where g.role = any(:roles) and (cast(:email as text) is null or lower(p.email) = lower(:email))"
    " order by g.role, p.name, p.person_id limit :limit"
)

_AUDIT = text(
    "insert into audit(actor, action, object, detail) values (:actor, :action, :object, cast(:detail as jsonb))"
)


@dataclass(frozen=True)
class Who:
    """The person (or service) behind a request, in one role; `scope` holds school keys or a region, `roles` all roles."""

    person_id: str
    name: str
    email: str
    role: str
    scope: tuple[str, ...]
    roles: tuple[str, ...]
    kind: str

    @property
    def actor(self) -> str:
        """How audit rows name this person."""
        return f"{self.person_id} as {self.role}"


def hash_of(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def csrf_of(token: str) -> str:
    """The form token of a session: known to whoever holds the session's cookie, and to nobody else."""
    return hashlib.sha256(f"csrf {token}".encode()).hexdigest()


def who_is(session: Session, token: str, idle: timedelta) -> Who | None:
    """The person of a live session or service token; None when it is unknown, ended or expired."""
    row = session.execute(_WHO, {"token_hash": hash_of(token), "idle": idle}).one_or_none()
    if row is None:
        return None
    return Who(row.person_id, row.name, row.email, row.role, tuple(row.scope), tuple(row.roles), row.kind)


def keep_person(session: Session, person_id: str, name: str, email: str, role: str, scope: Sequence[str]) -> None:
    """Adds or updates a person with one role; ValueError for a role that does not exist."""
    if role not in ROLES:
        raise ValueError(f"{role!r} is not a role")
    session.execute(_PERSON, {"person_id": person_id, "name": name, "email": email})
    session.execute(_GRANT, {"person_id": person_id, "role": role, "scope": list(scope)})


def start_session(session: Session, person_id: str, role: str, lasts: timedelta) -> str:
    """A new session's token, which only the browser keeps."""
    token = secrets.token_urlsafe(32)
    values = {"token_hash": hash_of(token), "person_id": person_id, "role": role, "lasts": lasts}
    session.execute(_SESSION, values)
    return token


def end_session(session: Session, token: str) -> None:
    session.execute(_END, {"token_hash": hash_of(token)})


def people_of(session: Session, roles: Sequence[str], email: str | None = None, limit: int = 50) -> Sequence[Any]:
    """Rows (person_id, name, email, role, scope) of the people who hold one of the roles."""
    return session.execute(_PEOPLE, {"roles": list(roles), "email": email, "limit": limit}).all()


def issue_token(
    role: str, email: str | None = None, label: str = "command line", lasts: timedelta | None = None
) -> str:
    """A new bearer token in a role, for the person with that e-mail or a service person of that role.

    Raises LookupError when no such person holds the role.
    """
    token = secrets.token_urlsafe(32)
    with transaction("ingest") as session:
        person_id = f"service:{role}"
        if email is not None:
            people = people_of(session, [role], email)
            if not people:
                raise LookupError(f"nobody with the e-mail {email} has the role {role}")
            person_id = people[0].person_id
        else:
            keep_person(session, person_id, f"Service ({role})", f"service-{role}@invalid", role, [])
        values = {"token_hash": hash_of(token), "label": label, "person_id": person_id, "role": role}
        session.execute(_TOKEN, {**values, "lasts": lasts or timedelta(days=1)})
    return token


def audit(session: Session, actor: str, action: str, subject: str, detail: dict[str, Any] | None = None) -> None:
    """One row in the service's append-only audit log, in the transaction of what it tells."""
    session.execute(_AUDIT, {"actor": actor, "action": action, "object": subject, "detail": _json(detail or {})})


def _json(detail: dict[str, Any]) -> str:
    return orjson.dumps(detail, default=str).decode()
