"""What ingest publishes: extractions, the directory, survey results and LCAP tables, as read from files."""

from datetime import date
from decimal import Decimal
from typing import Any, ClassVar, Literal, NamedTuple
from uuid import UUID

from pydantic import BaseModel, Field

from shared.events.event import Event, Group

__all__ = [
    "DirectoryLoaded",
    "DirectoryPerson",
    "DirectorySchool",
    "ExtractionLoaded",
    "ExtractionRow",
    "LcapLoaded",
    "ResultRow",
    "SurveyResultsLoaded",
    "UndoBegun",
    "UndoFacts",
]


class ExtractionRow(NamedTuple):
    """A school's counts for one respondent group, with the file's own tier and rate as printed there."""

    school_key: str
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


class ExtractionLoaded(Event):
    """Rows of one group of an upload, a part of at most ROWS_PER_PART rows. Key: term/date/group/upload/part.

    `revision` counts the loads of one (term, date); rows replace those of the same (term, date, group, school).
    `follows_revision` is the revision that was published before it, 0 for the first: a subscriber that lacks one of
    the chain knows that something has not arrived. `removed` lists schools whose row an undo takes back. `is_undo` marks such a compensating revision. `hold_mails`:
    its alerts wait for a person, as those of a `thin` one do.
    """

    topic: ClassVar[str] = "ingest.extraction_loaded"
    subscribers: ClassVar[dict[str, str]] = {"rates": "rates.compute_tiers"}

    upload_id: UUID
    term: str
    extraction_date: date
    revision: int
    follows_revision: int
    groups: tuple[Group, ...]
    group: Group
    part: int
    parts: int
    window_opens: date
    window_closes: date
    thin: bool = False
    hold_mails: bool = False
    is_undo: bool = False
    rows: list[ExtractionRow]
    removed: list[str] = Field(default_factory=list)

    @property
    def key(self) -> str:
        return f"{self.term}/{self.extraction_date}/{self.group}/{self.upload_id}/{self.part}"

    @property
    def version(self) -> int:
        return self.revision


class UndoFacts(BaseModel):
    """An undo as `UndoBegun` carries it and notify keeps it."""

    upload_id: UUID
    term: str
    extraction_date: date
    revision: int
    undone_revision: int


class UndoBegun(UndoFacts, Event):
    """An undo of an upload was accepted; `upload_id` is the undo's own, whose rows come as ExtractionLoaded.

    It goes straight to notify, ahead of the tiers: what was planned by `undone_revision` and is not sent stays unsent.
    """

    topic: ClassVar[str] = "ingest.undo_begun"
    subscribers: ClassVar[dict[str, str]] = {"notify": "notify.stop_mails"}

    undoes: UUID

    @property
    def key(self) -> str:
        return f"undo/{self.upload_id}"

    @property
    def version(self) -> int:
        return self.revision


class DirectorySchool(NamedTuple):
    """A school of the directory; `landline` is the office's, the only phone in an event."""

    school_key: str
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


class DirectoryPerson(NamedTuple):
    """A person of the directory: role, scope (school keys, a region, or empty) and the spellings of the name."""

    person_id: str
    name: str
    email: str
    role: str
    scope: list[str]
    aliases: list[str]


class DirectoryLoaded(Event):
    """The whole directory at a revision, in parts; subscribers drop what a newer whole revision no longer has."""

    topic: ClassVar[str] = "ingest.directory_loaded"
    subscribers: ClassVar[dict[str, str]] = {
        "rates": "rates.store_directory",
        "tracker": "tracker.store_directory",
        "sesr": "sesr.store_directory",
        "notify": "notify.store_directory",
    }

    revision: int
    part: int
    parts: int
    schools: list[DirectorySchool]
    people: list[DirectoryPerson]

    @property
    def key(self) -> str:
        return f"directory/{self.part}"

    @property
    def version(self) -> int:
        return self.revision


class ResultRow(NamedTuple):
    """One survey result: a school's percent for an item in a year's period."""

    school_key: str
    ploc: str
    level: str
    item: str
    period: str
    percent: Decimal | None


class SurveyResultsLoaded(Event):
    """Survey results of one upload, a part of them. `removed`: results that an undo takes back, as they were written."""

    topic: ClassVar[str] = "ingest.survey_results_loaded"
    subscribers: ClassVar[dict[str, str]] = {"tracker": "tracker.compute_targets"}

    upload_id: UUID
    revision: int
    part: int
    parts: int
    rows: list[ResultRow]
    removed: list[ResultRow] = Field(default_factory=list)

    @property
    def key(self) -> str:
        return f"{self.upload_id}/{self.part}"

    @property
    def version(self) -> int:
        return self.revision


class LcapLoaded(Event):
    """LCAP actions or measures as read from a file, in parts. `revision` grows with each load of a table.

    Rows of clean tables are `{field: text, ..., "form": ..., "year": ..., "sheet": ..., "line": n}`, fields and forms as
    in ingest's rules for headings, `year` the plan year or "" where the headings name none; one file may hold several
    forms. The published text comes as all its lines in their order, the blank ones and the page headers too:
    `{"line": n, "text": "cells with their tabs"}`.
    """

    topic: ClassVar[str] = "ingest.lcap_loaded"
    subscribers: ClassVar[dict[str, str]] = {"tracker": "tracker.store_lcap"}

    upload_id: UUID
    table: Literal["actions", "measures"]
    revision: int
    part: int
    parts: int
    file_name: str = ""
    rows: list[dict[str, Any]]

    @property
    def key(self) -> str:
        return f"{self.table}/{self.upload_id}/{self.part}"

    @property
    def version(self) -> int:
        return self.revision
