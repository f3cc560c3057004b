"""What ingest keeps: uploads with their files, the extraction rows of each date, the directory, the delivery progress of uploads."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Index, LargeBinary, SmallInteger, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field, SQLModel, Text

from shared.db import schema
from shared.delivery.tables import add_platform_tables

metadata = schema("ingest")
add_platform_tables(metadata)
NOW = {"server_default": text("now()"), "nullable": False}
NO_TEXTS = {"server_default": text("'{}'::text[]")}
NO_LIST = {"server_default": text("'[]'::jsonb")}
NO_MAPPING = {"server_default": text("'{}'::jsonb")}


class IngestTable(SQLModel):
    metadata = metadata


class Upload(IngestTable, table=True):
    """One file that was taken in, with its report.

    `state`: reading, preview, quarantined, published, unchanged, refused, discarded or undone. `intent`: what becomes
    of it once read: publish, preview or dry (a dry run that went on in a worker). `part_of`: the upload whose file
    held this date too. `undoes`: the upload that this compensating revision takes back. `hold_mails`: its alerts wait for a person. `parts`: how many
    events each group was published in. `retry_at`: not read by another worker before; the reader renews it. `changes`: whom and
    which schools a directory adds, changes and removes. `roster`: what a roster holds that its mapping names.
    """

    __tablename__ = "upload"
    __table_args__ = (
        Index("ix_upload_sha256", "kind", "sha256"),
        Index("ix_upload_at", "uploaded_at"),
        Index("ix_upload_extraction", "term", "extraction_date", "revision"),
        Index("ix_upload_reading", "uploaded_at", postgresql_where=text("state = 'reading'")),
    )

    upload_id: UUID = Field(primary_key=True)
    kind: str
    file_name: str
    sha256: bytes = Field(sa_type=LargeBinary)
    size: int
    state: str
    uploaded_by: str
    uploaded_at: datetime | None = Field(default=None, sa_column_kwargs=NOW)
    term: str | None = None
    extraction_date: date | None = None
    revision: int | None = None
    groups: list[str] = Field(default_factory=list, sa_type=ARRAY(Text))
    counts: dict[str, int] = Field(default_factory=dict, sa_type=JSONB)
    problems: list[dict[str, Any]] = Field(default_factory=list, sa_type=JSONB)
    thin: bool = False
    hold_mails: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})
    intent: str = Field(default="publish", sa_column_kwargs={"server_default": "publish"})
    named_term: str = Field(default="", sa_column_kwargs={"server_default": ""})
    confirmed: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})
    reasons: list[str] = Field(default_factory=list, sa_type=ARRAY(Text), sa_column_kwargs=NO_TEXTS)
    found: list[dict[str, Any]] = Field(default_factory=list, sa_type=JSONB, sa_column_kwargs=NO_LIST)
    difference: dict[str, Any] = Field(default_factory=dict, sa_type=JSONB, sa_column_kwargs=NO_MAPPING)
    changes: list[dict[str, Any]] = Field(default_factory=list, sa_type=JSONB, sa_column_kwargs=NO_LIST)
    roster: dict[str, Any] = Field(default_factory=dict, sa_type=JSONB, sa_column_kwargs=NO_MAPPING)
    parts: dict[str, int] = Field(default_factory=dict, sa_type=JSONB, sa_column_kwargs=NO_MAPPING)
    part_of: UUID | None = None
    undoes: UUID | None = None
    attempts: int = Field(default=0, sa_column_kwargs={"server_default": text("0")})
    retry_at: datetime | None = None


class UploadFile(IngestTable, table=True):
    """The bytes of an upload, in the same transaction as the upload: no orphan on a full disk."""

    __tablename__ = "upload_file"

    upload_id: UUID = Field(primary_key=True, foreign_key="ingest.upload.upload_id", ondelete="CASCADE")
    content: bytes = Field(sa_type=LargeBinary)


class ExtractionCount(IngestTable, table=True):
    """The newest counts of a school for one group at one extraction, as published."""

    __tablename__ = "extraction_count"

    term: str = Field(primary_key=True)
    extraction_date: date = Field(primary_key=True)
    respondent_group: str = Field(primary_key=True)
    school_key: str = Field(primary_key=True)
    revision: int
    ploc: str
    cost_center: str | None
    region: str
    cos: str
    director: str
    school: str
    level: str
    total: int | None
    submitted: int | None
    file_tier: str
    file_rate: str


class ReplacedCount(IngestTable, table=True):
    """A school's counts as they were before an upload replaced them, for its undo."""

    __tablename__ = "replaced_count"

    upload_id: UUID = Field(primary_key=True, foreign_key="ingest.upload.upload_id", ondelete="CASCADE")
    respondent_group: str = Field(primary_key=True)
    school_key: str = Field(primary_key=True)
    ploc: str
    cost_center: str | None
    region: str
    cos: str
    director: str
    school: str
    level: str
    total: int | None
    submitted: int | None
    file_tier: str
    file_rate: str


