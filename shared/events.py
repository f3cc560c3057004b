"""The map of the system: every event, who says it, who hears it and by which task, and what it carries.

An event is the full state of its key at a version, so that order and repetition do not matter: a hearer keeps what
it has when the version it hears is not newer.
"""

from datetime import date, datetime
from decimal import Decimal
from typing import Any, ClassVar, Literal, NamedTuple
from uuid import UUID

from pydantic import BaseModel, ConfigDict

Group = Literal["students", "staff", "parents"]
GROUPS: tuple[Group, ...] = ("students", "staff", "parents")
ROWS_PER_PART = 2000


class Event(BaseModel):
    """One thing that happened. `heard_by` maps each hearer to the task that it runs."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    topic: ClassVar[str]
    schema_version: ClassVar[int] = 1
    heard_by: ClassVar[dict[str, str]]

    @property
    def key(self) -> str:
        """What this is the full state of."""
        raise AssertionError(f"{type(self).__name__} has no key")

    @property
    def version(self) -> int:
        """Grows with each newer state of the key."""
        raise AssertionError(f"{type(self).__name__} has no version")

    @classmethod
    def speaker(cls) -> str:
        return cls.topic.partition(".")[0]


class ExtractionRow(NamedTuple):
    """A school's counts for one respondent group, with the file's own tier and rate as printed there."""

    school_key: str
    ploc: str
    cost_centre: str | None
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
    `removed` lists schools whose row an undo takes back. `is_undo` marks such a compensating revision.
    """

    topic: ClassVar[str] = "ingest.extraction_loaded"
    heard_by: ClassVar[dict[str, str]] = {"rates": "rates.compute_tiers"}

    upload_id: UUID
    term: str
    on: date
    revision: int
    groups: tuple[Group, ...]
    group: Group
    part: int
    parts: int
    window_opens: date
    window_closes: date
    thin: bool = False
    is_undo: bool = False
    rows: list[ExtractionRow]
    removed: list[str] = []

    @property
    def key(self) -> str:
        return f"{self.term}/{self.on}/{self.group}/{self.upload_id}/{self.part}"

    @property
    def version(self) -> int:
        return self.revision


