"""Signing in by the provider: a sign-in under way, and which person of ours an account of the provider is."""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, NamedTuple

from sqlalchemy import text
from sqlmodel import Session

from shared.access.oidc import Identity
from shared.access.people import grant, grants_of, person, take_role
from shared.access.policy import ROLES
from shared.access.sessions import hash_of
from shared.errors import NotAllowed

GROUP = "ses-"
LOGIN_LASTS = timedelta(minutes=10)

_KEEP = text(
    """
    insert into access.login(state_hash, browser_hash, nonce, verifier, next)
    values (:state_hash, :browser_hash, :nonce, :verifier, :next)
    """
)
_OLD = text("delete from access.login where started_at < now() - :lasts")
_TAKE = text(
    """
    delete from access.login where state_hash = :state_hash and browser_hash = :browser_hash
    and started_at > now() - :lasts returning nonce, verifier, next
    """
)
_KNOWN = text(
    "select person_id, deactivated_at from access.person where issuer = :issuer and subject = :subject for update"
)
_BY_EMAIL = text(
    """
    select person_id, subject, deactivated_at from access.person where lower(email collate "C") = :email
    and person_id not like 'service:%' order by person_id limit 2 for update
    """
)
_LINK = text("update access.person set issuer = :issuer, subject = :subject where person_id = :person_id")
_NEW = text(
    """
    insert into access.person(person_id, issuer, subject, name, email)
    values (:person_id, :issuer, :subject, :name, :email)
    """
)


class Login(NamedTuple):
    """A sign-in under way: what goes to the provider, and what only the browser and we know."""

    state: str
    nonce: str
    verifier: str
    browser: str


def start_login(session: Session, browser: str | None, path: str) -> Login:
    """Remembers a sign-in that this browser starts, to go on to `path`."""
    state, nonce, verifier, new = (secrets.token_urlsafe(32) for _ in range(4))
    login = Login(state, nonce, verifier, browser or new)
    session.execute(_OLD, {"lasts": LOGIN_LASTS})
    hashes = {"state_hash": hash_of("sign-in", login.state), "browser_hash": hash_of("browser", login.browser)}
    session.execute(_KEEP, {**hashes, "nonce": login.nonce, "verifier": login.verifier, "next": path})
    return login


def take_login(session: Session, state: str, browser: str) -> Any | None:
    """The row (nonce, verifier, next) of a sign-in that this browser started; each can be taken once."""
    hashes = {"state_hash": hash_of("sign-in", state), "browser_hash": hash_of("browser", browser)}
    return session.execute(_TAKE, {**hashes, "lasts": LOGIN_LASTS}).one_or_none()


def person_for(session: Session, identity: Identity) -> tuple[str, list[str]]:
    """The person of an account with the roles held, in the order of ROLES; NotAllowed for who holds none.

    Known by (issuer, subject). At the first sign-in linked to the one person of the directory with the same verified e-mail
    (shared/emails.py says what is the same), if nobody else is linked to that person; else made new if the claims give a role.
    """
    row = session.execute(_KNOWN, identity._asdict()).one_or_none()
    person_id = _linked(session, identity) if row is None else _active(row)
    _keep_claimed(session, person_id, identity.groups)
    held = {found.role for found in grants_of(session, person_id)}
    if not held:
        raise NotAllowed(
            "You are signed in, but have no role here. Ask the support team to add you to the directory.",
            code="no_role",
        )
    return person_id, [role for role in ROLES if role in held]


def claimed_roles(groups: Sequence[str]) -> dict[str, list[str]]:
    """Roles with their scopes from groups named `ses-<role>` or `ses-<role>:<school key or region>`."""
    found: dict[str, list[str]] = {}
    for group in groups:
        role, _, scope = group.removeprefix(GROUP).partition(":")
        if group.startswith(GROUP) and role in ROLES:
            found.setdefault(role, []).extend([scope] if scope else [])
    return found


def _active(row: Any) -> str:
    if row.deactivated_at is not None:
        raise NotAllowed("This account is closed here. Ask the support team.", code="deactivated")
    return str(row.person_id)


def _linked(session: Session, identity: Identity) -> str:
    same = session.execute(_BY_EMAIL, {"email": identity.email}).all() if identity.email else []
    if len(same) == 1 and same[0].subject is None:
        person_id = _active(same[0])
        session.execute(_LINK, {**identity._asdict(), "person_id": person_id})
        return person_id
    if same:
        raise NotAllowed(
            "Someone else signs in with this e-mail address. Ask the support team to check your account.", code="taken"
        )
    return _made(session, identity)


def _made(session: Session, identity: Identity) -> str:
    key = hashlib.sha256(f"{identity.issuer}\0{identity.subject}".encode()).hexdigest()[:24]
    is_free = identity.email and person(session, identity.email) is None
    person_id = identity.email if is_free else f"account:{key}"
    session.execute(_NEW, {**identity._asdict(), "person_id": person_id})
    return person_id


def _keep_claimed(session: Session, person_id: str, groups: Sequence[str]) -> None:
    """The roles that the claims give are those of this sign-in; a role that the directory gives stays the directory's."""
    claimed = claimed_roles(groups)
    held = {row.role: row.source for row in grants_of(session, person_id)}
    for role in [role for role, source in held.items() if source == "claims" and role not in claimed]:
        take_role(session, person_id, role)
    for role, scope in claimed.items():
        if held.get(role, "claims") == "claims":
            grant(session, person_id, role, scope, "claims")