class SurveyResult(IngestTable, table=True):
    """A survey result as the newest file that holds it gave it; item and period by their keys, and as written."""

    __tablename__ = "survey_result"
    __table_args__ = (Index("ix_survey_result_revision", "revision"),)

    school_key: str = Field(primary_key=True)
    level: str = Field(primary_key=True)
    item_key: str = Field(primary_key=True)
    period_key: str = Field(primary_key=True)
    ploc: str
    item: str
    period: str
    percent: Decimal | None = Field(max_digits=5, decimal_places=1)
    revision: int


class ReplacedResult(IngestTable, table=True):
    """A survey result as it was before the newest file replaced it, for the undo of that file."""

    __tablename__ = "replaced_result"

    upload_id: UUID = Field(primary_key=True, foreign_key="ingest.upload.upload_id", ondelete="CASCADE")
    school_key: str = Field(primary_key=True)
    level: str = Field(primary_key=True)
    item_key: str = Field(primary_key=True)
    period_key: str = Field(primary_key=True)
    ploc: str
    item: str
    period: str
    percent: Decimal | None = Field(max_digits=5, decimal_places=1)


class ReplacedDirectory(IngestTable, table=True):
    """The schools and the people before the newest directory, as rows of their tables; None: the file left them.

    `roster`: what was kept of the roster before, in one row, where the file is a roster.
    """

    __tablename__ = "replaced_directory"

    upload_id: UUID = Field(primary_key=True, foreign_key="ingest.upload.upload_id", ondelete="CASCADE")
    schools: list[dict[str, Any]] | None = Field(default=None, sa_type=JSONB)
    people: list[dict[str, Any]] | None = Field(default=None, sa_type=JSONB)
    roster: list[dict[str, Any]] | None = Field(default=None, sa_type=JSONB)


class SavedMapping(IngestTable, table=True):
    """What the words of a source of rosters (oneroster, ed-fi) mean here, as a person said it."""

    __tablename__ = "roster_mapping"

    source: str = Field(primary_key=True)
    mapping: dict[str, Any] = Field(default_factory=dict, sa_type=JSONB)


class KeptRoster(IngestTable, table=True):
    """What a delta of a source is put over: the rows of the roster that was published last, by table and id.

    Of people only those in a role that the directory has. `roles`: the roles that were kept. `columns`: those of the
    organizations, each with an example.
    """

    __tablename__ = "kept_roster"

    source: str = Field(primary_key=True)
    roles: list[str] = Field(default_factory=list, sa_type=ARRAY(Text))
    columns: dict[str, str] = Field(default_factory=dict, sa_type=JSONB)
    rows: dict[str, Any] = Field(default_factory=dict, sa_type=JSONB)


class DropFolder(IngestTable, table=True):
    """A drop folder that was looked at; `problem`: why the last look failed, `leased_until`: whose look is under way."""

    __tablename__ = "drop_folder"

    folder: str = Field(primary_key=True)
    looked_at: datetime | None = None
    leased_until: datetime | None = None
    problem: str = Field(default="", sa_column_kwargs={"server_default": ""})


