"""People and the roles they hold, each given by the directory, by the provider's claims, or by operations."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text
from sqlmodel import Session

from shared.access.policy import REPORTING, ROLES, may
from shared.emails import email_key

_PERSON = text(
    """
    insert into access.person(person_id, name, email) values (:person_id, :name, :email)
    on conflict (person_id) do update set name = excluded.name, email = excluded.email
    where (access.person.name, access.person.email) is distinct from (excluded.name, excluded.email)
    """
)
_GRANT = text(
    """
    insert into access.role_grant(person_id, role, scope, source)
    values (:person_id, :role, cast(:scope as text[]), :source)
    on conflict (person_id, role) do update set scope = excluded.scope, source = excluded.source
    """
)
_UNGRANT = text("delete from access.role_grant where person_id = :person_id and role = :role")
_PEOPLE = text(
    """
    select p.person_id, p.name, p.email, g.role, g.scope from access.person p join access.role_grant g using (person_id)
    where g.role = any(:roles) and (cast(:email as text) is null or lower(p.email collate "C") = :email)
    order by g.role, p.name, p.person_id limit :limit
    """
)
_FOUND = text(
    """
    select p.person_id, p.name, p.email, p.subject is not null as linked, p.deactivated_at,
    array_agg(g.role order by g.role) filter (where g.role is not null) as roles
    from access.person p left join access.role_grant g using (person_id)
    where (:q = '' or p.name ilike :like or p.email ilike :like or p.person_id ilike :like) and p.person_id > :after
    group by p.person_id order by p.person_id limit :limit
    """
)
_ONE = text(
    "select person_id, name, email, issuer, subject, deactivated_at from access.person where person_id = :person_id"
)
_GRANTS = text("select role, scope, source from access.role_grant where person_id = :person_id order by role")
_ACTIVE = text(
    "update access.person set deactivated_at = case when :active then null else now() end where person_id = :person_id"
)
_HOLDER = text("select person_id, name, role, scope, roles from access.holder_of(:person_id, :role)")
_UNLINK = text("update access.person set issuer = null, subject = null where person_id = :person_id")


@dataclass(frozen=True)
class Who:
    """The person (or service) behind a request, in one role, with all `roles` that they hold.

    `scope` holds school keys or regions as the directory has them, `spellings` how the district's files write a director.
    Which schools that makes is decided in `shared/access/scope.py` alone.
    """

    person_id: str
    name: str
    email: str
    role: str
    scope: tuple[str, ...]
    roles: tuple[str, ...]
    kind: str
    spellings: tuple[str, ...] = ()

    def may(self, permission: str) -> bool:
        """Whether the role holds a permission, and the session still carries it."""
        return may(self.role, permission) and (self.kind != "reporting" or permission in REPORTING)

    @property
    def actor(self) -> str:
        """How audit rows name this person."""
        return f"{self.person_id} as {self.role}"


def keep_person(session: Session, person_id: str, name: str, email: str, role: str, scope: Sequence[str]) -> None:
    """Adds or updates a person with one role; ValueError for a role that does not exist."""
    session.execute(_PERSON, {"person_id": person_id, "name": name, "email": email})
    grant(session, person_id, role, scope, "directory")


def grant(session: Session, person_id: str, role: str, scope: Sequence[str], source: str) -> None:
    """Gives a role with its scope; ValueError for a role that does not exist."""
    if role not in ROLES:
        raise ValueError(f"{role!r} is not a role")
    session.execute(_GRANT, {"person_id": person_id, "role": role, "scope": list(scope), "source": source})


def take_role(session: Session, person_id: str, role: str) -> None:
    """Takes a role away; sessions and tokens in it end with it."""
    session.execute(_UNGRANT, {"person_id": person_id, "role": role})


def people_of(session: Session, roles: Sequence[str], email: str | None = None, limit: int = 50) -> Sequence[Any]:
    """Rows (person_id, name, email, role, scope) of the people who hold one of the roles."""
    key = None if email is None else email_key(email)
    return session.execute(_PEOPLE, {"roles": list(roles), "email": key, "limit": limit}).all()


def find_people(session: Session, q: str, after: str, limit: int) -> Sequence[Any]:
    """People whose name, e-mail or id contains `q`, in the order of their ids, after one of them."""
    like = "%" + q.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
    return session.execute(_FOUND, {"q": q, "like": like, "after": after, "limit": limit}).all()


def person(session: Session, person_id: str) -> Any | None:
    """One person's row; None when there is no such person."""
    return session.execute(_ONE, {"person_id": person_id}).one_or_none()


def grants_of(session: Session, person_id: str) -> Sequence[Any]:
    """Rows (role, scope, source)."""
    return session.execute(_GRANTS, {"person_id": person_id}).all()


def holder_of(session: Session, person_id: str, role: str) -> Who | None:
    """The person in a role that they still hold, for what was done in it before; None where account or role has ended."""
    row = session.execute(_HOLDER, {"person_id": person_id, "role": role}).one_or_none()
    return (
        None if row is None else Who(row.person_id, row.name, "", row.role, tuple(row.scope), tuple(row.roles), "key")
    )


def set_active(session: Session, person_id: str, active: bool) -> None:
    """Whether the person may sign in; a deactivated person is refused from the next request on."""
    session.execute(_ACTIVE, {"person_id": person_id, "active": active})


def unlink(session: Session, person_id: str) -> None:
    """Forgets which account of the provider this person is; the next verified sign-in with their e-mail links it again."""
    session.execute(_UNLINK, {"person_id": person_id})
