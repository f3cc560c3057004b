"""Who may do what: every permission of the system with the roles that hold it. Routes name a permission each."""

ROLES = ("central", "director", "principal", "designee", "desk", "ops")

EVERYONE = frozenset(ROLES)
_CENTRAL = frozenset({"central"})
_OPS = frozenset({"ops"})

PERMISSIONS: dict[str, frozenset[str]] = {
    "home.see": EVERYONE,
    "uploads.see": _CENTRAL | _OPS,
    "uploads.write": _CENTRAL,
    "directory.see": _CENTRAL,
    "directory.write": _CENTRAL,
    "rates.see": EVERYONE,
    "digests.see": _CENTRAL | _OPS,
    "digests.write": _CENTRAL,
    "tracker.see": frozenset({"central", "director", "principal", "designee", "desk"}),
    "sesr.see": frozenset({"central", "director", "principal", "designee", "desk"}),
    "ops.see": _OPS,
    "ops.write": _OPS,
    "docs.see": EVERYONE,
}


def may(role: str, permission: str) -> bool:
    """Whether a role holds a permission; KeyError for a permission that does not exist."""
    return role in PERMISSIONS[permission]
