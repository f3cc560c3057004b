"""What sesr publishes: strike reports, from its web to its worker, and what became of those written as answers."""

from datetime import date, datetime
from typing import ClassVar
from uuid import UUID

from shared.events.event import Event

__all__ = ["ReplySettled", "ReportSubmitted"]


class ReportSubmitted(Event):
    """A strike report's counts and flags; names and phones stay in sesr's own tables. Absent counts are None.

    A correction names the report that it `supersedes` and keeps its time of counting.
    """

    topic: ClassVar[str] = "sesr.report_submitted"
    subscribers: ClassVar[dict[str, str]] = {"sesr": "sesr.record_report"}

    report_id: UUID
    incident_id: UUID
    school_key: str
    day: date
    sequence: int
    counts: dict[str, int | None]
    flags: dict[str, bool]
    counted_at: datetime
    received_at: datetime
    supersedes: UUID | None = None

    @property
    def key(self) -> str:
        return str(self.report_id)

    @property
    def version(self) -> int:
        return 1


class ReplySettled(Event):
    """What became of a report that was written as an answer: whether it counts, and the words for its writer."""

    topic: ClassVar[str] = "sesr.reply_settled"
    subscribers: ClassVar[dict[str, str]] = {"notify": "notify.answer_reply"}

    reply_id: UUID
    is_taken: bool
    words: str

    @property
    def key(self) -> str:
        return f"reply/{self.reply_id}"

    @property
    def version(self) -> int:
        return 1
