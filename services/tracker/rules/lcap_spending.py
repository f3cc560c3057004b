"""Planned against estimated actual spending: percent spent, gap, checked change, totals, what counts as material."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Literal, Protocol

# The documents give no rule for when an explanation is due: these are proposals, kept as a setting.
UNDER, OVER = Decimal(80), Decimal(110)
ChangeCheck = Literal["agrees", "differs", "unchecked"]


class Amounts(Protocol):
    """What a row of spending has, in whole dollars; None where the table has no amount."""

    @property
    def change(self) -> int | None: ...
    @property
    def planned_2024_25(self) -> int | None: ...
    @property
    def planned_2023_24(self) -> int | None: ...
    @property
    def est_actual_2023_24(self) -> int | None: ...


@dataclass(frozen=True)
class Totals:
    """Sums over rows that have amounts; `rows` counts all, `counted` those with a plan.

    `spent` is of the `compared` alone, the rows with both a plan and an estimated actual.
    """

    rows: int
    counted: int
    planned_2024_25: int
    planned_2023_24: int
    est_actual_2023_24: int
    change: int
    compared: int
    spent: Decimal | None


def percent_spent(actual: int | None, planned: int | None) -> Decimal | None:
    """Estimated actual in percent of planned, one decimal, half up; None without a plan."""
    if actual is None or not planned:
        return None
    return (Decimal(actual) * 100 / Decimal(planned)).quantize(Decimal("0.1"), ROUND_HALF_UP)


def gap(row: Amounts) -> int | None:
    """Estimated actual minus planned 2023-24: negative is underspent."""
    if row.est_actual_2023_24 is None or row.planned_2023_24 is None:
        return None
    return row.est_actual_2023_24 - row.planned_2023_24


def change_check(row: Amounts) -> ChangeCheck:
    """Whether the printed change is planned 2024-25 minus planned 2023-24."""
    if row.change is None or row.planned_2024_25 is None or row.planned_2023_24 is None:
        return "unchecked"
    return "agrees" if row.change == row.planned_2024_25 - row.planned_2023_24 else "differs"


def is_material(row: Amounts, under: Decimal = UNDER, over: Decimal = OVER) -> bool:
    """Spent less than `under` or more than `over` percent of the plan, by the exact fraction."""
    planned, actual = row.planned_2023_24, row.est_actual_2023_24
    if actual is None or not planned:
        return False
    return actual * 100 < under * planned or actual * 100 > over * planned


def totals(rows: Iterable[Amounts]) -> Totals:
    """The sums of the columns; a row without amounts is counted and adds nothing."""
    listed = list(rows)
    both = [row for row in listed if gap(row) is not None]
    return Totals(
        len(listed),
        sum(row.planned_2023_24 is not None for row in listed),
        sum(row.planned_2024_25 or 0 for row in listed),
        sum(row.planned_2023_24 or 0 for row in listed),
        sum(row.est_actual_2023_24 or 0 for row in listed),
        sum(row.change or 0 for row in listed),
        len(both),
        percent_spent(sum(row.est_actual_2023_24 or 0 for row in both), sum(row.planned_2023_24 or 0 for row in both)),
    )


def dollars(amount: int | None) -> str:
    """`-$1,234`; empty where there is none."""
    if amount is None:
        return ""
    return f"-${-amount:,}" if amount < 0 else f"${amount:,}"
