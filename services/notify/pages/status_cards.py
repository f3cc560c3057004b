"""The status cards of notify: a director's open answer; mails of the day and what waits for central staff."""

from datetime import datetime, time
from urllib.parse import quote

from sqlmodel import Session

from services.notify.queries import answers, reports, status_cards
from services.notify.queries.content import lines_of
from services.notify.rules.alerts import OPEN
from shared.access import Who
from shared.access.policy import may
from shared.days import date_words
from shared.numbers import counted
from shared.web.cards import StatusCard
from shared.web.clock import district_zone, today


def home_cards(session: Session, who: Who) -> list[StatusCard]:
    """What a director has to answer; for central staff what was mailed and what waits."""
    if may(who.role, "alerts.mine"):
        return _open_answer(session, who)
    if not may(who.role, "digests.see"):
        return []
    return [*_waiting(session), *_mails(session)]


def school_cards(session: Session, who: Who, school_key: str) -> list[StatusCard]:
    """What directors were mailed about a school, for those who see all mails."""
    if not may(who.role, "digests.see"):
        return []
    found = reports.timeline(session, school_key, 1)
    link = f"/notify/schools/{quote(school_key, safe=':')}"
    return [
        StatusCard("Last alert", date_words(row.at.astimezone(district_zone()).date()), f"{row.what}, {row.who}.", link)
        for row in found
    ]


def _open_answer(session: Session, who: Who) -> list[StatusCard]:
    director = answers.director_of(session, who.email)
    digest = answers.newest_digest(session, director.person_id) if director is not None else None
    if digest is None:
        return []
    count = len({line.place for line in lines_of(digest.content) if line.mark in OPEN})
    if not count or status_cards.is_answered(session, digest.digest_id):
        return []
    sentence = f"In Tier 1 at the extraction of {date_words(digest.extraction_date)}: say what you plan, or snooze."
    words = counted(count, "alert")
    return [StatusCard("Waiting for your answer", words, sentence, "/notify/mine", "attention")]


def _waiting(session: Session) -> list[StatusCard]:
    now = status_cards.digests_now(session)
    cards = []
    if now.unroutable:
        cards.append(
            StatusCard(
                "Alerts without a route",
                counted(now.unroutable, "alert"),
                "No mail goes out until someone says who should get them.",
                "/notify/unroutable",
                "urgent",
            )
        )
    if now.held:
        words = counted(now.held, "alert")
        cards.append(StatusCard("Alerts held", words, "Look at them, then release.", "/notify/", "attention"))
    return cards


def _mails(session: Session) -> list[StatusCard]:
    now = status_cards.mails_now(session, datetime.combine(today(), time(), district_zone()))
    parts = [f"{now.waiting:,} waiting", f"{now.held:,} held", f"{now.failed:,} failed"]
    sent, sentence = f"{now.sent:,} sent", ", ".join(parts) + "."
    return [StatusCard("Mails of today", sent, sentence, "/notify/mails", "urgent" if now.failed else "")]
