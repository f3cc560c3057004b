"""The status cards of ingest: files that wait for a decision, the last extraction and the next, windows about to close."""

from datetime import timedelta
from urllib.parse import quote

from sqlmodel import Session

from services.ingest.queries import directory, status_cards
from shared.access import Who
from shared.access.confirmations import waiting_count
from shared.access.policy import may
from shared.days import date_words
from shared.numbers import counted
from shared.web.cards import StatusCard
from shared.web.clock import today

# The district uploads an extraction at least weekly.
EVERY = timedelta(days=7)
CLOSES_SOON = timedelta(days=14)


def home_cards(session: Session, who: Who) -> list[StatusCard]:
    """What waits for central staff; nothing for others."""
    if not may(who.role, "uploads.write"):
        return []
    return [*_files(session), *_access(session), *_extraction(session), *_windows(session)]


def school_cards(session: Session, who: Who, school_key: str) -> list[StatusCard]:
    """The school's entry in the directory, for those who see the directory."""
    school = directory.school(session, school_key) if may(who.role, "directory.see") else None
    if school is None:
        return []
    link = f"/ingest/directory/schools/{quote(school_key, safe='')}"
    enrolled = "unknown" if school.enrolled is None else f"{school.enrolled:,}"
    return [StatusCard("Directory", f"Enrolled: {enrolled}", f"Principal: {school.principal or 'not named'}.", link)]


def _files(session: Session) -> list[StatusCard]:
    cards = []
    for state, title, sentence in (
        ("quarantined", "Files held for a decision", "Confirm or discard each; nothing in them counts until then."),
        ("preview", "Files not published yet", "Look at the preview, then publish or discard."),
    ):
        count = status_cards.waiting(session, state)
        if count:
            cards.append(StatusCard(title, counted(count, "file"), sentence, f"/ingest/?state={state}", "attention"))
    return cards


def _access(session: Session) -> list[StatusCard]:
    count = waiting_count(session)
    sentence = "Operations gave tokens or roles to others; none works until someone in the central office confirms it."
    link = "/access/waiting"
    return [StatusCard("Access to confirm", f"{count} waiting", sentence, link, "attention")] if count else []


def _extraction(session: Session) -> list[StatusCard]:
    last = status_cards.last_extraction(session)
    if last is None:
        return [StatusCard("Last extraction", "None yet", "Upload the first one.", "/ingest/", "attention")]
    due, age = last.extraction_date + EVERY, (today() - last.extraction_date).days
    old = f"{counted(age, 'day')} old" if age > 0 else "of today"
    of = f" of {last.directory:,} in the directory" if last.directory else ""
    covers = f"{counted(last.schools, 'school')}{of}"
    sentence = f"{old.capitalize()}, with {covers}. The next is due on {date_words(due)}."
    link = f"/rates/?on={last.extraction_date.isoformat()}&term={quote(last.term, safe='')}"
    figure = date_words(last.extraction_date)
    return [StatusCard("Last extraction", figure, sentence, link, "attention" if due < today() else "")]


def _windows(session: Session) -> list[StatusCard]:
    cards = []
    for window in status_cards.closing_windows(session, today(), today() + CLOSES_SOON):
        days = (window.closes - today()).days
        left = "closes today" if not days else f"{counted(days, 'day')} left"
        sentence = f"The survey window closes on {date_words(window.closes)}."
        cards.append(StatusCard(f"{window.term}: {left}", "", sentence, "/ingest/windows", "attention"))
    return cards
