"""What notify keeps: tiers as told, directors, digests, every mail with its state, answers and settings."""

from services.notify.tables.answers import Acknowledgement, LinkUse, Preference, Snooze, Visit
from services.notify.tables.chosen import Chosen, Lane, RegionHead
from services.notify.tables.facts import AliasMatch, Arrival, Director, DirectoryArrival, TierState, Upload
from services.notify.tables.mails import Digest, Mail, MailNote
from services.notify.tables.schema import metadata

__all__ = [
    "Acknowledgement",
    "AliasMatch",
    "Arrival",
    "Chosen",
    "Digest",
    "Director",
    "DirectoryArrival",
    "Lane",
    "LinkUse",
    "Mail",
    "MailNote",
    "Preference",
    "RegionHead",
    "Snooze",
    "TierState",
    "Upload",
    "Visit",
    "metadata",
]
