"""What has arrived of an extraction, and what is lacking before its tiers may be published."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from shared.events import Group

# Parts usually follow one another within seconds; so long nobody may publish an extraction that is not whole.
WAIT = timedelta(minutes=30)


class Arrived(NamedTuple):
    """What is here of one revision of an extraction.

    `follows`: the revision published before it, 0 for none. `groups`: the groups that its upload names. `parts`: for
    each group of which something is here, the numbers of its parts and how many they are in all.
    """

    revision: int
    follows: int
    groups: Collection[Group]
    parts: Mapping[Group, tuple[Collection[int], int]]


class MissingParts(NamedTuple):
    """What is not here: a whole revision (`group` None), a group of it (`parts` empty), or some parts of a group."""

    revision: int
    group: Group | None = None
    parts: tuple[int, ...] = ()

    def __str__(self) -> str:
        if self.group is None:
            return f"revision {self.revision}"
        named = f"{self.group} of revision {self.revision}"
        if not self.parts:
            return f"all {named}"
        numbers = ", ".join(map(str, self.parts))
        return f"part{'s' if len(self.parts) > 1 else ''} {numbers} of {named}"


def lacking(arrived: Collection[Arrived]) -> list[MissingParts]:
    """What is not here of an extraction, by the revisions of which something is; empty where its tiers may be published.

    Each revision names the one before it, so that a correction that overtakes its extraction is known to have. No group
    is waited for that no upload has named.
    """
    absent = {each.follows for each in arrived} - {each.revision for each in arrived} - {0}
    found = {MissingParts(revision) for revision in absent}
    for each in arrived:
        for group in each.groups:
            here, count = each.parts.get(group, ((), 0))
            missing = tuple(part for part in range(1, count + 1) if part not in here)
            if missing or group not in each.parts:
                found.add(MissingParts(each.revision, group, missing))
    return sorted(found, key=lambda each: (each.revision, each.group or "", each.parts))


def concerns(lacking: MissingParts, group: Group) -> bool:
    """Whether rows of a group may be in what is lacking: of a revision that is not here nobody knows the groups."""
    return lacking.group in (None, group)


def may_publish_by_hand(since: datetime, now: datetime) -> bool:
    """Whether a person may publish an extraction that is not whole: its first part has been here for WAIT."""
    return now - since >= WAIT
