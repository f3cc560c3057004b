"""Computing what follows from the entered values: targets, differences and statuses of many schools at once."""

from collections.abc import Iterable, Sequence
from decimal import Decimal

from sqlalchemy import text
from sqlmodel import Session

from services.tracker.rules.progress import Progress, progress
from shared.db import raw

_INCREASES = text("select item_id, level, increase from goal")
_PERIODS = text("select count(*) from period")
_VALUES = text(
    "select school_key, level, item_id, array_agg(period), array_agg(percent) from entry"
    " where (cast(:school_keys as text[]) is null or school_key = any(:school_keys))"
    " and (cast(:item_ids as text[]) is null or item_id = any(:item_ids)) group by school_key, level, item_id"
)
_COLUMNS = (
    "school_key, level, item_id, goal, targets, differences, status, difference, latest, latest_period, gains, needed"
)
_NEW = text(
    "create temp table computed (school_key text, level text, item_id text, goal numeric, targets numeric[],"
    " differences numeric[], status text, difference numeric, latest numeric, latest_period smallint,"
    " gains numeric[], needed numeric) on commit drop"
)
_FACTS = "goal, targets, differences, status, difference, latest, latest_period, gains, needed"
_OURS = ", ".join(f"s.{name.strip()}" for name in _FACTS.split(","))
_THEIRS = ", ".join(f"n.{name.strip()}" for name in _FACTS.split(","))
_MERGE = text(
    "merge into standing s using computed n"
    " on s.school_key = n.school_key and s.level = n.level and s.item_id = n.item_id"
    f" when matched and ({_OURS}) is distinct from ({_THEIRS}) then update set ({_FACTS}) = row({_THEIRS})"
    f" when not matched then insert ({_COLUMNS}) values (n.school_key, n.level, n.item_id, {_THEIRS})"
)
_DROP = text("drop table computed")


def compute_targets(
    session: Session, *, school_keys: Sequence[str] | None = None, item_ids: Sequence[str] | None = None
) -> int:
    """Recomputes the standings of these schools and items (None: of all) and stores those that changed.

    Answers how many were computed.
    """
    increases = {(row.item_id, row.level): row.increase for row in session.execute(_INCREASES)}
    periods = session.execute(_PERIODS).scalar_one()
    chosen = {"school_keys": school_keys, "item_ids": item_ids}
    found = session.execute(_VALUES, chosen).all()
    session.execute(_NEW)
    with raw(session).cursor().copy(f"copy computed ({_COLUMNS}) from stdin") as copy:
        for start in range(0, len(found), 500):
            rows = found[start : start + 500]
            copy.write("".join(_line(row, increases.get((row[2], row[1])), periods) for row in rows))
    session.execute(_MERGE)
    session.execute(_DROP)
    return len(found)


def _line(row: Sequence[object], increase: Decimal | None, periods: int) -> str:
    """One standing in the text form of COPY."""
    school_key, level, item_id, places, percents = row
    values: list[Decimal | None] = [None] * periods
    for place, percent in zip(places, percents, strict=True):  # type: ignore[call-overload]
        if place < periods:
            values[place] = percent
    told = progress(values[0], increase, values[1:])
    return f"{school_key}\t{level}\t{item_id}\t{_facts(told)}\n"


def _facts(told: Progress) -> str:
    return (
        f"{_number(told.goal)}\t{_array(told.targets)}\t{_array(told.differences)}\t{told.status}\t"
        f"{_number(told.difference)}\t{_number(told.latest)}\t{_number(told.latest_period)}\t"
        f"{_array(told.gains)}\t{_number(told.needed)}"
    )


def _number(value: Decimal | int | None) -> str:
    return "\\N" if value is None else str(value)


def _array(values: Iterable[Decimal | None]) -> str:
    return "{" + ",".join(["NULL" if value is None else str(value) for value in values]) + "}"
