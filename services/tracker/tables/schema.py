"""The schema of tracker, of which every table here is a part."""

from sqlmodel import SQLModel

from shared.db import schema
from shared.delivery.tables import add_platform_tables
from shared.jobs.tables import add_file_job_tables

metadata = schema("tracker")
add_platform_tables(metadata)
add_file_job_tables(metadata)


class TrackerTable(SQLModel):
    metadata = metadata
