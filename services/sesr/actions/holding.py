"""Reports that come by a key after the session ended: taken, or held for the desk where their author may not report now."""

from dataclasses import asdict
from datetime import tzinfo
from typing import Any

import orjson
from pydantic import TypeAdapter
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col, func, select, update

from services.sesr.actions.reports import submit
from services.sesr.actions.submission import Arrival, Receipt, Submission
from services.sesr.rules.keys import ReportKey
from services.sesr.rules.timing import CLOCK_TOLERANCE, counted_when
from services.sesr.tables import HeldReport, School
from shared.access import Who, audit, holder_of, scope_of
from shared.access.policy import may
from shared.errors import Conflict, Invalid, NotFound, NotSignedIn

ENDED = "The account is closed, or the role was taken."
NOT_THEIRS = "The school is no longer one of theirs."
# Bytes of a held report as JSON: nothing of it is checked before the desk accepts it.
LARGEST_HELD = 16 * 1024
_SUBMISSIONS = TypeAdapter(Submission)
KEY_ENDED = "This device's right to send without signing in has ended. Sign in to send."


def submit_by_key(session: Session, key: ReportKey, sent: Submission, arrival: Arrival) -> Receipt | None:
    """Takes a report in the name of the key's person; None where it is held for the desk.

    Account, role and school are asked again: where one has ended, nothing is lost and nothing counts unseen. Raises
    NotSignedIn for a count that was made after the key had ended.
    """
    made_at = counted_when(arrival.now, sent.counted_at, sent.sent_at).at
    if made_at is not None and made_at > key.until + CLOCK_TOLERANCE:
        raise NotSignedIn(KEY_ENDED)
    who = holder_of(session, key.person_id, key.role)
    if who is None or not may(who.role, "sesr.report"):
        _hold(session, key, sent, ENDED)
        return None
    covered = select(School.school_key).where(scope_of(who).covers(School), School.school_key == sent.school_key)
    if session.exec(covered).one_or_none() is None:
        _hold(session, key, sent, NOT_THEIRS)
        return None
    return submit(session, who, sent, arrival)


def accept_held(session: Session, who: Who, held: HeldReport, zone: tzinfo) -> Receipt:
    """Takes a held report as it arrived, in its author's name. Raises Conflict when it was decided on already."""
    _decide(session, who, held, accepted=True)
    author = Who(held.person_id, held.person_id, "", held.role, (held.school_key,), (held.role,), "key")
    return submit(session, author, _submission(held.submission), Arrival(held.received_at, zone, by_key=True))


def refuse_held(session: Session, who: Who, held: HeldReport) -> None:
    """Leaves it out for good. Raises Conflict when it was decided on already."""
    _decide(session, who, held, accepted=False)


def _hold(session: Session, key: ReportKey, sent: Submission, reason: str) -> None:
    """Keeps it for the desk, once; a school that does not exist has no desk. Raises NotFound."""
    if session.get(School, sent.school_key) is None:
        raise NotFound("This school is not one of yours. Choose one of your schools.", code="school_unknown")
    submission = orjson.dumps(asdict(sent))
    if len(submission) > LARGEST_HELD:
        raise Invalid("This report is longer than the form allows. Nothing was saved.", code="report_long")
    fresh = insert(HeldReport).values(
        report_id=sent.report_id,
        school_key=sent.school_key,
        person_id=key.person_id,
        role=key.role,
        reason=reason,
        submission=orjson.loads(submission),
    )
    kept = session.execute(fresh.on_conflict_do_nothing().returning(col(HeldReport.report_id))).one_or_none()
    if kept is not None:
        audit(session, f"{key.person_id} as {key.role}", "report.hold", str(sent.report_id), {"reason": reason})


def _decide(session: Session, who: Who, held: HeldReport, *, accepted: bool) -> None:
    deciding = update(HeldReport).where(
        col(HeldReport.report_id) == held.report_id, col(HeldReport.decided_at).is_(None)
    )
    deciding = deciding.values(decided_at=func.now(), decided_by=who.actor, accepted=accepted)
    if session.execute(deciding.returning(col(HeldReport.report_id))).one_or_none() is None:
        raise Conflict("Someone already decided on this report.", code="decided")
    audit(session, who.actor, "report.accept" if accepted else "report.refuse", str(held.report_id))


def _submission(kept: dict[str, Any]) -> Submission:
    """A submission from what is stored of it, by the types that its API reads."""
    return _SUBMISSIONS.validate_json(orjson.dumps(kept))
