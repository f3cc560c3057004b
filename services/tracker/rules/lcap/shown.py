"""How the LCAP's figures are printed: values with their unit, differences in words, ranges of actions."""

from collections.abc import Sequence
from decimal import Decimal

from services.tracker.rules.lcap.spending import dollars


def shown_number(number: Decimal | None, unit: str = "") -> str:
    """`8,727`, `42.80` as written, `9.3%`; empty where there is none."""
    if number is None:
        return ""
    return f"{number:,}%" if unit == "%" else f"{number:,}"


def shown_delta(delta: Decimal | None, unit: str = "") -> str:
    """With its sign; a difference of percentages is one of points."""
    if delta is None:
        return ""
    sign = "+" if delta > 0 else ""
    return f"{sign}{delta:,}" + (" points" if unit == "%" else "")


def gap_words(gap: int | None) -> str:
    """`$101,489,839 less than planned`."""
    if gap is None:
        return "no amounts in the table"
    if gap == 0:
        return "exactly as planned"
    return f"{dollars(abs(gap))} {'less' if gap < 0 else 'more'} than planned"


def shown_rows(rows: Sequence[str]) -> str:
    """`1.31-1.33` for rows below one another, one number otherwise."""
    return rows[0] if len(rows) == 1 else f"{rows[0]}-{rows[-1]}"


def millions(amount: int) -> str:
    """`$119.2 million`, for charts."""
    return f"${Decimal(amount) / 1_000_000:,.1f} million"
