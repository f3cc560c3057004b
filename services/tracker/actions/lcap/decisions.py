"""What a person decides about a load of an LCAP table: take it with its plan year, decline it, undo it."""

from datetime import UTC, datetime

from sqlmodel import Session

from services.tracker.actions.lcap.loads import REPLACED, form_of, keep_reading, readings_of, stand
from services.tracker.queries.lcap.versions import STANDING, WAITING, comparison, standing
from services.tracker.rules.lcap.forms import is_plan_year
from services.tracker.tables.lcap import LcapLoad, LcapVersion
from shared.access import Who, audit
from shared.errors import Conflict, Invalid, NotFound

UNDONE, DECLINED = "undone", "declined"


class RowsGone(Conflict):
    """Rows that stand would disappear and nobody has confirmed it; `problems` name them."""

    code = "lcap_rows_gone"


def name_year(session: Session, who: Who, version_id: int, plan_year: str) -> LcapVersion:
    """Says of which plan year a waiting table is, where its headings name none or contradict themselves."""
    found = _locked(session, version_id)
    _refuse_unless(found, WAITING)
    if not is_plan_year(plan_year):
        raise Invalid(f"“{plan_year[:20]}” is not a school year. Enter it like 2025-26.", code="plan_year_unreadable")
    load = session.get(LcapLoad, found.upload_id)
    assert load is not None
    for reading in readings_of(session, load, plan_year):
        if form_of(reading) == found.form and reading.year in (found.plan_year, plan_year):
            keep_reading(session, found, reading)
    audit(session, who.actor, "lcap year named", str(version_id), {"was": found.plan_year, "now": plan_year})
    found.plan_year = plan_year
    session.add(found)
    session.flush()
    return found


def take_load(session: Session, who: Who, version_id: int, *, gone_is_meant: bool = False) -> LcapVersion:
    """Makes a waiting table count. Raises RowsGone where rows would disappear that nobody has confirmed."""
    found = _locked(session, version_id)
    _refuse_unless(found, WAITING)
    if not found.plan_year:
        raise Invalid("First say which plan year this table is for.", code="plan_year_missing")
    changes = comparison(session, found)
    if changes.gone and not gone_is_meant:
        count = len(changes.gone)
        raise RowsGone(
            f"{count} row{'s' if count > 1 else ''} of the table that stands {'are' if count > 1 else 'is'} not in"
            " this file and would disappear. Confirm that this is meant, or load the whole table.",
            problems=[
                {"code": RowsGone.code, "value": row.number, "message": f"{row.number} {row.title} would disappear."}
                for row in changes.gone
            ],
        )
    _decide(found, who)
    stand(session, found, standing(session, found.table_name, found.form, found.plan_year))
    counts = {"added": len(changes.added), "changed": len(changes.changed), "gone": len(changes.gone)}
    audit(session, who.actor, "lcap load taken", str(version_id), {"plan_year": found.plan_year, **counts})
    return found


def decline_load(session: Session, who: Who, version_id: int) -> LcapVersion:
    """Leaves what stands as it is."""
    found = _locked(session, version_id)
    _refuse_unless(found, WAITING)
    _decide(found, who)
    found.state = DECLINED
    session.add(found)
    audit(session, who.actor, "lcap load declined", str(version_id), {"plan_year": found.plan_year})
    return found


def undo_load(session: Session, who: Who, version_id: int) -> LcapVersion:
    """Takes a table that stands back; the one that it replaced stands again."""
    found = _locked(session, version_id)
    _refuse_unless(found, STANDING)
    _decide(found, who)
    found.state = UNDONE
    session.add(found)
    session.flush()
    before = session.get(LcapVersion, found.replaces) if found.replaces is not None else None
    if before is not None and before.state == REPLACED:
        before.state = STANDING
        session.add(before)
    audit(session, who.actor, "lcap load undone", str(version_id), {"stands again": before and before.version_id})
    return found


def _locked(session: Session, version_id: int) -> LcapVersion:
    found = session.get(LcapVersion, version_id, with_for_update=True)
    if found is None:
        raise NotFound("There is no such load of an LCAP table. Open the list of loads.")
    return found


def _refuse_unless(found: LcapVersion, state: str) -> None:
    if found.state != state:
        words = {WAITING: "waits for a decision", STANDING: "stands"}[state]
        raise Conflict(
            f"This load is {found.state}; only one that {words} can be changed so.", code="lcap_load_decided"
        )


def _decide(found: LcapVersion, who: Who) -> None:
    found.decided_by, found.decided_at = who.name, datetime.now(UTC)
