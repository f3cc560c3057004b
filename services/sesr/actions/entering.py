"""Entering the reports of many schools at once, each through the door of a single one and with the same trail."""

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID, uuid5

from sqlmodel import Session

from services.sesr.actions.reports import submit
from services.sesr.actions.submission import Arrival, Receipt, Submission
from services.sesr.rules.entry import COUNTED, GIVEN_BY, EntryRow
from services.sesr.tables import Incident
from shared.access import Who
from shared.errors import Refused


class EntryResult(NamedTuple):
    """A line with its receipt, or with the sentences that say why it was not taken."""

    row: EntryRow
    receipt: Receipt | None
    problems: list[str]


def enter_rows(
    session: Session, who: Who, incident: Incident, rows: Sequence[EntryRow], batch: UUID, arrival: Arrival
) -> list[EntryResult]:
    """Takes each line that can be taken; the others stay with their reason.

    The id of a report follows from batch and school, so that the same paste sent twice is one report for each.
    """
    seen: set[str] = set()
    results = []
    for row in rows:
        problem = "The school is in an earlier line too." if row.school_key in seen else row.problem()
        seen.add(row.school_key)
        results.append(
            EntryResult(row, None, [problem]) if problem else _enter(session, who, incident, row, batch, arrival)
        )
    return results


def _enter(session: Session, who: Who, incident: Incident, row: EntryRow, batch: UUID, arrival: Arrival) -> EntryResult:
    day = arrival.now.astimezone(arrival.zone).date()
    sent = Submission(
        report_id=uuid5(batch, row.school_key),
        school_key=row.school_key,
        incident_id=incident.incident_id,
        day=day,
        counts=row.counts,
        flags=row.flags,
        status=row.status,
        counted_time=row.cells.get(COUNTED, ""),
        proxy_for=row.cells.get(GIVEN_BY, ""),
        confirmed_zero=True,
        confirmed_incident=True,
    )
    try:
        return EntryResult(row, submit(session, who, sent, arrival), [])
    except Refused as refused:
        reasons = [str(each["message"]) for each in refused.problems if each.get("message")]
        return EntryResult(row, None, reasons or [refused.sentence])
