"""The delivery progress of an upload: which of its steps are done, when, and in words."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import text
from sqlmodel import Session, col, func, or_, select

from services.ingest.tables import DeliveryStep, Upload
from shared.numbers import counted

# The platform's tables have no classes here.
_RECEIVED = text(
    """
    select d.subscriber, count(*) as events, count(*) filter (where d.state = 'acked') as received,
      max(d.acked_at) as received_at
    from outbox_event e join outbox_delivery d using (event_id)
    where e.topic = :topic and e.key = any(:keys) and (:version = 0 or e.version = :version)
    group by d.subscriber order by d.subscriber
    """
)
_DIRECTORY_PARTS = text("select key from outbox_event where topic = 'ingest.directory_loaded' and version = :version")
TOPICS = {
    "participation": "ingest.extraction_loaded",
    "directory": "ingest.directory_loaded",
    "survey-results": "ingest.survey_results_loaded",
    "lcap-actions": "ingest.lcap_loaded",
    "lcap-measures": "ingest.lcap_loaded",
}
RECEIVERS = {
    "rates": "response rates",
    "tracker": "progress tracker",
    "sesr": "strike reports",
    "notify": "alerts",
}
_WAITING = {
    "reading": "the file is being read",
    "preview": "waits for you to publish it",
    "quarantined": "waits for you to confirm or discard it",
}


class ProgressStep(NamedTuple):
    """One step of an upload's delivery progress: done or not, when, and in words."""

    name: str
    done: bool
    at: datetime | None
    words: str


def delivery_progress(session: Session, taken: Upload) -> list[ProgressStep]:
    """The steps of an upload: stored, received, tiers computed, alerts planned, mails sent."""
    accepted = taken.counts.get("accepted", 0)
    steps = [ProgressStep("Stored", True, taken.uploaded_at, counted(accepted, "row"))]
    if taken.state == "unchanged":
        return [
            *steps,
            ProgressStep("Nothing new", True, taken.uploaded_at, "every row was already on file: no alerts are sent"),
        ]
    if taken.state not in ("published", "undone"):
        words = _WAITING.get(taken.state, f"{taken.state}: no alerts are sent")
        return [*steps, ProgressStep("Published", False, None, words)]
    version = (taken.revision or 0) if taken.kind == "directory" else 0
    values = {"topic": TOPICS[taken.kind], "keys": _keys(session, taken), "version": version}
    for row in session.execute(_RECEIVED, values):
        name = f"Received by {RECEIVERS.get(row.subscriber, row.subscriber)}"
        words = f"{row.received} of {row.events} parts"
        steps.append(ProgressStep(name, row.received == row.events, row.received_at, words))
    return [*steps, *_alerts(session, taken)] if taken.kind == "participation" else steps


def _keys(session: Session, taken: Upload) -> list[str]:
    """The keys of the events that this upload was published in."""
    parts = [(name, part) for name, count in taken.parts.items() for part in range(1, count + 1)]
    if taken.kind == "directory":
        return list(session.execute(_DIRECTORY_PARTS, {"version": taken.revision}).scalars())
    if taken.kind == "participation":
        return [f"{taken.term}/{taken.extraction_date}/{group}/{taken.upload_id}/{part}" for group, part in parts]
    table = f"{taken.kind.removeprefix('lcap-')}/" if taken.kind.startswith("lcap") else ""
    return [f"{table}{taken.upload_id}/{part}" for _, part in parts]


def _alerts(session: Session, taken: Upload) -> list[ProgressStep]:
    reached = select(DeliveryStep).where(col(DeliveryStep.upload_id) == taken.upload_id)
    notes = session.exec(reached.order_by(col(DeliveryStep.at), col(DeliveryStep.step))).all()
    tiers = [note for note in notes if note.step.startswith("tiers/")]
    computed = {note.step.split("/")[1] for note in tiers}
    done = bool(computed) and computed >= set(taken.parts)
    at = max((note.at for note in tiers if note.at), default=None)
    first = ProgressStep("Tiers computed", done, at, ", ".join(sorted(computed)) or "waiting")
    digests = next((note for note in notes if note.step == "digests"), None)
    newer = _newer(session, taken)
    if digests is None:
        return [first, ProgressStep("Alerts planned", newer, None, _replaced("none") if newer else "waiting")]
    counts = digests.detail
    words = f"{counts['planned']} planned, {counts['held']} held, {counts['unroutable']} without a route"
    mails = [note for note in notes if note.step.startswith("mail/")]
    return [
        first,
        ProgressStep("Alerts planned", True, digests.at, words),
        _sent(counts["planned"], mails, newer=newer),
    ]


def _sent(planned: int, mails: Sequence[Any], *, newer: bool) -> ProgressStep:
    """Mails that a newer state replaced are not sent any more: the step is done without them."""
    at = mails[-1].at if mails else None
    words = f"{len(mails)} of {planned}"
    if len(mails) < planned and newer:
        return ProgressStep("Mails sent", True, at, _replaced(words))
    return ProgressStep("Mails sent", len(mails) >= planned, at, words)


def _replaced(words: str) -> str:
    return f"{words}; a newer upload replaced the others"


def _newer(session: Session, taken: Upload) -> bool:
    """Whether a later revision of this extraction, or a later extraction of the term, was published."""
    later = or_(
        col(Upload.extraction_date) > taken.extraction_date,
        (col(Upload.extraction_date) == taken.extraction_date) & (col(Upload.revision) > taken.revision),
    )
    published = (col(Upload.kind) == taken.kind, col(Upload.term) == taken.term, col(Upload.state) == "published")
    return session.exec(select(func.count()).where(*published, later)).one() > 0