class DroppedFile(IngestTable, table=True):
    """A file of a drop folder, by its name there; a file that comes under the same name later takes the row over.

    `state`: waiting (seen, perhaps still written), left (cannot be taken), taken (to be moved), done, held or refused.
    `stamp`: its size and time as last seen. `target`: its path below the folder once moved, decided before the move.
    `problems`: of a refused file, which has no upload. `is_known`: its content had been taken before.
    """

    __tablename__ = "dropped_file"

    folder: str = Field(primary_key=True)
    file_name: str = Field(primary_key=True)
    stamp: str
    state: str
    sentence: str = Field(default="", sa_column_kwargs={"server_default": ""})
    upload_id: UUID | None = None
    target: str = Field(default="", sa_column_kwargs={"server_default": ""})
    problems: list[dict[str, Any]] = Field(default_factory=list, sa_type=JSONB, sa_column_kwargs=NO_LIST)
    is_known: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})
    seen_at: datetime | None = Field(default=None, sa_column_kwargs=NOW)


class Progress(IngestTable, table=True):
    """How many rows of a long file have been read, and whether somebody has canceled the reading."""

    __tablename__ = "progress"

    upload_id: UUID = Field(primary_key=True, foreign_key="ingest.upload.upload_id", ondelete="CASCADE")
    rows: int = 0
    canceled: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})


class School(IngestTable, table=True):
    """A school by its key, given at first sight and kept for good; the cost center code joins it when known."""

    __tablename__ = "school"
    __table_args__ = (Index("ix_school_ploc", "ploc", "name_key"),)

    school_key: str = Field(primary_key=True)
    ploc: str
    cost_center: str | None = Field(default=None, unique=True)
    name: str
    name_key: str
    level: str = ""
    region: str = ""
    cos: str = ""
    director: str = ""
    enrolled: int | None = None
    classified_classroom: int | None = None
    classified_other: int | None = None
    certificated_admin: int | None = None
    certificated_other: int | None = None
    principal: str = ""
    landline: str = ""
    in_directory: bool = False


class Person(IngestTable, table=True):
    """A person of the directory, with the spellings under which files name them."""

    __tablename__ = "person"

    person_id: str = Field(primary_key=True)
    name: str
    email: str
    role: str
    scope: list[str] = Field(default_factory=list, sa_type=ARRAY(Text))
    aliases: list[str] = Field(default_factory=list, sa_type=ARRAY(Text))
    resolved_aliases: list[str] = Field(default_factory=list, sa_type=ARRAY(Text))


class DirectoryRevision(IngestTable, table=True):
    """Counts the loads of the directory; its one row is the lock under which a load happens."""

    __tablename__ = "directory_revision"

    id: int = Field(primary_key=True, sa_type=SmallInteger)
    revision: int


class PlanWords(IngestTable, table=True):
    """The items, levels and years that the tracker's plans know, as it last published them, in one row."""

    __tablename__ = "plan_words"

    id: int = Field(primary_key=True, sa_type=SmallInteger, sa_column_kwargs={"autoincrement": False})
    revision: int
    plans: list[dict[str, Any]] = Field(default_factory=list, sa_type=JSONB)


class SurveyWindow(IngestTable, table=True):
    """A term with the first and last day of its survey window."""

    __tablename__ = "survey_window"

    term: str = Field(primary_key=True)
    opens: date
    closes: date


class DeliveryStep(IngestTable, table=True):
    """The delivery progress of an upload: one row for each step that it has reached."""

    __tablename__ = "delivery_step"

    upload_id: UUID = Field(primary_key=True)
    step: str = Field(primary_key=True)
    detail: dict[str, Any] = Field(default_factory=dict, sa_type=JSONB)
    at: datetime | None = Field(default=None, sa_column_kwargs=NOW)
