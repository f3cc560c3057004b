"""The map of the system: every event, its publisher, its subscribers and the task of each.

An event is the full state of its key at a version, so that order and repetition do not matter: a subscriber keeps what
it has when the version that arrives is not newer. What each event carries stands in the file of its publisher.

| event | publisher | subscribers |
|---|---|---|
| `ExtractionLoaded` | ingest | rates |
| `DirectoryLoaded` | ingest | rates, tracker, sesr, notify |
| `SurveyResultsLoaded`, `LcapLoaded` | ingest | tracker |
| `UndoBegun` | ingest | notify |
| `TiersComputed` | rates | notify, tracker, ingest |
| `CalendarChanged` | rates | notify, sesr |
| `ReportSubmitted` | sesr | sesr |
| `ReplySettled` | sesr | notify |
| `DigestsPlanned` | notify | ingest |
| `DigestsSent` | notify | ingest, rates |
| `AliasResolved` | notify | ingest |
| `ReplyReceived` | notify | sesr |
| `PlansChanged` | tracker | ingest |
"""

from shared.events.event import GROUPS, ROWS_PER_PART, Event, Group, NewerSchema
from shared.events.ingest import (
    DirectoryLoaded,
    DirectoryPerson,
    DirectorySchool,
    ExtractionLoaded,
    ExtractionRow,
    LcapLoaded,
    ResultRow,
    SurveyResultsLoaded,
    UndoBegun,
)
from shared.events.notify import AliasResolved, DigestsPlanned, DigestsSent, ReplyReceived, SentDigest
from shared.events.rates import CalendarChanged, ExtractionDay, NamedDay, TermDates, TierRow, TiersComputed
from shared.events.sesr import ReplySettled, ReportSubmitted
from shared.events.tracker import PlansChanged, PlanWording

__all__ = [
    "EVENTS",
    "GROUPS",
    "ROWS_PER_PART",
    "AliasResolved",
    "CalendarChanged",
    "DigestsPlanned",
    "DigestsSent",
    "DirectoryLoaded",
    "DirectoryPerson",
    "DirectorySchool",
    "Event",
    "ExtractionDay",
    "ExtractionLoaded",
    "ExtractionRow",
    "Group",
    "LcapLoaded",
    "NamedDay",
    "NewerSchema",
    "PlanWording",
    "PlansChanged",
    "ReplyReceived",
    "ReplySettled",
    "ReportSubmitted",
    "ResultRow",
    "SentDigest",
    "SurveyResultsLoaded",
    "TermDates",
    "TierRow",
    "TiersComputed",
    "UndoBegun",
    "subscriptions",
]

EVENTS: dict[str, type[Event]] = {
    event.topic: event
    for event in (
        ExtractionLoaded,
        DirectoryLoaded,
        SurveyResultsLoaded,
        LcapLoaded,
        UndoBegun,
        TiersComputed,
        CalendarChanged,
        ReportSubmitted,
        ReplySettled,
        DigestsPlanned,
        DigestsSent,
        AliasResolved,
        ReplyReceived,
        PlansChanged,
    )
}


def subscriptions(service: str) -> dict[str, str]:
    """Topic -> task name, for all that a service subscribes to."""
    return {topic: event.subscribers[service] for topic, event in EVENTS.items() if service in event.subscribers}
