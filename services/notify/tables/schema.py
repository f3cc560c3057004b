"""The schema of notify, and what its tables share."""

from typing import Any

from sqlalchemy import BigInteger, Identity, text
from sqlmodel import Field, SQLModel

from shared.db import schema
from shared.delivery.tables import add_platform_tables

metadata = schema("notify")
add_platform_tables(metadata)
NOW: dict[str, Any] = {"server_default": text("now()"), "nullable": False}


class NotifyTable(SQLModel):
    metadata = metadata


def number() -> Any:
    """The primary key of a table whose rows are numbered."""
    return Field(default=None, sa_type=BigInteger, primary_key=True, sa_column_args=(Identity(always=True),))


def default(value: str) -> dict[str, Any]:
    return {"server_default": text(value)}
