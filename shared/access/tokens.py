"""Service tokens: how programs ask, each in one role and scope, kept hashed, with an end."""

import secrets
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import text
from sqlmodel import Session

from shared.access.audits import audit
from shared.access.confirmations import has_confirmer, waits_for_second_person
from shared.access.people import grant, keep_person, people_of
from shared.access.sessions import hash_of
from shared.db import transaction

COMMAND = "command line"
_TOKEN = text(
    """
    insert into access.token(token_hash, label, person_id, role, expires_at, created_by, maker_id, confirmed_at)
    values (:token_hash, :label, :person_id, :role, now() + :lasts, :created_by, :maker_id,
      case when :waits then null else now() end)
    """
)
_TOKENS = text(
    """
    select encode(t.token_hash, 'hex') as id, t.label, t.person_id, p.name, t.role, g.scope, t.created_at, t.expires_at,
    t.revoked_at, t.created_by, t.confirmed_by,
    case when t.revoked_at is not null then 'revoked' when t.expires_at <= now() then 'expired'
      when t.confirmed_at is null then 'waiting' else 'valid' end as state
    from access.token t join access.person p using (person_id)
    left join access.role_grant g on g.person_id = t.person_id and g.role = t.role
    order by t.created_at desc, id limit :limit
    """
)
_IS_WAITING = text("select confirmed_at is null from access.token where token_hash = :token_hash")
_REVOKE = text(
    "update access.token set revoked_at = now() where encode(token_hash, 'hex') = :id and revoked_at is null returning label"
)


def issue_token(role: str, email: str | None = None, label: str = COMMAND, lasts: timedelta | None = None) -> str:
    """A new bearer token in a role, for the person with that e-mail or a service person of that role.

    Where nobody of the central office is there to confirm it, it waits for nobody: with it the first directory is loaded.
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
        waits = waits_for_second_person(role) and has_confirmer(session)
        audit(session, COMMAND, "token issued", person_id, {"role": role, "label": label, "waits": waits})
        return _keep(session, label, person_id, role, lasts or timedelta(days=1), COMMAND, waits=waits)


def is_waiting(session: Session, token: str) -> bool:
    """Whether a token that was made still waits for the central office."""
    return bool(session.execute(_IS_WAITING, {"token_hash": hash_of("token", token)}).scalar_one())


def create_token(
    session: Session,
    label: str,
    role: str,
    scope: Sequence[str],
    lasts: timedelta,
    created_by: str,
    maker_id: str | None = None,
    *,
    waits: bool = False,
) -> str:
    """A new bearer token for a program of its own, with a role and scope that are only this token's."""
    person_id = f"service:{secrets.token_hex(6)}"
    keep_person(session, person_id, label, "program@invalid", role, scope)
    grant(session, person_id, role, scope, "operations")
    return _keep(session, label, person_id, role, lasts, created_by, maker_id, waits=waits)


def tokens(session: Session, limit: int | None = None) -> Sequence[Any]:
    """Service tokens with their state (waiting, valid, expired, revoked), newest first; never the tokens themselves."""
    return session.execute(_TOKENS, {"limit": limit}).all()


def revoke_token(session: Session, id: str) -> str | None:
    """Ends a token by the id under which it is listed; answers its label, None when there was none to end."""
    label: str | None = session.execute(_REVOKE, {"id": id}).scalar_one_or_none()
    return label


def _keep(
    session: Session,
    label: str,
    person_id: str,
    role: str,
    lasts: timedelta,
    created_by: str,
    maker_id: str | None = None,
    *,
    waits: bool,
) -> str:
    token = secrets.token_urlsafe(32)
    values = {
        "token_hash": hash_of("token", token),
        "label": label,
        "person_id": person_id,
        "role": role,
        "lasts": lasts,
    }
    session.execute(_TOKEN, {**values, "created_by": created_by, "maker_id": maker_id, "waits": waits})
    return token
