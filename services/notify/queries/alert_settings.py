"""The settings of alerts as central staff chose them, and the heads of the regions."""

from collections.abc import Collection, Sequence
from datetime import date

from sqlmodel import Session, col, select

from services.notify.rules.clock import Hours
from services.notify.rules.routes import Route, route_of_head
from services.notify.tables.facts import SchoolCalendar
from services.notify.tables.settings import AlertSettings, MailPause, RegionHead


def settings_of(session: Session) -> AlertSettings:
    """The settings; the defaults where nobody chose."""
    return session.get(AlertSettings, 1) or AlertSettings(
        id=1, hold_all=False, hold_thin=True, wait_minutes=30, school_days_only=False, remind_days=0, escalate_after=3,
        per_minute=0, link_days=14,
    )  # fmt: skip


def days_off(session: Session) -> frozenset[date]:
    """The weekdays without school, as rates has them."""
    kept = session.get(SchoolCalendar, 1)
    return frozenset() if kept is None else frozenset(kept.days_off)


def hours_of(choice: AlertSettings, zone: str, off: Collection[date]) -> Hours:
    """When mails may go, in the named time zone, with these days off."""
    at = (choice.opens, choice.closes, choice.quiet_from, choice.quiet_until)
    return Hours(zone, *at, choice.school_days_only, frozenset(off))


def heads(session: Session) -> Sequence[RegionHead]:
    """The heads of the regions, by region."""
    return session.exec(select(RegionHead).order_by(col(RegionHead.region))).all()


def refusal_of(head: RegionHead) -> str:
    """The mail server's no to the head's address; empty where there is none, or it was to another address."""
    return head.refused if head.refused_email == head.email else ""


def head_routes(session: Session) -> dict[str, Route]:
    """Where the escalations of each region go that has a head."""
    return {head.region: route_of_head(head.region, head.name, refusal_of(head)) for head in heads(session)}


def mail_pause(session: Session) -> MailPause | None:
    """Why nothing is sent to the mail server now, if so."""
    return session.get(MailPause, 1)
