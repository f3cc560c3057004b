"""What sesr keeps: schools, incidents, reports as they were sent, the one that counts now, calls to schools."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Column, Identity, Index, SmallInteger, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, DATE, JSONB, TIMESTAMP, TSTZMULTIRANGE
from sqlmodel import Field, SQLModel

from shared.db import schema
from shared.delivery.tables import add_platform_tables

metadata = schema("sesr")
add_platform_tables(metadata)
NOW = {"server_default": text("now()")}
OWN_ID = {"server_default": text("uuidv7()")}
NONE = {"server_default": text("'{}'")}
NO = {"server_default": text("false")}


class SesrTable(SQLModel):
    metadata = metadata


class School(SesrTable, table=True):
    """A school of the newest directory; `gone` when the newest whole directory does not have it any more."""

    __tablename__ = "school"
    __table_args__ = (Index("ix_school_region", "region"),)

    school_key: str = Field(primary_key=True)
    revision: int
    ploc: str
    cost_center: str | None
    name: str
    level: str
    region: str
    cos: str
    director: str
    enrolled: int | None
    classified_classroom: int | None
    classified_other: int | None
    certificated_admin: int | None
    certificated_other: int | None
    principal: str
    landline: str
    gone: bool = Field(default=None, sa_column_kwargs=NO)


class DirectoryArrival(SesrTable, table=True):
    """The newest directory and which of its parts are here; one row."""

    __tablename__ = "directory_arrival"

    id: int = Field(default=1, primary_key=True, sa_type=SmallInteger)
    revision: int
    parts: list[int] = Field(sa_type=ARRAY(SmallInteger))


class CalendarEntry(SesrTable, table=True):
    """An entry of the newest calendar of rates: the `window` of a term, or an `extraction` of one.

    `revision` is the calendar's at which the entry last became another, `changed_at` when that was.
    """

    __tablename__ = "calendar_entry"

    kind: str = Field(primary_key=True)
    term: str = Field(primary_key=True)
    first_day: date = Field(primary_key=True)
    last_day: date
    revision: int
    changed_at: datetime


class CalendarRevision(SesrTable, table=True):
    """The revision of the newest calendar, in one row."""

    __tablename__ = "calendar_revision"

    id: int = Field(default=1, primary_key=True, sa_type=SmallInteger)
    revision: int


class CalendarAddress(SesrTable, table=True):
    """The address of a person's calendar in one role, while it is on; `read_at` is the day on which it was last read."""

    __tablename__ = "calendar_address"
    __table_args__ = (Index("uq_calendar_address_person", "person_id", "role", unique=True),)

    address_id: str = Field(primary_key=True)
    person_id: str
    role: str
    made_at: datetime = Field(default=None, sa_column_kwargs=NOW)
    read_at: datetime = Field(default=None, sa_column_kwargs=NOW)


class Reporter(SesrTable, table=True):
    """A person of the directory who reports for schools in a role, by the hash under which notify names them."""

    __tablename__ = "reporter"

    person_key: str = Field(primary_key=True)
    role: str = Field(primary_key=True)
    person_id: str
    revision: int


class Incident(SesrTable, table=True):
    """A strike, or a drill of one: its days, the times at which reports are due, the alarm of the board.

    Empty `regions` and `levels` mean all. `extras` names the optional fields that its form has.
    Reports are due from Monday to Friday (`weekends`: on all days) except on
    `days_off`. What it asks holds since `planned_at`; `pauses` are the times over which it was closed and then opened again.
    """

    __tablename__ = "incident"

    incident_id: UUID = Field(default=None, primary_key=True, sa_column_kwargs=OWN_ID)
    name: str
    drill: bool
    first_day: date
    last_day: date
    weekends: bool = Field(default=None, sa_column_kwargs=NO)
    days_off: list[date] = Field(default=None, sa_type=ARRAY(DATE), sa_column_kwargs=NONE)
    windows: list[str] = Field(sa_type=ARRAY(Text))
    grace_minutes: int
    most_per_adult: int
    regions: list[str] = Field(sa_type=ARRAY(Text))
    levels: list[str] = Field(sa_type=ARRAY(Text))
    desk_phone: str = Field(default="", sa_column_kwargs={"server_default": text("''")})
    extras: list[str] = Field(default=None, sa_type=ARRAY(Text), sa_column_kwargs=NONE)
    planned_at: datetime = Field(default=None, sa_column_kwargs=NOW)
    opened_at: datetime = Field(default=None, sa_column_kwargs=NOW)
    opened_by: str
    closed_at: datetime | None = None
    closed_by: str | None = None
    pauses: list[Any] = Field(default=None, sa_type=TSTZMULTIRANGE, sa_column_kwargs=NONE)


class FormerPlan(SesrTable, table=True):
    """What an incident asked of schools from a moment on until it was changed."""

    __tablename__ = "former_plan"

    incident_id: UUID = Field(primary_key=True)
    since: datetime = Field(primary_key=True)
    first_day: date
    last_day: date
    weekends: bool
    days_off: list[date] = Field(sa_type=ARRAY(DATE))
    windows: list[str] = Field(sa_type=ARRAY(Text))
    grace_minutes: int
    most_per_adult: int


class Expected(SesrTable, table=True):
    """That a school was expected to report in an incident, or excused from it, over a time; until now where `until` is empty."""

    __tablename__ = "expected"
    __table_args__ = (
        Index("ix_expected_now", "incident_id", "school_key", unique=True, postgresql_where=text("until is null")),
        Index("ix_expected_school", "school_key", postgresql_where=text("until is null")),
    )

    incident_id: UUID = Field(primary_key=True)
    school_key: str = Field(primary_key=True)
    since: datetime = Field(primary_key=True, default=None, sa_column_kwargs=NOW)
    until: datetime | None = None
    excused: bool = Field(default=None, sa_column_kwargs=NO)


