"""A whole board for a page, a program or a live stream."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any, NamedTuple

from sqlmodel import Session

from services.sesr.queries import board
from services.sesr.queries.board import Asked
from services.sesr.queries.scope import Scope
from services.sesr.rules.board import Line
from services.sesr.rules.timing import windows_of
from services.sesr.rules.view import View, view_of
from services.sesr.tables import Incident

CHASED_AT_ONCE = 30


class Board(NamedTuple):
    """The view with the place of the feed it was read at, its moment, and what a chase list needs."""

    view: View
    place: int
    at: datetime
    is_live: bool
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
    before: list[Line] | None = None,
) -> Board:
    """The board now, or as it was at a past minute. `place` is read first, so that nothing falls between."""
    place = board.place(session, incident.incident_id)
    lines = board.lines(session, scope, asked, as_of)
    windows = windows_of(asked.day, incident.windows, zone, timedelta(minutes=incident.grace_minutes))
    at = as_of or min(now, end_of(asked.day, zone))
    view = view_of(lines, windows, at, asked.by, incident.most_per_adult, before)
    keys = [line.school_key for line in view.chase[asked.after : asked.after + CHASED_AT_ONCE]]
    return Board(
        view=view,
        place=place,
        at=at,
        is_live=as_of is None,
        changes=list(board.last_changes(session, scope, asked, as_of=as_of)),
        calls=board.calls(session, asked, keys),
        contacts=board.contacts(session, incident.incident_id, keys),
    )


def day_before(session: Session, scope: Scope, asked: Asked, incident: Incident, at: datetime) -> list[Line] | None:
    """The lines of the day before at the same time; None on the first day of the incident."""
    yesterday = asked.day - timedelta(days=1)
    if yesterday < incident.first_day:
        return None
    then = replace(asked, day=yesterday)
    return board.lines(session, scope, then, at - timedelta(days=1))


def end_of(day: date, zone: tzinfo) -> datetime:
    """The last moment of a day, in UTC."""
    return datetime.combine(day, time.max, zone).astimezone(UTC)
