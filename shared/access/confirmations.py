"""The second person: what operations give to others waits until somebody of the central office confirms it."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import text
from sqlmodel import Session

from shared.access.policy import GIVEN_ALONE
from shared.settings import settings

_HAS_CONFIRMER = text(
    """
    select exists(
      select 1 from access.role_grant g join access.person p using (person_id)
      where g.role = 'central' and p.deactivated_at is null and p.person_id not like 'service:%')
    """
)
_REQUEST = text(
    """
    insert into access.role_request(person_id, role, scope, maker_id)
    values (:person_id, :role, cast(:scope as text[]), :maker_id)
    on conflict (person_id, role) do update
    set request_id = gen_random_uuid(), scope = excluded.scope, maker_id = excluded.maker_id, requested_at = now()
    """
)
_REQUESTS = text(
    """
    select r.request_id, r.person_id, p.name, p.email, r.role, r.scope, r.maker_id, r.requested_at
    from access.role_request r join access.person p using (person_id)
    where cast(:person_id as text) is null or r.person_id = :person_id
    order by r.requested_at, r.request_id limit :limit
    """
)
_TAKE_REQUEST = text(
    "delete from access.role_request where request_id = :id returning person_id, role, scope, maker_id"
)
_TOKENS = text(
    """
    select encode(t.token_hash, 'hex') as id, t.label, p.name, p.email, t.role, g.scope, t.created_at, t.expires_at,
      t.created_by, t.maker_id
    from access.token t join access.person p using (person_id)
    left join access.role_grant g on g.person_id = t.person_id and g.role = t.role
    where t.confirmed_at is null and t.revoked_at is null and t.expires_at > now()
    order by t.created_at, id limit :limit
    """
)
_DECIDE_TOKEN = text(
    """
    update access.token
    set confirmed_at = case when :confirms then now() end, revoked_at = case when :confirms then null else now() end,
      confirmed_by = :by
    where encode(token_hash, 'hex') = :id and confirmed_at is null and revoked_at is null and expires_at > now()
    returning label, role, created_by, maker_id
    """
)
_WAITING = text(
    """
    select (select count(*) from access.role_request)
      + (select count(*) from access.token where confirmed_at is null and revoked_at is null and expires_at > now())
    """
)


def waits_for_second_person(role: str) -> bool:
    """Whether a token or a role that operations give waits for the central office."""
    return settings().asks_second_person and role not in GIVEN_ALONE


def has_confirmer(session: Session) -> bool:
    """Whether any person, not a program, holds the central role."""
    return bool(session.execute(_HAS_CONFIRMER).scalar_one())


def request_role(session: Session, person_id: str, role: str, scope: Sequence[str], maker_id: str) -> None:
    """Keeps a role that is to be given, in place of an earlier request for the same."""
    values = {"person_id": person_id, "role": role, "scope": list(scope), "maker_id": maker_id}
    session.execute(_REQUEST, values)


def requested_roles(session: Session, person_id: str | None = None, limit: int | None = None) -> Sequence[Any]:
    """Roles that wait, oldest first; of one person where named."""
    return session.execute(_REQUESTS, {"person_id": person_id, "limit": limit}).all()


def take_request(session: Session, id: str) -> Any | None:
    """Removes a request for a role and answers its row; None when it was decided meanwhile."""
    return session.execute(_TAKE_REQUEST, {"id": id}).one_or_none()


def waiting_tokens(session: Session, limit: int | None = None) -> Sequence[Any]:
    """Tokens that wait, oldest first."""
    return session.execute(_TOKENS, {"limit": limit}).all()


def decide_token(session: Session, id: str, by: str, *, confirms: bool) -> Any | None:
    """Confirms a waiting token or ends it, and answers its row; None when it does not wait (any more)."""
    return session.execute(_DECIDE_TOKEN, {"id": id, "by": by, "confirms": confirms}).one_or_none()


def waiting_count(session: Session) -> int:
    """How many tokens and roles wait for the central office."""
    return int(session.execute(_WAITING).scalar_one())
