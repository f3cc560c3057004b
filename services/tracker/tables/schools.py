"""What tracker keeps of schools: the directory, loaded results, and Parents rates to offer."""

from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy import SmallInteger, Text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field

from services.tracker.tables.schema import TrackerTable


class School(TrackerTable, table=True):
    """A school of the directory, as ingest last published it; `tracker_levels` are those at which it is expected."""

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
    tracker_levels: list[str] = Field(default_factory=list, sa_type=ARRAY(Text))


class DirectoryArrival(TrackerTable, table=True):
    """The newest directory revision, and which of its parts have come."""

    __tablename__ = "directory_arrival"

    id: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    revision: int
    parts: list[int] = Field(sa_type=ARRAY(SmallInteger))


class Result(TrackerTable, table=True):
    """A school's survey result for an item and a period, as loaded from a file."""

    __tablename__ = "result"

    school_key: str = Field(primary_key=True)
    level: str = Field(primary_key=True)
    item: str = Field(primary_key=True)
    period: str = Field(primary_key=True)
    upload_id: UUID
    revision: int
    percent: Decimal | None = Field(max_digits=5, decimal_places=1)


class ParentsRate(TrackerTable, table=True):
    """A school's Parents response rate at an extraction; None where there is none, or an undo took it back.

    The last one of a term is offered as a result of the item Participation Rate.
    """

    __tablename__ = "parents_rate"

    school_key: str = Field(primary_key=True)
    term: str = Field(primary_key=True)
    extraction_date: date = Field(primary_key=True)
    state: int
    window_closes: date
    rate: Decimal | None = Field(max_digits=16, decimal_places=4)


class OfferDismissed(TrackerTable, table=True):
    """A results file's value that a person has looked at and left aside; it comes back when the file's value changes."""

    __tablename__ = "offer_dismissed"

    school_key: str = Field(primary_key=True)
    level: str = Field(primary_key=True)
    item_id: str = Field(primary_key=True)
    period: int = Field(primary_key=True, sa_type=SmallInteger, sa_column_kwargs={"autoincrement": False})
    percent: Decimal = Field(max_digits=4, decimal_places=1)
    dismissed_by: str
