"""What a person settles about the LCAP: that a measure's reading is right, other values instead, what is material."""

from collections.abc import Sequence
from dataclasses import asdict
from decimal import Decimal
from typing import Any

import orjson
from sqlalchemy import text
from sqlmodel import Session

from services.tracker.rules.lcap_checked import CheckedValue, value_of
from services.tracker.rules.lcap_growth import Value, read_growth
from services.tracker.rules.lcap_measures import is_part_year
from services.tracker.tables.lcap import LcapValue
from shared.access import Who, audit
from shared.errors import Invalid, NotFound

_VALUES = text('select "values" from lcap_check where key = :key and corrected')
_DROP = text("delete from lcap_value where measure = :measure")
_KEY = text('select number, "text" from lcap_measure where key = :key for update')
_CHECK = text(
    'insert into lcap_check(key, corrected, "values", note, "by") values (:key, :corrected, cast(:values as jsonb),'
    ' :note, :by) on conflict (key) do update set corrected = excluded.corrected, "values" = excluded."values",'
    ' note = excluded.note, "by" = excluded."by", at = now()'
)
_SETTING = text(
    'insert into lcap_setting(id, under, "over", "by") values (1, :under, :over, :by) on conflict (id) do update'
    ' set under = excluded.under, "over" = excluded."over", "by" = excluded."by", at = now()'
)
MOST_PERCENT = 999


def keep_values(session: Session, measure: int, key: str, read: Sequence[Value]) -> None:
    """Stores a measure's values: those a person gave for these very words, else those that were read."""
    given = session.execute(_VALUES, {"key": key}).scalar()
    values = read if given is None else [value_of(CheckedValue(**one)) for one in given]
    session.execute(_DROP, {"measure": measure})
    session.add_all(
        LcapValue(measure=measure, seq=seq, part_year=is_part_year(value), **asdict(value))
        for seq, value in enumerate(values, 1)
    )
    session.flush()


def confirm_measure(session: Session, who: Who, key: str, note: str) -> None:
    """A person says that the reading is right; it takes the place of values typed before."""
    number, words = _check(session, who, key, None, note)
    keep_values(session, number, key, read_growth(words).values)


def correct_measure(session: Session, who: Who, key: str, values: Sequence[CheckedValue], note: str) -> None:
    """A person's values take the place of the read ones, now and whenever the same words are loaded again."""
    if not values:
        raise Invalid("Give at least one value, or confirm the reading as it is.")
    number, _ = _check(session, who, key, values, note)
    keep_values(session, number, key, [])


def _check(session: Session, who: Who, key: str, values: Sequence[CheckedValue] | None, note: str) -> tuple[int, str]:
    found = session.execute(_KEY, {"key": key}).one_or_none()
    if found is None:
        raise NotFound("This measure is no longer in the table. Open the list of measures again.")
    told: list[dict[str, Any]] = [asdict(value) for value in values or ()]
    session.execute(
        _CHECK,
        {
            "key": key,
            "corrected": values is not None,
            "values": orjson.dumps(told).decode(),
            "note": note,
            "by": who.name,
        },
    )
    did = "lcap measure confirmed" if values is None else "lcap measure corrected"
    audit(session, who.actor, did, key, {"measure": found.number, "values": told, "note": note})
    return found.number, found.text


def set_material(session: Session, who: Who, under: Decimal, over: Decimal) -> None:
    """From which percent spent on a difference needs an explanation."""
    if not 0 <= under < over <= MOST_PERCENT:
        raise Invalid(f"Give two percentages, the first below the second, between 0 and {MOST_PERCENT}.")
    session.execute(_SETTING, {"under": under, "over": over, "by": who.name})
    audit(session, who.actor, "lcap material set", "lcap", {"under": str(under), "over": str(over)})
