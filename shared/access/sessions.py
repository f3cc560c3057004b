"""Sessions of browsers: kept by the hash of a token that only the browser has, so that each can be ended here."""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Literal, NamedTuple

import structlog
from sqlalchemy import text
from sqlmodel import Session

from shared.access.people import Who
from shared.access.policy import REPORTERS

# Longer than this after its sign-in no session reports, however much it was used (also in access.touch_session).
REPORTING_AT_MOST = timedelta(hours=24)
WHO = text("""
    select token_hash, person_id, name, email, role, scope, roles, usable, spellings
    from (
      select w.*, case kind when 'token' then kind else access.touch_session(token_hash, :idle, :reporting, :touch) end
        as usable
      from access.who w
      where token_hash = any(:hashes)
    ) known
    where usable is not null
""")
_SESSION = text(
    """
    insert into access.session(token_hash, person_id, role, expires_at, address)
    values (:token_hash, :person_id, :role, now() + :lasts, :address)
    """
)
_END = text("update access.session set ended_at = now() where token_hash = :token_hash and ended_at is null")
_END_ALL = text(
    "update access.session set ended_at = now() where person_id = :person_id and ended_at is null returning 1"
)
_LIVE = text(
    """
    select encode(s.token_hash, 'hex') as id, s.person_id, p.name, s.role, s.started_at, s.last_seen_at, s.address
    from access.session s join access.person p using (person_id)
    where s.ended_at is null and (s.expires_at > now() and s.last_seen_at > now() - :idle
      or s.role = any(:reporters) and greatest(s.last_seen_at, s.reported_at) > now() - :reporting
        and s.started_at > now() - :at_most)
    and (cast(:person_id as text) is null or s.person_id = :person_id)
    order by s.last_seen_at desc limit :limit
    """
)


class Credential(NamedTuple):
    """What a request carries to say who sends it: a browser's session or a program's token, each known by its door alone."""

    kind: Literal["session", "token"]
    secret: str

    @property
    def hashed(self) -> bytes:
        return hash_of(self.kind, self.secret)


def hash_of(kind: Literal["session", "token", "sign-in", "browser"], secret: str) -> bytes:
    """How a secret is kept: by its kind, so that one of another kind is found in no table but its own."""
    return hashlib.sha256(f"{kind} {secret}".encode()).digest()


def csrf_of(token: str) -> str:
    """The form token of a session: known to whoever holds the session's cookie, and to nobody else."""
    return hashlib.sha256(f"csrf {token}".encode()).hexdigest()


class SessionLimits(NamedTuple):
    """A session ends `idle` after its last use; one of a school goes on to report strike counts, and nothing else,
    until `reporting` after its last use, within REPORTING_AT_MOST of its sign-in.
    """

    idle: timedelta
    reporting: timedelta = timedelta()


def who_is(session: Session, credential: Credential, limits: SessionLimits, *, touch: bool = True) -> Who | None:
    """The person of a live session or service token; None when it is unknown, ended or expired, or of the other kind.

    `kind` is `reporting` where the session may only report strike counts any more. Without `touch` the session stays as
    idle as it was: a page that refreshes itself is not a person at work.
    """
    hashed = credential.hashed
    rows = session.execute(WHO, {"hashes": [hashed], **limits._asdict(), "touch": touch}).all()
    return people_of_rows(rows).get(hashed)


def people_of_rows(rows: Sequence[Any]) -> dict[bytes, Who]:
    """Token hash -> person, from rows of the statement WHO, read by name."""
    return {
        bytes(row.token_hash): Who(
            row.person_id, row.name, row.email, row.role,
            tuple(row.scope), tuple(row.roles), row.usable, tuple(row.spellings),
        )
        for row in rows
    }  # fmt: skip


def start_session(session: Session, person_id: str, role: str, lasts: timedelta) -> str:
    """A new session's token, which only the browser keeps."""
    token = secrets.token_urlsafe(32)
    address = str(structlog.contextvars.get_contextvars().get("address", ""))
    values = {
        "token_hash": hash_of("session", token),
        "person_id": person_id,
        "role": role,
        "lasts": lasts,
        "address": address,
    }
    session.execute(_SESSION, values)
    return token


def end_session(session: Session, token: str) -> None:
    session.execute(_END, {"token_hash": hash_of("session", token)})


def end_session_by_id(session: Session, id: str) -> None:
    """Ends a session by the id under which it is listed, which is not a secret: nobody signs in with it."""
    session.execute(_END, {"token_hash": bytes.fromhex(id)})


def end_sessions_of(session: Session, person_id: str) -> int:
    """Ends all sessions of a person; answers how many were open."""
    return len(session.execute(_END_ALL, {"person_id": person_id}).all())


def live_sessions(
    session: Session, limits: SessionLimits, person_id: str | None = None, limit: int | None = 200
) -> Sequence[Any]:
    """Rows (id, person_id, name, role, started_at, last_seen_at, address) of the sessions that still work."""
    reporting = {"reporters": list(REPORTERS), "at_most": REPORTING_AT_MOST}
    values = {**limits._asdict(), **reporting, "person_id": person_id, "limit": limit}
    return session.execute(_LIVE, values).all()
