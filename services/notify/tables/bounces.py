"""What came into the mailbox for mail that comes back: one row per mail, for whom it was and what it said."""

from datetime import datetime

from sqlalchemy import BigInteger
from sqlmodel import Field

from services.notify.tables.schema import NOW, NotifyTable, number


class Bounce(NotifyTable, table=True):
    """A mail that came back, or an answer by a machine. `mail_id` is None where it is about no mail of ours.

    `kind`: failed, delayed, delivered, away, other; or forged, unknown, loop, unreadable, which changed nothing and are counted.
    """

    __tablename__ = "bounce"

    bounce_id: int | None = number()
    content_key: str = Field(unique=True)
    mail_id: int | None = Field(default=None, foreign_key="notify.mail.mail_id", sa_type=BigInteger, index=True)
    kind: str = Field(index=True)
    recipient: str
    status: str
    words: str
    received_at: datetime | None = Field(default=None, sa_column_kwargs=NOW)
