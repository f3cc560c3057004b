"""What directors answer: acknowledgements with a plan, snoozes with reason and end, preferences, visits."""

from datetime import date, datetime

from sqlalchemy import BigInteger, Index, text
from sqlmodel import Field

from services.notify.tables.schema import NOW, NotifyTable, default, number


class Acknowledgement(NotifyTable, table=True):
    """A director has seen a digest and says what will be done; holds until the next extraction."""

    __tablename__ = "acknowledgement"

    acknowledgement_id: int | None = number()
    digest_id: int = Field(foreign_key="notify.digest.digest_id", sa_type=BigInteger, index=True)
    director_key: str = Field(index=True)
    term: str
    extraction_date: date
    plan: str
    author: str
    at: datetime | None = Field(default=None, sa_column_kwargs=NOW)


class Snooze(NotifyTable, table=True):
    """A school, or one group of it, that a director need not be reminded of: until a day, or the next extraction (None)."""

    __tablename__ = "snooze"
    __table_args__ = (Index("ix_snooze_live", "director_key", postgresql_where=text("ended_at is null")),)

    snooze_id: int | None = number()
    director_key: str
    term: str
    extraction_date: date
    school_key: str
    school: str
    respondent_group: str | None
    reason: str
    until: date | None
    author: str
    at: datetime | None = Field(default=None, sa_column_kwargs=NOW)
    ended_at: datetime | None = None
    ended_by: str = Field(default="", sa_column_kwargs=default("''"))


class Preference(NotifyTable, table=True):
    """Which mails a director prefers; no row means the whole list at each extraction."""

    __tablename__ = "preference"

    person_id: str = Field(primary_key=True)
    only_changes: bool
    also_when_none: bool
    changed_by: str
    at: datetime | None = Field(default=None, sa_column_kwargs=NOW)


class RetiredSchool(NotifyTable, table=True):
    """A school that is not followed in a term any more, as central staff decided: closed, or a row that was wrong."""

    __tablename__ = "retired_school"

    term: str = Field(primary_key=True)
    school_key: str = Field(primary_key=True)
    school: str
    reason: str
    author: str
    at: datetime | None = Field(default=None, sa_column_kwargs=NOW)


class LinkUse(NotifyTable, table=True):
    """A signed link of a mail that was used; it works once."""

    __tablename__ = "link_use"

    mail_id: int = Field(foreign_key="notify.mail.mail_id", sa_type=BigInteger, primary_key=True)
    at: datetime | None = Field(default=None, sa_column_kwargs=NOW)


class Visit(NotifyTable, table=True):
    """When a director last opened the page of the own alerts."""

    __tablename__ = "visit"

    person_id: str = Field(primary_key=True)
    at: datetime | None = Field(default=None, sa_column_kwargs=NOW)
