"""What rates keeps: counts and tiers per extraction, each school's history, what has arrived, the directory, settings, views."""

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import BigInteger, Identity, Index, Numeric, SmallInteger, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field, SQLModel

from shared.db import schema
from shared.delivery.tables import add_platform_tables
from shared.jobs.tables import add_file_job_tables

metadata = schema("rates")
add_platform_tables(metadata)
add_file_job_tables(metadata)
_NOW = {"server_default": text("now()"), "nullable": False}
_NO = {"server_default": text("false")}


class RatesTable(SQLModel):
    metadata = metadata


class Rate(RatesTable, table=True):
    """A school's counts for one group at one extraction; `removed` where an undo took the row back."""

    __tablename__ = "rate"
    __table_args__ = (Index("ix_rate_school", "school_key", "respondent_group", "extraction_date"),)

    term: str = Field(primary_key=True)
    extraction_date: date = Field(primary_key=True)
    respondent_group: str = Field(primary_key=True)
    school_key: str = Field(primary_key=True)
    revision: int
    upload_id: UUID
    ploc: str
    cost_center: str | None
    school: str
    school_sort: str
    region: str
    cos: str
    cos_sort: str
    director: str
    director_key: str
    level: str
    total: int | None
    submitted: int | None
    tier: int | None = Field(sa_type=SmallInteger)
    rate: Decimal | None = Field(max_digits=16, decimal_places=4)
    needed: int | None
    file_tier: str
    file_rate: str
    removed: bool = Field(sa_column_kwargs=_NO)


class Extraction(RatesTable, table=True):
    """One group of one extraction: its newest revision, how many schools it holds and how often it was published.

    `is_whole` is false where a person published it although parts of it had not arrived.
    """

    __tablename__ = "extraction"

    term: str = Field(primary_key=True)
    extraction_date: date = Field(primary_key=True)
    respondent_group: str = Field(primary_key=True)
    revision: int
    upload_id: UUID
    window_opens: date
    window_closes: date
    schools: int = 0
    state: int = Field(default=1, sa_column_kwargs={"server_default": text("1")})
    is_whole: bool = Field(default=True, sa_column_kwargs={"server_default": text("true")})
    computed_at: datetime = Field(sa_column_kwargs=_NOW)


class Upload(RatesTable, table=True):
    """A revision of an extraction of which something has arrived; `published_at` once its tiers are published.

    `follows_revision`: the revision before it, 0 for the first. `groups`: the groups that it names.
    """

    __tablename__ = "upload"
    __table_args__ = (
        Index("ix_upload_extraction", "term", "extraction_date"),
        Index("ix_upload_unpublished", "first_arrived_at", postgresql_where=text("published_at is null")),
    )

    upload_id: UUID = Field(primary_key=True)
    term: str
    extraction_date: date
    revision: int
    follows_revision: int
    groups: list[str] = Field(sa_type=ARRAY(Text))
    thin: bool
    hold_mails: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})
    is_undo: bool
    window_opens: date
    window_closes: date
    first_arrived_at: datetime | None = Field(default=None, sa_column_kwargs=_NOW)
    published_at: datetime | None = Field(default=None)


class Arrival(RatesTable, table=True):
    """Which parts of one group of an upload have been stored, and of how many.

    `is_shown`: the group's histories, which the pages show, hold what has arrived. `is_published`: so do the tiers that
    were published last, whole or by hand.
    """

    __tablename__ = "arrival"

    upload_id: UUID = Field(primary_key=True, foreign_key="rates.upload.upload_id", ondelete="CASCADE")
    respondent_group: str = Field(primary_key=True)
    parts: list[int] = Field(sa_type=ARRAY(SmallInteger))
    part_count: int
    is_shown: bool = Field(default=False, sa_column_kwargs=_NO)
    is_published: bool = Field(default=False, sa_column_kwargs=_NO)


