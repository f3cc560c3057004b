"""Writes the table of permissions and limits into docs/access.md: `python -m deploy.policy_table`."""

from pathlib import Path

from shared.access.policy import LIMITS, PERMISSIONS, ROLES, TOKEN_FACTOR

DOCUMENT = Path(__file__).parent.parent / "docs" / "access.md"
BEGIN, END = "<!-- from shared/access/policy.py -->\n", "<!-- end -->\n"


def table() -> str:
    """Permissions by role, and the limits, as Markdown."""
    lines = [f"| Permission | {' | '.join(ROLES)} |", f"|---|{'---|' * len(ROLES)}"]
    for name, roles in PERMISSIONS.items():
        lines.append(f"| `{name}` | {' | '.join('yes' if role in roles else '' for role in ROLES)} |")
    lines += ["", "| Limit | At most | Within |", "|---|---|---|"]
    lines += [f"| `{name}` | {limit.times} | {limit.seconds} s |" for name, limit in LIMITS.items()]
    lines += ["", f"A service token may do {TOKEN_FACTOR} times as much as a person.", ""]
    return "\n".join(lines)


def rendered(document: str) -> str:
    """The document with the table of today between its two marks."""
    before, _, rest = document.partition(BEGIN)
    return f"{before}{BEGIN}{table()}{END}{rest.partition(END)[2]}"


def main() -> None:
    DOCUMENT.write_text(rendered(DOCUMENT.read_text()))


if __name__ == "__main__":
    main()