class Report(SesrTable, table=True):
    """A report as it was sent; never changed. A correction is another row that supersedes it.

    `carried` names the counts that it took from a newer report than the one it was filled in from. `by_key`: it came after its author's session had ended, by the key that the form had been given.
    """

    __tablename__ = "report"
    __table_args__ = (
        Index("ix_report_day", "incident_id", "day", "school_key"),
        Index("ix_report_received", "received_at"),
    )

    report_id: UUID = Field(primary_key=True)
    number: int = Field(sa_column=Column(BigInteger, Identity(always=True), nullable=False, unique=True))
    incident_id: UUID
    school_key: str
    day: date
    counted_at: datetime
    received_at: datetime = Field(sa_column_kwargs=NOW)
    author: str
    author_name: str
    proxy_for: str
    reason: str
    supersedes: UUID | None = Field(unique=True)
    commander: str
    landline: str
    cell: str
    counts: dict[str, int | None] = Field(sa_type=JSONB)
    flags: dict[str, bool] = Field(sa_type=JSONB)
    note: str
    carried: list[str] = Field(default=None, sa_type=ARRAY(Text), sa_column_kwargs=NONE)
    by_key: bool = Field(default=None, sa_column_kwargs=NO)


class HeldReport(SesrTable, table=True):
    """A report whose author may not report any more: the duty desk accepts or refuses it. It counts nowhere before."""

    __tablename__ = "held_report"
    __table_args__ = (Index("ix_held_report_open", "school_key", postgresql_where=text("decided_at is null")),)

    report_id: UUID = Field(primary_key=True)
    school_key: str
    person_id: str
    role: str
    received_at: datetime = Field(default=None, sa_column_kwargs=NOW)
    reason: str
    submission: dict[str, Any] = Field(sa_type=JSONB)
    decided_at: datetime | None = None
    decided_by: str | None = None
    accepted: bool | None = None


class Recorded(SesrTable, table=True):
    """A report as the worker recorded it: counts and flags, no names or phones. `place` is the order of the feed.

    Rows of one incident commit in the order of their place, so that whoever has seen a place has seen all before it.
    """

    __tablename__ = "recorded"
    __table_args__ = (
        Index("ix_recorded_day", "incident_id", "day", "school_key"),
        Index("ix_recorded_place", "incident_id", "place"),
        Index("ix_recorded_feed", "incident_id", "day", "place"),
    )

    report_id: UUID = Field(primary_key=True)
    place: int = Field(sa_column=Column(BigInteger, Identity(always=True), nullable=False))
    incident_id: UUID
    school_key: str
    day: date
    sequence: int = Field(sa_type=BigInteger)
    counted_at: datetime
    received_at: datetime
    supersedes: UUID | None
    counts: dict[str, int | None] = Field(sa_type=JSONB)
    flags: dict[str, Any] = Field(sa_type=JSONB)
    recorded_at: datetime = Field(sa_column_kwargs=NOW)


class CurrentOfDay(SesrTable, table=True):
    """The report of a school and day that counts now, folded from all that were recorded."""

    __tablename__ = "current_report"

    incident_id: UUID = Field(primary_key=True)
    day: date = Field(primary_key=True)
    school_key: str = Field(primary_key=True)
    report_id: UUID
    number: int = Field(sa_type=BigInteger)
    counted_at: datetime
    received_at: datetime
    times: list[datetime] = Field(sa_type=ARRAY(TIMESTAMP(timezone=True)))
    counts: dict[str, int | None] = Field(sa_type=JSONB)
    flags: dict[str, bool] = Field(sa_type=JSONB)


class SchoolCall(SesrTable, table=True):
    """A call to a school that has not answered, and the result."""

    __tablename__ = "school_call"
    __table_args__ = (Index("ix_school_call_day", "incident_id", "day", "school_key"),)

    id: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(always=True), primary_key=True))
    incident_id: UUID
    day: date
    school_key: str
    called_at: datetime = Field(default=None, sa_column_kwargs=NOW)
    author: str
    outcome: str
    note: str


class CallAssignment(SesrTable, table=True):
    """Who of the duty desk calls a school on a day."""

    __tablename__ = "call_assignment"

    incident_id: UUID = Field(primary_key=True)
    day: date = Field(primary_key=True)
    school_key: str = Field(primary_key=True)
    caller: str
    author: str
    assigned_at: datetime = Field(default=None, sa_column_kwargs=NOW)


class PublicRelease(SesrTable, table=True):
    """Figures that the central office put on the public page; the newest that was not withdrawn is shown."""

    __tablename__ = "public_release"

    id: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(always=True), primary_key=True))
    incident_id: UUID
    name: str
    day: date
    as_of: datetime
    figures: dict[str, Any] = Field(sa_type=JSONB)
    author: str
    released_at: datetime = Field(default=None, sa_column_kwargs=NOW)
    withdrawn_at: datetime | None = None


class LateEntry(SesrTable, table=True):
    """The desk's permission that a school enters or corrects reports of a day that is over."""

    __tablename__ = "late_entry"

    incident_id: UUID = Field(primary_key=True)
    day: date = Field(primary_key=True)
    school_key: str = Field(primary_key=True)
    allowed_at: datetime = Field(default=None, sa_column_kwargs=NOW)
    author: str
    reason: str
