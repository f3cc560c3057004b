"""What notify keeps: tiers as rates computed them, directors, digests, every mail with its state, answers and settings."""

from services.notify.tables.answers import Acknowledgement, LinkUse, Preference, RetiredSchool, Snooze, Visit
from services.notify.tables.bounces import Bounce
from services.notify.tables.facts import (
    AliasMatch,
    Arrival,
    BegunUndo,
    Director,
    DirectoryArrival,
    SchoolCalendar,
    TierState,
    Upload,
)
from services.notify.tables.mails import Digest, Mail, MailNote
from services.notify.tables.replies import ReceivedReply, Reporter
from services.notify.tables.schema import metadata
from services.notify.tables.settings import AlertSettings, DatabaseRestore, MailPause, RegionHead

__all__ = [
    "Acknowledgement",
    "AlertSettings",
    "AliasMatch",
    "Arrival",
    "BegunUndo",
    "Bounce",
    "DatabaseRestore",
    "Digest",
    "Director",
    "DirectoryArrival",
    "LinkUse",
    "Mail",
    "MailNote",
    "MailPause",
    "Preference",
    "ReceivedReply",
    "RegionHead",
    "Reporter",
    "RetiredSchool",
    "SchoolCalendar",
    "Snooze",
    "TierState",
    "Upload",
    "Visit",
    "metadata",
]
