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
    def planned_next(self) -> int | None: ...
    @property
    def planned(self) -> int | None: ...
    @property
    def estimated_actual(self) -> int | None: ...


@dataclass(frozen=True)
class SpendingTotals:
    """Sums over rows that have amounts; `rows` counts all, `counted` those with a plan.

    `spent` is of the `compared` alone, the rows with both a plan and an estimated actual.
    """

    rows: int
    counted: int
    planned_next: int
    planned: int
    estimated_actual: int
    change: int
    compared: int
    spent: Decimal | None


def percent_spent(actual: int | None, planned: int | None) -> Decimal | None:
    """Estimated actual in percent of planned, one decimal, half up; None without a plan."""
    if actual is None or not planned:
        return None
    return (Decimal(actual) * 100 / Decimal(planned)).quantize(Decimal("0.1"), ROUND_HALF_UP)


def gap(row: Amounts) -> int | None:
    """Estimated actual minus planned: negative is underspent."""
    if row.estimated_actual is None or row.planned is None:
        return None
    return row.estimated_actual - row.planned


def change_check(row: Amounts) -> ChangeCheck:
    """Whether the printed change is what is planned for the plan year minus what was planned for the year before."""
    if row.change is None or row.planned_next is None or row.planned is None:
        return "unchecked"
    return "agrees" if row.change == row.planned_next - row.planned else "differs"


def is_material(row: Amounts, under: Decimal = UNDER, over: Decimal = OVER) -> bool:
    """Spent less than `under` or more than `over` percent of the plan, by the exact fraction."""
    planned, actual = row.planned, row.estimated_actual
    if actual is None or not planned:
        return False
    return actual * 100 < under * planned or actual * 100 > over * planned


def totals(rows: Iterable[Amounts]) -> SpendingTotals:
    """The sums of the columns; a row without amounts is counted and adds nothing."""
    listed = list(rows)
    both = [row for row in listed if gap(row) is not None]
    return SpendingTotals(
        len(listed),
        sum(row.planned is not None for row in listed),
        sum(row.planned_next or 0 for row in listed),
        sum(row.planned or 0 for row in listed),
        sum(row.estimated_actual or 0 for row in listed),
        sum(row.change or 0 for row in listed),
        len(both),
        percent_spent(sum(row.estimated_actual or 0 for row in both), sum(row.planned or 0 for row in both)),
    )


def dollars(amount: int | None) -> str:
    """`-$1,234`; empty where there is none."""
    if amount is None:
        return ""
    return f"-${-amount:,}" if amount < 0 else f"${amount:,}"
