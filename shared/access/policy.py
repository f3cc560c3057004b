"""Who may do what: every permission of the system with the roles that hold it. Routes name a permission each."""

from typing import NamedTuple

# Every role, as pages call it.
ROLE_WORDS = {
    "central": "Central office",
    "director": "Regional director",
    "principal": "Principal",
    "designee": "Designee",
    "desk": "Region desk",
    "ops": "Operations",
}
ROLES = tuple(ROLE_WORDS)

EVERYONE = frozenset(ROLES)
# Roles that need no schools or region of their own.
UNBOUNDED = frozenset({"central", "ops"})
_CENTRAL = frozenset({"central"})
_OPS = frozenset({"ops"})
# What operations give in a role of their own opens nothing that is not open to them.
GIVEN_ALONE = _OPS

PERMISSIONS: dict[str, frozenset[str]] = {
    "home.see": EVERYONE,
    "calendar.own": EVERYONE,
    "schools.see": EVERYONE,
    "session.own": EVERYONE,
    "session.end": EVERYONE,
    "uploads.see": _CENTRAL | _OPS,
    "uploads.write": _CENTRAL,
    "uploads.decide": _CENTRAL,
    "windows.write": _CENTRAL,
    "directory.see": _CENTRAL,
    "directory.write": _CENTRAL,
    "rates.see": EVERYONE,
    "rates.set": _CENTRAL,
    "rates.views": EVERYONE,
    "digests.see": _CENTRAL | _OPS,
    "digests.write": _CENTRAL,
    "digests.resend": _CENTRAL | _OPS,
    "alerts.answer": frozenset({"central", "director"}),
    "alerts.mine": frozenset({"director"}),
    "plan.write": _CENTRAL,
    "tracker.see": frozenset({"central", "director", "principal", "designee", "desk"}),
    "tracker.write": frozenset({"central", "principal", "designee"}),
    "tracker.upload": frozenset({"central", "principal", "designee"}),
    "lcap.see": _CENTRAL,
    "lcap.write": _CENTRAL,
    "sesr.see": frozenset({"central", "director", "principal", "designee", "desk"}),
    "sesr.report": frozenset({"central", "principal", "designee", "desk"}),
    "sesr.board": frozenset({"central", "director", "desk"}),
    "sesr.chase": frozenset({"central", "desk"}),
    "sesr.incidents": _CENTRAL,
    "access.see": _OPS,
    "access.write": _OPS,
    "access.confirm": _CENTRAL,
    "audit.see": _CENTRAL | _OPS,
    "ops.see": _OPS,
    "ops.write": _OPS,
    "docs.see": EVERYONE,
}

# Permissions that no service token carries, whatever its role: what is made with them would outlive the token.
PERSONAL = frozenset({"access.write", "access.confirm", "calendar.own", "session.own", "session.end"})

# Roles whose session goes on to report strike counts over the school day, and all that it may do then.
REPORTERS = ("principal", "designee")
REPORTING = frozenset({"sesr.report", "sesr.see", "session.end"})


class Limit(NamedTuple):
    """At most `times` within `seconds`; the sentence is said to who went over it."""

    times: int
    seconds: int
    sentence: str


# Writes under a permission of this name, or what the name says. A service token may do TOKEN_FACTOR times as much.
TOKEN_FACTOR = 20
LIMITS: dict[str, Limit] = {
    "uploads.write": Limit(30, 3600, "You have sent many uploads within an hour."),
    "tracker.upload": Limit(30, 3600, "You have sent many workbooks within an hour."),
    "sesr.report": Limit(10, 60, "You have sent many reports within a minute; the earlier ones were saved."),
    "calendar": Limit(60, 3600, "Your calendar program has read this address very often within an hour."),
    "sign-in": Limit(10, 60, "There were many sign-ins to this account within a minute."),
    "address": Limit(600, 60, "There were very many sign-ins from your network within a minute."),
}


def may(role: str, permission: str) -> bool:
    """Whether a role holds a permission; KeyError for a permission that does not exist."""
    return role in PERMISSIONS[permission]
