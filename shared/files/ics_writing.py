"""A calendar file (.ics) of events: RFC 5545, with the district's time zone as the clocks of its days go."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event, Timezone, TimezoneDaylight, TimezoneStandard

from shared.calendars import CalendarEvent

CALENDAR_TYPE = "text/calendar; charset=utf-8"
# How often programs should read a subscription again.
REFRESH = timedelta(hours=1)
_PRODUCT = "-//School Experience Survey//Calendar//EN"


def calendar_file(name: str, events: Sequence[CalendarEvent], zone: ZoneInfo) -> bytes:
    """The events as a calendar of that name; the same events are the same bytes."""
    made = Calendar()
    for field, text in (("PRODID", _PRODUCT), ("VERSION", "2.0"), ("CALSCALE", "GREGORIAN")):
        made.add(field, text)
    made.add("NAME", name)
    made.add("X-WR-CALNAME", name)
    made.add("REFRESH-INTERVAL", REFRESH, parameters={"VALUE": "DURATION"})
    made.add("X-PUBLISHED-TTL", REFRESH)
    moments = [moment for each in events for moment in (each.first, each.last) if isinstance(moment, datetime)]
    if moments:
        years = [moment.astimezone(zone).year for moment in moments]
        made.add_component(_time_zone(zone, min(years), max(years)))
    for each in events:
        made.add_component(_event(each, zone))
    content: bytes = made.to_ical()
    return content


def _time_zone(zone: ZoneInfo, first_year: int, last_year: int) -> Timezone:
    """The zone over some years: each change of its clocks, in the local time from which they are changed.

    The library's own writer gives the local time after the change, which RFC 5545 (3.6.5) does not mean.
    """
    made = Timezone()
    made.add("TZID", zone.key)
    starts = datetime(first_year, 1, 1, tzinfo=UTC) - timedelta(days=1)
    for at in (starts, *_changes(zone, starts, datetime(last_year + 1, 1, 2, tzinfo=UTC))):
        before, after = ((at + late).astimezone(zone) for late in (-timedelta(seconds=1), timedelta()))
        part = TimezoneDaylight() if after.dst() else TimezoneStandard()
        offset = after.utcoffset() if at is starts else before.utcoffset()
        part.add("DTSTART", (at + (offset or timedelta())).replace(tzinfo=None))
        part.add("TZOFFSETFROM", offset)
        part.add("TZOFFSETTO", after.utcoffset())
        part.add("TZNAME", after.tzname())
        made.add_component(part)
    return made


def _changes(zone: ZoneInfo, since: datetime, until: datetime) -> Iterator[datetime]:
    """The instants at which the clocks of a zone are changed, to the second."""
    for day in range((until - since).days):
        low, high = since + timedelta(days=day), since + timedelta(days=day + 1)
        if low.astimezone(zone).utcoffset() == high.astimezone(zone).utcoffset():
            continue
        was = low.astimezone(zone).utcoffset()
        while high - low > timedelta(seconds=1):
            middle = low + timedelta(seconds=(high - low) // timedelta(seconds=2))
            low, high = (middle, high) if middle.astimezone(zone).utcoffset() == was else (low, middle)
        yield high


def _event(each: CalendarEvent, zone: ZoneInfo) -> Event:
    made = Event()
    made.add("UID", each.uid)
    made.add("DTSTAMP", each.stamp.astimezone(UTC).replace(microsecond=0))
    made.add("SEQUENCE", each.sequence)
    made.add("SUMMARY", each.summary)
    made.add("DESCRIPTION", each.description)
    made.add("URL", each.url)
    made.add("TRANSP", "TRANSPARENT")
    if isinstance(each.first, datetime) and isinstance(each.last, datetime):
        made.add("DTSTART", each.first.astimezone(zone))
        if each.last > each.first:  # an end that is no later is no end (RFC 5545, 3.6.1)
            made.add("DTEND", each.last.astimezone(zone))
    else:
        made.add("DTSTART", each.first)
        made.add("DTEND", each.last + timedelta(days=1))
    return made
