"""The status cards of sesr: the open incident, who is overdue, what is flagged; of a school its next report."""

from datetime import UTC, date, datetime
from urllib.parse import quote, urlencode

from sqlmodel import Session

from services.sesr.actions.submission import DESKS
from services.sesr.pages.words import clock, number
from services.sesr.queries import incidents, reports, schools
from services.sesr.queries.board import BoardFilter
from services.sesr.queries.boards import Board, read_board
from services.sesr.rules.plans import windows_known
from services.sesr.rules.reports import valid
from services.sesr.rules.timing import due_by, due_now, missed_since, next_due
from services.sesr.tables import Incident, School
from shared.access import Who, scope_of
from shared.access.policy import may
from shared.days import date_words
from shared.numbers import counted
from shared.web.cards import StatusCard, duration
from shared.web.clock import district_zone, today

SITES_SHOWN = 3
SITES_IN_BANNER = 20


def home_cards(session: Session, who: Who) -> list[StatusCard]:
    """The board in figures for whoever has one, with reports that wait for a decision; else the own sites' reports."""
    if not may(who.role, "sesr.see"):
        return []
    if may(who.role, "sesr.board"):
        return [*_board_cards(session, who), *_held_cards(session, who)]
    sites = schools.schools(session, scope_of(who), limit=SITES_SHOWN)
    return [card for site in sites for card in _site_cards(session, who, site, today())]


def school_cards(session: Session, who: Who, school_key: str) -> list[StatusCard]:
    """The reports of today that a school owes or has sent; nothing outside the person's scope."""
    if not may(who.role, "sesr.see"):
        return []
    site = schools.school(session, scope_of(who), school_key)
    return [] if site is None else _site_cards(session, who, site, today())


def banner_cards(session: Session, who: Who) -> list[StatusCard]:
    """For who reports for schools: of each of their own sites what is due next; nothing while no incident is open."""
    if who.role in DESKS:
        return []
    sites = schools.schools(session, scope_of(who), limit=SITES_IN_BANNER)
    return [card for site in sites for card in _site_cards(session, who, site, today())]


def _board_cards(session: Session, who: Who) -> list[StatusCard]:
    day, scope = today(), scope_of(who)
    others = _open_cards(session, day)
    incident = incidents.current_incident(session, day, scope.regions)
    if incident is None or incident.closed_at is not None or not incident.first_day <= day <= incident.last_day:
        return others
    shown = BoardFilter(incident.incident_id, day)
    read = read_board(session, scope, shown, incident, datetime.now(UTC), district_zone())
    if not read.view.total.expected:
        return others
    return [_reported(incident, read), *_overdue(incident, read), *_flagged(incident, read), *others]


def _open_cards(session: Session, day: date) -> list[StatusCard]:
    """Which incidents are open, where there are several or one that is still to come."""
    known = incidents.unended_incidents(session, day)
    if len(known) == 1 and known[0].first_day <= day:
        return []
    names = [_named(each) + (f" (from {date_words(each.first_day)})" if each.first_day > day else "") for each in known]
    return [StatusCard("Open incidents", number(len(known)), f"{'; '.join(names)}.", "/sesr/board")] if known else []


def _named(incident: Incident) -> str:
    """The incident's name; a drill is called one."""
    is_called_so = not incident.drill or "drill" in incident.name.casefold()
    return incident.name if is_called_so else f"{incident.name} (drill)"


def _link(incident: Incident, part: str = "") -> str:
    return f"/sesr/board?incident={incident.incident_id}{part}"


def _reported(incident: Incident, read: Board) -> StatusCard:
    total, following = read.view.total, read.view.next_window
    until = f" The next report is due at {clock(following.due)}." if following else ""
    return StatusCard(
        _named(incident),
        f"{number(total.reported)} of {counted(total.expected, 'school')}",
        f"Reported by {clock(read.at)}.{until}",
        _link(incident),
        "good" if not total.not_yet else "",
    )


def _overdue(incident: Incident, read: Board) -> list[StatusCard]:
    chase = read.view.chase
    if not chase:
        return []
    names = ", ".join(line.name for line in chase[:3])
    more = f" and {number(len(chase) - 3)} more" if len(chase) > 3 else ""
    return [
        StatusCard(
            "Overdue now", counted(len(chase), "school"), f"{names}{more}.", _link(incident, "#chase-title"), "urgent"
        )
    ]


def _flagged(incident: Incident, read: Board) -> list[StatusCard]:
    view = read.view
    flags = (("Media", view.media), ("Outside group", view.outside), ("Too few adults", view.alarms))
    words = [f"{flag}: {', '.join(line.name for line in lines[:3])}" for flag, lines in flags if lines]
    keys = {line.school_key for _, lines in flags for line in lines}
    if not keys:
        return []
    link = _link(incident, "#board-title")
    return [StatusCard("Flags", counted(len(keys), "school"), f"{'. '.join(words)}.", link, "urgent")]


def _held_cards(session: Session, who: Who) -> list[StatusCard]:
    held = reports.held_reports(session, scope_of(who)) if may(who.role, "sesr.chase") else []
    if not held:
        return []
    sentence = "Sent by people who may no longer report for the school: accept or refuse each."
    words = counted(len(held), "report")
    return [StatusCard("Reports held for you", words, sentence, "/sesr/held", "attention")]


def _site_cards(session: Session, who: Who, site: School, day: date) -> list[StatusCard]:
    open_now = incidents.incidents_for(session, site.school_key, day)
    return [_site_card(session, who, site, incident, day) for incident in open_now]


def _site_card(session: Session, who: Who, site: School, incident: Incident, day: date) -> StatusCard:
    now = datetime.now(UTC)
    history = reports.history(session, scope_of(who), incident.incident_id, day, site.school_key)
    times = [each.counted_at for each in valid(reports.recorded_of(row) for row in history)]
    windows = windows_known(incidents.course_of(session, incident), day, now, district_zone())
    missed, current, following = (
        missed_since(times, due_by(windows, now)),
        due_now(windows, now),
        next_due(windows, now),
    )
    owed = current is not None and not any(at >= current.starts for at in times)
    sent = f"Last report: {clock(max(times))}." if times else "No report today."
    title = f"{site.name}: {_named(incident)}"
    if missed is not None:
        return StatusCard(title, f"Due since {clock(missed)}", sent, _form(who, site, incident), "urgent")
    if owed and current is not None:
        return StatusCard(title, "Due now", sent, _form(who, site, incident), "urgent")
    if following is not None:
        sentence = f"Due in {duration((following.due - now).total_seconds())}. {sent}"
        return StatusCard(title, f"Next at {clock(following.due)}", sentence, _form(who, site, incident), "attention")
    return StatusCard(title, "Nothing more today", sent, _form(who, site, incident), "good")


def _form(who: Who, site: School, incident: Incident) -> str:
    """The form of a site for whoever reports, which has the button for no change; else its reports of the day."""
    if may(who.role, "sesr.report") and who.role not in DESKS:
        return "/sesr/report?" + urlencode({"school": site.school_key, "incident": incident.incident_id})
    return f"/sesr/schools/{quote(site.school_key, safe=':')}?incident={incident.incident_id}"
