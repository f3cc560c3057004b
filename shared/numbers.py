"""Numbers: from outside, read by one bounded reader of plain ASCII digits; and counts as people read them."""

import re
from decimal import Decimal

# A number that PostgreSQL's bigint holds.
MOST = 2**62
_WHOLE = re.compile(r"[0-9]{1,18}", re.ASCII)
_DECIMAL = re.compile(r"[+-]?(?:[0-9]{1,15}(?:\.[0-9]{0,15})?|\.[0-9]{1,15})", re.ASCII)


def whole(text: str, most: int = MOST) -> int | None:
    """A whole number from 0 to `most`; None for anything else, such as `-1`, `1e9`, `²` or 5,000 digits."""
    found = _WHOLE.fullmatch(text)
    number = int(text) if found else -1
    return number if 0 <= number <= most else None


def decimal(text: str) -> Decimal | None:
    """A plain decimal number such as `-12.5`; None for anything else, such as `1e9999999`, `NaN` or `1,200`."""
    return Decimal(text) if _DECIMAL.fullmatch(text) else None


def counted(count: int, thing: str, things: str = "") -> str:
    """`1 school`, `1,200 schools`; `things` where the plural is not the word with an s: `1 entry`, `2 entries`."""
    return f"{count:,} {thing if count == 1 else things or thing + 's'}"
