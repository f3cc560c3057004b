"""Counts as people read them: separators of thousands, and the plural of what is counted."""


def counted(count: int, thing: str, things: str = "") -> str:
    """`1 school`, `1,200 schools`; `things` where the plural is not the word with an s: `1 entry`, `2 entries`."""
    return f"{count:,} {thing if count == 1 else things or thing + 's'}"
