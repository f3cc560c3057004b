"""What tracker keeps of the LCAP."""

from typing import Any
from uuid import UUID

from sqlalchemy import SmallInteger
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.tracker.tables.schema import TrackerTable


class LcapRow(TrackerTable, table=True):
    """A row of an LCAP table as read from its file."""

    __tablename__ = "lcap_row"

    table: str = Field(primary_key=True)
    upload_id: UUID = Field(primary_key=True)
    part: int = Field(primary_key=True, sa_type=SmallInteger)
    number: int = Field(primary_key=True)
    row: dict[str, Any] = Field(sa_type=JSONB)
