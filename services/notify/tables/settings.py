"""What central staff set for alerts, the heads of the regions, whether sending is paused, and the last restore."""

from datetime import datetime, time

from sqlmodel import Field

from services.notify.tables.schema import NOW, NotifyTable, default


class AlertSettings(NotifyTable, table=True):
    """The one row of settings; without it the defaults hold: nothing held but thin extractions, no hours, no reminders."""

    __tablename__ = "alert_settings"

    id: int = Field(default=1, primary_key=True)
    hold_all: bool = Field(default=False, sa_column_kwargs=default("false"))
    hold_thin: bool = Field(default=True, sa_column_kwargs=default("true"))
    wait_minutes: int = Field(default=30, sa_column_kwargs=default("30"))
    opens: time | None = None
    closes: time | None = None
    quiet_from: time | None = None
    quiet_until: time | None = None
    school_days_only: bool = Field(default=False, sa_column_kwargs=default("false"))
    remind_days: int = Field(default=0, sa_column_kwargs=default("0"))
    escalate_after: int = Field(default=3, sa_column_kwargs=default("3"))
    per_minute: int = Field(default=0, sa_column_kwargs=default("0"))
    link_days: int = Field(default=14, sa_column_kwargs=default("14"))


class RegionHead(NotifyTable, table=True):
    """Who gets a region's escalations; `refused` is the mail server's no to `refused_email`."""

    __tablename__ = "region_head"

    region: str = Field(primary_key=True)
    name: str
    email: str
    refused_email: str = Field(default="", sa_column_kwargs=default("''"))
    refused: str = Field(default="", sa_column_kwargs=default("''"))


class MailPause(NotifyTable, table=True):
    """Sending is paused while there is this one row: no try before `resume_at`, and why."""

    __tablename__ = "mail_pause"

    id: int = Field(default=1, primary_key=True)
    resume_at: datetime
    failure: str
    words: str
    since: datetime | None = Field(default=None, sa_column_kwargs=NOW)


class DatabaseRestore(NotifyTable, table=True):
    """The one row that `ses restore` leaves: mails about extractions up to that day may have been sent before it."""

    __tablename__ = "database_restore"

    id: int = Field(default=1, primary_key=True)
    restored_at: datetime | None = Field(default=None, sa_column_kwargs=NOW)