class DirectorySchool(NamedTuple):
    """A school of the directory; `landline` is the office's, the only phone in an event."""

    school_key: str
    ploc: str
    cost_centre: str | None
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
    """The whole directory at a revision, in parts; hearers drop what a newer whole revision no longer has."""

    topic: ClassVar[str] = "ingest.directory_loaded"
    heard_by: ClassVar[dict[str, str]] = {
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
    """Survey results of one upload, a part of them."""

    topic: ClassVar[str] = "ingest.survey_results_loaded"
    heard_by: ClassVar[dict[str, str]] = {"tracker": "tracker.compute_targets"}

    upload_id: UUID
    revision: int
    part: int
    parts: int
    rows: list[ResultRow]

    @property
    def key(self) -> str:
        return f"{self.upload_id}/{self.part}"

    @property
    def version(self) -> int:
        return self.revision


class LcapLoaded(Event):
    """LCAP actions or measures as read from a file, in parts; the newest whole `revision` of a table replaces it.

    Rows of a clean table are `{column heading: text, ..., "line": n}`; the published text comes as all its lines in
    their order, the blank ones and the page headers too: `{"line": n, "text": "cells with their tabs"}`. `revision`
    grows with each load of a table.
    """

    topic: ClassVar[str] = "ingest.lcap_loaded"
    heard_by: ClassVar[dict[str, str]] = {"tracker": "tracker.store_lcap"}

    upload_id: UUID
    table: Literal["actions", "measures"]
    revision: int
    part: int
    parts: int
    rows: list[dict[str, Any]]

    @property
    def key(self) -> str:
        return f"{self.table}/{self.upload_id}/{self.part}"

    @property
    def version(self) -> int:
        return self.revision


class TierRow(NamedTuple):
    """A school's computed state for one group; `tier` 1-4 or None (no rate), `needed` for the next tier or None."""

    school_key: str
    ploc: str
    school: str
    region: str
    cos: str
    director: str
    total: int | None
    submitted: int | None
    tier: int | None
    needed: int | None
    rate: Decimal | None


class TiersComputed(Event):
    """Tiers of one group of an upload, in parts; said once all rows of that group are stored.

    The rows are the whole state of (term, date, group), whichever upload led to it; `state` grows with each telling, and
    a hearer keeps the greatest. `changed` counts the rows that this upload changed. `expected` is how many schools this group had in any
    extraction of the term so far: the coverage is len(rows of all parts) of `expected`.
    """

    topic: ClassVar[str] = "rates.tiers_computed"
    heard_by: ClassVar[dict[str, str]] = {
        "notify": "notify.plan_digests",
        "tracker": "tracker.store_rates",
        "ingest": "ingest.note_tiers",
    }

    upload_id: UUID
    term: str
    on: date
    revision: int
    state: int
    groups: tuple[Group, ...]
    group: Group
    part: int
    parts: int
    thin: bool
    is_undo: bool
    window_closes: date
    changed: int
    expected: int
    rows: list[TierRow]
    removed: list[str]

    @property
    def key(self) -> str:
        return f"{self.term}/{self.on}/{self.group}/{self.upload_id}/{self.part}"

    @property
    def version(self) -> int:
        return self.state


class ReportSubmitted(Event):
    """A strike report's counts and flags; names and phones stay in sesr's own tables. Absent counts are None.

    A correction names the report that it `supersedes` and keeps its time of counting.
    """

    topic: ClassVar[str] = "sesr.report_submitted"
    heard_by: ClassVar[dict[str, str]] = {"sesr": "sesr.record_report"}

    report_id: UUID
    incident_id: UUID
    school_key: str
    day: date
    sequence: int
    counts: dict[str, int | None]
    flags: dict[str, bool]
    counted_at: datetime
    received_at: datetime
    supersedes: UUID | None = None

    @property
    def key(self) -> str:
        return str(self.report_id)

    @property
    def version(self) -> int:
        return 1


class DigestsPlanned(Event):
    """How many mails an upload leads to: planned, held back and without a route."""

    topic: ClassVar[str] = "notify.digests_planned"
    heard_by: ClassVar[dict[str, str]] = {"ingest": "ingest.note_digests"}

    upload_id: UUID
    revision: int
    planned: int
    held: int
    unroutable: int

    @property
    def key(self) -> str:
        return str(self.upload_id)

    @property
    def version(self) -> int:
        return self.revision


class SentDigest(NamedTuple):
    """A digest that the mail server accepted, and the schools that it told of."""

    mail_id: int
    director: str
    school_keys: list[str]


class DigestsSent(Event):
    """The digests of an upload that one round of sending delivered. Each is told in one event only."""

    topic: ClassVar[str] = "notify.digests_sent"
    heard_by: ClassVar[dict[str, str]] = {"ingest": "ingest.note_sent", "rates": "rates.note_sent"}

    upload_id: UUID
    mails: list[SentDigest]

    @property
    def key(self) -> str:
        return f"mails/{self.mails[0].mail_id}"

    @property
    def version(self) -> int:
        return 1


class AliasResolved(Event):
    """A person matched a spelling of a director's name to a person of the directory."""

    topic: ClassVar[str] = "notify.alias_resolved"
    heard_by: ClassVar[dict[str, str]] = {"ingest": "ingest.keep_alias"}

    alias: str
    person_id: str
    by: str
    revision: int

    @property
    def key(self) -> str:
        return f"alias/{self.alias}"

    @property
    def version(self) -> int:
        return self.revision


EVENTS: dict[str, type[Event]] = {
    event.topic: event
    for event in (
        ExtractionLoaded,
        DirectoryLoaded,
        SurveyResultsLoaded,
        LcapLoaded,
        TiersComputed,
        ReportSubmitted,
        DigestsPlanned,
        DigestsSent,
        AliasResolved,
    )
}


def heard_by(service: str) -> dict[str, str]:
    """Topic -> task name, for all that a service hears."""
    return {topic: event.heard_by[service] for topic, event in EVENTS.items() if service in event.heard_by}
