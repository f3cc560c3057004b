"""Service tokens: how programs ask, each in one role and scope, kept hashed, with an end."""

import secrets
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import text
from sqlmodel import Session

from shared.access.audits import audit
from shared.access.people import grant, keep_person, people_of
from shared.access.sessions import hash_of
from shared.db import transaction

_TOKEN = text(
    """
    insert into access.token(token_hash, label, person_id, role, expires_at, created_by)
    values (:token_hash, :label, :person_id, :role, now() + :lasts, :created_by)
    """
)
_TOKENS = text(
    """
    select encode(t.token_hash, 'hex') as id, t.label, t.person_id, p.name, t.role, g.scope, t.created_at, t.expires_at,
    t.revoked_at, t.created_by,
    case when t.revoked_at is not null then 'revoked' when t.expires_at <= now() then 'expired' else 'valid' end as state
    from access.token t join access.person p using (person_id)
    left join access.role_grant g on g.person_id = t.person_id and g.role = t.role
    order by t.created_at desc, id limit :limit
    """
)
_REVOKE = text(
    "update access.token set revoked_at = now() where encode(token_hash, 'hex') = :id and revoked_at is null returning label"
)


def issue_token(
    role: str, email: str | None = None, label: str = "command line", lasts: timedelta | None = None
) -> str:
    """A new bearer token in a role, for the person with that e-mail or a service person of that role.

    Raises LookupError when no such person holds the role.
    """
    with transaction("ingest") as session:
        person_id = f"service:{role}"
        if email is not None:
            people = people_of(session, [role], email)
            if not people:
                raise LookupError(f"nobody with the e-mail {email} has the role {role}")
            person_id = people[0].person_id
        else:
            keep_person(session, person_id, f"Service ({role})", f"service-{role}@invalid", role, [])
        audit(session, "command line", "token issued", person_id, {"role": role, "label": label})
        return _keep(session, label, person_id, role, lasts or timedelta(days=1), "command line")


def create_token(
    session: Session, label: str, role: str, scope: Sequence[str], lasts: timedelta, created_by: str
) -> str:
    """A new bearer token for a program of its own, with a role and scope that are only this token's."""
    person_id = f"service:{secrets.token_hex(6)}"
    keep_person(session, person_id, label, "program@invalid", role, scope)
    grant(session, person_id, role, scope, "operations")
    return _keep(session, label, person_id, role, lasts, created_by)


def tokens(session: Session, limit: int = 200) -> Sequence[Any]:
    """Service tokens with their state (valid, expired, revoked), newest first; never the tokens themselves."""
    return session.execute(_TOKENS, {"limit": limit}).all()


def revoke_token(session: Session, id: str) -> str | None:
    """Ends a token by the id under which it is listed; answers its label, None when there was none to end."""
    label: str | None = session.execute(_REVOKE, {"id": id}).scalar_one_or_none()
    return label


def _keep(session: Session, label: str, person_id: str, role: str, lasts: timedelta, created_by: str) -> str:
    token = secrets.token_urlsafe(32)
    values = {"token_hash": hash_of(token), "label": label, "person_id": person_id, "role": role}
    session.execute(_TOKEN, {**values, "lasts": lasts, "created_by": created_by})
    return token
