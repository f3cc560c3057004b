"""What a person settles about the LCAP: that a measure's reading is right, other values instead, what is material."""

from collections.abc import Sequence
from dataclasses import asdict
from decimal import Decimal
from typing import Any

from sqlmodel import Session, col, delete, select

from services.tracker.queries.lcap.versions import STANDING
from services.tracker.rules.lcap.checked import CheckedValue, value_of
from services.tracker.rules.lcap.growth import Value, read_growth
from services.tracker.rules.lcap.measures import is_part_year
from services.tracker.tables.lcap import LcapCheck, LcapMeasure, LcapSetting, LcapValue, LcapVersion
from shared.access import Who, audit
from shared.db import upsert
from shared.errors import Invalid, NotFound

MOST_PERCENT = 999
Place = tuple[int, int]


def keep_values(session: Session, place: Place, key: str, read: Sequence[Value], year: str) -> None:
    """Stores the values of a measure at (version, number): those a person gave for these very words, else those read."""
    version_id, number = place
    check = session.get(LcapCheck, key)
    if check is not None and check.corrected:
        read = [value_of(CheckedValue(**one), year) for one in check.given]
    session.execute(delete(LcapValue).where(col(LcapValue.version_id) == version_id, col(LcapValue.measure) == number))
    session.add_all(
        LcapValue(
            version_id=version_id,
            measure=number,
            seq=seq,
            group_name=value.group,
            value_now=value.now,
            value_before=value.before,
            unit=value.unit,
            period_now=value.period_now,
            inferred=value.inferred,
            period_before=value.period_before,
            as_of=value.as_of,
            level=value.level,
            part_year=is_part_year(value),
            doubt=value.doubt,
            words=value.words,
        )
        for seq, value in enumerate(read, 1)
    )
    session.flush()


def confirm_measure(session: Session, who: Who, key: str, note: str) -> None:
    """A person says that the reading is right; it takes the place of values typed before."""
    found, year = _check(session, who, key, None, note)
    keep_values(session, (found.version_id, found.number), key, read_growth(found.growth, year).values, year)


def correct_measure(session: Session, who: Who, key: str, values: Sequence[CheckedValue], note: str) -> None:
    """A person's values take the place of the read ones, now and whenever the same words are loaded again."""
    if not values:
        raise Invalid("Give at least one value, or confirm the reading as it is.")
    found, year = _check(session, who, key, values, note)
    keep_values(session, (found.version_id, found.number), key, [], year)


def _check(
    session: Session, who: Who, key: str, values: Sequence[CheckedValue] | None, note: str
) -> tuple[LcapMeasure, str]:
    row = session.exec(
        select(LcapMeasure, LcapVersion.plan_year)
        .join(LcapVersion, col(LcapVersion.version_id) == col(LcapMeasure.version_id))
        .where(LcapMeasure.key == key, LcapVersion.state == STANDING)
        .with_for_update()
    ).first()
    if row is None:
        raise NotFound("This measure is no longer in the table. Open the list of measures again.")
    found, year = row
    given: list[dict[str, Any]] = [asdict(value) for value in values or ()]
    check = {"key": key, "corrected": values is not None, "given": given, "note": note, "checked_by": who.name}
    upsert(session, LcapCheck, [check], stamp="checked_at")
    did = "lcap measure confirmed" if values is None else "lcap measure corrected"
    audit(session, who.actor, did, key, {"measure": found.number, "values": given, "note": note})
    session.get(LcapCheck, key, populate_existing=True)
    return found, year


def set_material(session: Session, who: Who, under: Decimal, over: Decimal) -> None:
    """From which percent spent on a difference needs an explanation."""
    if not 0 <= under < over <= MOST_PERCENT:
        raise Invalid(f"Give two percentages, the first below the second, between 0 and {MOST_PERCENT}.")
    limits = {"id": 1, "under_percent": under, "over_percent": over, "set_by": who.name}
    upsert(session, LcapSetting, [limits], stamp="set_at")
    audit(session, who.actor, "lcap material set", "lcap", {"under": str(under), "over": str(over)})
