"""What access keeps longer than it is needed: ended sessions, expired tokens, unfinished sign-ins, people without a role."""

from sqlalchemy import text
from sqlmodel import Session

from shared.access import audit
from shared.db import rehearsed

DAYS = 90
# In this order: a person can go only when no session and no token is left.
_GONE = {
    "unfinished sign-ins": text("delete from access.login where started_at < now() - interval '1 day' returning 1"),
    "ended sessions": text(
        """
        delete from access.session where least(coalesce(ended_at, expires_at), expires_at)
        < now() - make_interval(days => :days) returning 1
        """
    ),
    "expired and revoked tokens": text(
        """
        delete from access.token where least(coalesce(revoked_at, expires_at), expires_at)
        < now() - make_interval(days => :days) returning 1
        """
    ),
    "roles that nobody confirmed": text(
        "delete from access.role_request where requested_at < now() - make_interval(days => :days) returning 1"
    ),
    "programs without a token": text(
        """
        delete from access.person p where person_id like 'service:%'
        and not exists (select 1 from access.token t where t.person_id = p.person_id) returning 1
        """
    ),
    "people without a role": text(
        """
        delete from access.person p where person_id not like 'service:%' and deactivated_at is null
        and not exists (select 1 from access.role_grant g where g.person_id = p.person_id)
        and not exists (select 1 from access.session s where s.person_id = p.person_id) returning 1
        """
    ),
}


def purge(session: Session, days: int = DAYS, *, dry_run: bool = False) -> dict[str, int]:
    """How much of what is older than `days` was removed; a dry run counts the same and leaves everything."""
    counts = {}
    with rehearsed(session, dry_run=dry_run):
        for name, statement in _GONE.items():
            values = {"days": days} if ":days" in statement.text else {}
            counts[name] = len(session.execute(statement, values).all())
    if any(counts.values()) and not dry_run:
        audit(session, "retention", "purge", "access", {"days": days, **counts})
    return counts
