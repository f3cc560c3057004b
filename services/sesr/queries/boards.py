"""A whole board for a page, a program or a live stream."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any, NamedTuple

from sqlmodel import Session

from services.sesr.queries import board
from services.sesr.queries.board import Asked
from services.sesr.rules.board import Present
from services.sesr.rules.timing import Window, windows_of
from services.sesr.rules.view import View, view_of
from services.sesr.tables import Incident
from shared.access import Scope

CHASED_AT_ONCE = 30


class Before(NamedTuple):
    """Who was present on the last day before with reports, at the same time of it; `at` is None for its whole day."""

    day: date
    at: datetime | None
    present: Present


class Board(NamedTuple):
    """The view with the place of the feed it was read at, its moment, and what a chase list needs."""

    view: View
    place: int
    at: datetime
    is_live: bool
    before: Before | None
    changes: list[Any]
    calls: dict[str, Any]
    contacts: dict[str, Any]


def read_board(
    session: Session,
    scope: Scope,
    asked: Asked,
    incident: Incident,
    now: datetime,
    zone: tzinfo,
    as_of: datetime | None = None,
) -> Board:
    """The board now, or as it was at a past minute. `place` is read first, so that nothing falls between."""
    place = board.place(session, incident.incident_id)
    lines = board.lines(session, scope, asked, as_of)
    at = min(as_of or now, now, end_of(asked.day, zone))
    before = day_before(session, scope, asked, at if as_of or at == now else None, zone)
    view = view_of(
        lines, _windows(incident, asked.day, zone), at, asked.by, incident.most_per_adult, before and before.present
    )
    keys = [line.school_key for line in view.chase[asked.after : asked.after + CHASED_AT_ONCE]]
    return Board(
        view=view,
        place=place,
        at=at,
        is_live=as_of is None,
        before=before,
        changes=list(board.last_changes(session, scope, asked, as_of=as_of)),
        calls=board.calls(session, asked, keys, as_of),
        contacts=board.contacts(session, asked, keys, as_of),
    )


def _windows(incident: Incident, day: date, zone: tzinfo) -> list[Window]:
    """The windows of a day; none is due that was over when the incident was opened, or ended while it was closed."""
    windows = windows_of(day, incident.windows, zone, timedelta(minutes=incident.grace_minutes))
    opened, closed = incident.opened_at, incident.closed_at
    open_at = [window for window in windows if window.until > opened and (closed is None or window.until <= closed)]
    return [window for window in open_at if not any(window.until in pause for pause in incident.pauses)]


def day_before(session: Session, scope: Scope, asked: Asked, at: datetime | None, zone: tzinfo) -> Before | None:
    """The last day before with reports, at the same time by the district's clock; None on the first day."""
    day = board.reported_day_before(session, asked)
    if day is None:
        return None
    then = datetime.combine(day, at.astimezone(zone).time(), zone).astimezone(UTC) if at else None
    return Before(day, then, board.students_present(session, scope, replace(asked, day=day), then))


def end_of(day: date, zone: tzinfo) -> datetime:
    """The last moment of a day, in UTC."""
    return datetime.combine(day, time.max, zone).astimezone(UTC)