class SchoolHistory(RatesTable, table=True):
    """A school's running history at an extraction, derived from all of the term's up to it.

    `present` is false where the extraction lacks the school. `previous_*` is its own row before, `trail` its rate at
    each extraction of the group so far, `stalled` how many extractions in a row brought no new survey. `final_*` is the
    forecast of its surveys at the close, `outlook` a key of OUTLOOKS, `needed_per_day` what is needed each school day.
    """

    __tablename__ = "school_history"

    term: str = Field(primary_key=True)
    respondent_group: str = Field(primary_key=True)
    extraction_date: date = Field(primary_key=True)
    school_key: str = Field(primary_key=True)
    present: bool
    ploc: str
    school: str
    school_sort: str
    region: str
    cos: str
    cos_sort: str
    director: str
    director_key: str
    level: str
    total: int | None
    submitted: int | None
    tier: int | None = Field(sa_type=SmallInteger)
    rate: Decimal | None = Field(max_digits=16, decimal_places=4)
    needed: int | None
    previous_date: date | None
    previous_total: int | None
    previous_submitted: int | None
    previous_tier: int | None = Field(sa_type=SmallInteger)
    previous_rate: Decimal | None = Field(max_digits=16, decimal_places=4)
    change_surveys: int | None
    change_points: Decimal | None = Field(max_digits=16, decimal_places=4)
    first_seen: date
    last_seen: date
    stalled: int = Field(sa_type=SmallInteger)
    movement: str
    final_low: int | None
    final_likely: int | None
    final_high: int | None
    outlook: str
    needed_per_day: Decimal | None = Field(max_digits=12, decimal_places=1)
    trail: list[Decimal | None] = Field(sa_type=ARRAY(Numeric))


class School(RatesTable, table=True):
    """A school of the directory, for levels and scopes."""

    __tablename__ = "school"

    school_key: str = Field(primary_key=True)
    revision: int
    ploc: str
    cost_center: str | None
    name: str
    level: str
    region: str
    cos: str
    director: str


class DirectoryArrival(RatesTable, table=True):
    """The one newest directory revision that has begun to arrive, and which of its parts are here."""

    __tablename__ = "directory_arrival"

    id: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    revision: int
    parts: list[int] = Field(sa_type=ARRAY(SmallInteger))


class SavedView(RatesTable, table=True):
    """A state of the table that a person keeps under a name; `version` says how to read its query string."""

    __tablename__ = "saved_view"
    __table_args__ = (UniqueConstraint("person_id", "name"),)

    id: int | None = Field(default=None, sa_type=BigInteger, primary_key=True, sa_column_args=[Identity(always=True)])
    person_id: str
    name: str
    version: int = Field(sa_type=SmallInteger)
    query: str
    saved_at: datetime | None = Field(default=None, sa_column_kwargs=_NOW)


class SurveyWindow(RatesTable, table=True):
    """The survey window of a term as set here; without it the window that came with the extraction holds."""

    __tablename__ = "survey_window"

    term: str = Field(primary_key=True)
    opens: date
    closes: date


class DayOff(RatesTable, table=True):
    """A weekday without school."""

    __tablename__ = "day_off"

    day: date = Field(primary_key=True)
    name: str


class DayOffChange(RatesTable, table=True):
    """One change of the days off, which can be undone: each of its days with the name before and after, None for school."""

    __tablename__ = "day_off_change"

    change_id: int | None = Field(
        default=None, sa_type=BigInteger, primary_key=True, sa_column_args=[Identity(always=True)]
    )
    at: datetime | None = Field(default=None, sa_column_kwargs=_NOW)
    actor: str
    source: str
    before: dict[str, str | None] = Field(sa_type=JSONB)
    after: dict[str, str | None] = Field(sa_type=JSONB)
    undone_at: datetime | None = None
    undone_by: str = Field(default="", sa_column_kwargs={"server_default": text("''")})


class CalendarRevision(RatesTable, table=True):
    """Counts the published states of the calendar, in one row; `content_hash` tells the last one."""

    __tablename__ = "calendar_revision"

    id: int = Field(primary_key=True, sa_type=SmallInteger, sa_column_kwargs={"autoincrement": False})
    revision: int
    content_hash: str


class Goal(RatesTable, table=True):
    """The response rate, in percent, that each school should reach in a group."""

    __tablename__ = "goal"

    respondent_group: str = Field(primary_key=True)
    percent: int = Field(sa_type=SmallInteger)


class Mailed(RatesTable, table=True):
    """A school that a mail to a director named."""

    __tablename__ = "mailed"

    mail_id: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    school_key: str = Field(primary_key=True)
    upload_id: UUID
    director: str
    at: datetime | None = Field(default=None, sa_column_kwargs=_NOW)
