"""Reports that people wrote as answers, what became of each, and by whom the directory says that they may come."""

from datetime import datetime
from uuid import UUID

from sqlmodel import Field

from services.notify.tables.schema import NOW, NotifyTable, default


class Reporter(NotifyTable, table=True):
    """A person of the directory who may report for a school, by the hash of the address."""

    __tablename__ = "reporter"

    person_key: str = Field(primary_key=True)
    revision: int


class ReceivedReply(NotifyTable, table=True):
    """An answer that came in. `outcome`: waiting, taken, refused; or unknown, forged, machine, of which sesr never learns.

    `answer_state`: none, queued, sending, sent or failed; what was once sending is never sent again.
    """

    __tablename__ = "received_reply"

    reply_id: UUID = Field(primary_key=True)
    sender: str
    subject: str
    message_id: str
    received_at: datetime | None = Field(default=None, sa_column_kwargs=NOW)
    outcome: str = Field(index=True)
    answer: str = Field(default="", sa_column_kwargs=default("''"))
    answer_state: str = Field(default="none", index=True, sa_column_kwargs=default("'none'"))
    answered_at: datetime | None = None
