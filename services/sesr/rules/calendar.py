"""A person's calendar: the times at which reports are due, survey windows and extraction days; and its address."""

import hashlib
import hmac
from collections.abc import Sequence
from datetime import date, datetime, timedelta, tzinfo
from typing import NamedTuple
from uuid import UUID

from services.sesr.rules.keys import BadKey
from services.sesr.rules.plans import Course, windows_known
from shared.calendars import CalendarEvent

# What an incident asked so long ago is in no calendar any more.
PAST = timedelta(days=60)
_PURPOSE = b"sesr calendar address 1 "
_ID, _MAC = 32, 32


class FeedIncident(NamedTuple):
    """An incident that a person may see, with its course."""

    incident_id: UUID
    name: str
    drill: bool
    course: Course


class FeedEntry(NamedTuple):
    """A survey window, or an extraction of a term, as the calendar of rates has it."""

    kind: str
    term: str
    first_day: date
    last_day: date
    revision: int
    changed_at: datetime


class FeedSite(NamedTuple):
    """Where a calendar leads to, and the host that its events' ids name."""

    public_url: str
    host: str


def report_events(incident: FeedIncident, now: datetime, zone: tzinfo, site: FeedSite) -> list[CalendarEvent]:
    """Each report that an incident asks for, as it is known now: from the time it is due to the end of its grace."""
    plan = incident.course.plans[-1]
    days = (plan.last_day - plan.first_day).days + 1
    windows = [
        (plan.first_day + timedelta(days=n), window)
        for n in range(days)
        for window in windows_known(incident.course, plan.first_day + timedelta(days=n), now, zone)
    ]
    kind = "DRILL, strike report due" if incident.drill else "Strike report due"
    return [
        CalendarEvent(
            uid=f"report-{incident.incident_id}-{day:%Y%m%d}-{window.label.replace(':', '')}@{site.host}",
            summary=f"{kind}: {incident.name}",
            description=f"{_grace(plan.grace_minutes)}{site.public_url}/sesr/",
            url=f"{site.public_url}/sesr/",
            first=window.due,
            last=window.until,
            sequence=len(incident.course.plans) - 1,
            stamp=plan.since,
        )
        for day, window in windows
    ]


def _grace(minutes: int) -> str:
    return f"On time until {minutes} minutes after it is due. " if minutes else ""


def survey_events(entries: Sequence[FeedEntry], site: FeedSite) -> list[CalendarEvent]:
    """The survey window of each term, and the day of each extraction."""
    return [
        CalendarEvent(
            uid=f"{_name_of(entry)}@{site.host}",
            summary=f"School Experience Survey {entry.term}: {'open' if entry.kind == 'window' else 'new response rates'}",
            description=f"{site.public_url}/rates/",
            url=f"{site.public_url}/rates/",
            first=entry.first_day,
            last=entry.last_day,
            sequence=entry.revision,
            stamp=entry.changed_at,
        )
        for entry in entries
    ]


def _name_of(entry: FeedEntry) -> str:
    """A window that is moved stays the same event; an extraction of another day is another."""
    name = f"{entry.kind}-{_plain(entry.term)}"
    return name if entry.kind == "window" else f"{name}-{entry.first_day:%Y%m%d}"


def _plain(term: str) -> str:
    """A term as a part of an id: letters and digits as they are, anything else by its number."""
    return "".join(sign if sign.isascii() and sign.isalnum() else f"-{ord(sign):x}-" for sign in term)


def sign_address(secret: bytes, address_id: str) -> str:
    """The part of an address that nobody can guess. ValueError without a secret."""
    if not secret:
        raise ValueError("calendar addresses cannot be signed without a secret")
    return address_id + _mac(secret, address_id)


def read_address(secret: bytes, text: str) -> str:
    """The id of an address that was made here. Raises BadKey."""
    address_id, mac = text[:_ID], text[_ID:]
    if not secret or not text.isascii() or not hmac.compare_digest(mac, _mac(secret, address_id)):
        raise BadKey("This is not an address of a calendar.")
    return address_id


def _mac(secret: bytes, address_id: str) -> str:
    return hmac.digest(secret, _PURPOSE + address_id.encode(), hashlib.sha256).hex()[:_MAC]
