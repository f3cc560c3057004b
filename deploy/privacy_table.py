"""Writes the inventory of personal data into docs/privacy.md: `python -m deploy.privacy_table`."""

from pathlib import Path

from shared.privacy.inventory import INVENTORY, Kept

DOCUMENT = Path(__file__).parent.parent / "docs" / "privacy.md"
BEGIN, END = "<!-- from shared/privacy/inventory.py -->\n", "<!-- end -->\n"


def table() -> str:
    """What is kept about people, where and until when, as Markdown."""
    lines = ["| Table | Columns | What | Until |", "|---|---|---|---|"]
    for kept in INVENTORY:
        columns = ", ".join(f"`{name}`" for name in kept.columns)
        lines.append(f"| `{kept.table}` | {columns} | {kept.what} | {_until(kept)} |")
    return "\n".join([*lines, ""])


def _until(kept: Kept) -> str:
    if not kept.days:
        return "while needed"
    setting = f" (`SES_{kept.setting.upper()}`)" if kept.setting else ""
    return f"{kept.days} days{setting} after `{kept.age}`, then {'deleted' if kept.deletes else 'blanked'}"


def rendered(document: str) -> str:
    """The document with the table of today between its two marks."""
    before, _, rest = document.partition(BEGIN)
    return f"{before}{BEGIN}{table()}{END}{rest.partition(END)[2]}"


def main() -> None:
    DOCUMENT.write_text(rendered(DOCUMENT.read_text()))


if __name__ == "__main__":
    main()
