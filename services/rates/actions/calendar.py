"""Publishing the calendar: days off, survey windows and the days of extractions, whenever one of them is another."""

import hashlib
from datetime import UTC, datetime

from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col, select

from services.rates.queries.settings import days_off, extraction_days, terms, window_of
from services.rates.tables import CalendarRevision
from shared.delivery.outbox import publish
from shared.events import CalendarChanged, ExtractionDay, NamedDay, TermDates


def publish_calendar(session: Session) -> bool:
    """Publishes the calendar at the next revision where it is not what was published last; whether it did."""
    session.flush()
    session.execute(insert(CalendarRevision).values(id=1, revision=0, content_hash="").on_conflict_do_nothing())
    last = session.exec(select(CalendarRevision).where(col(CalendarRevision.id) == 1).with_for_update()).one()
    windows = (window_of(session, term) for term in terms(session))
    event = CalendarChanged(
        revision=last.revision + 1,
        changed_at=datetime.now(UTC).replace(microsecond=0),
        days_off=[NamedDay(day, name) for day, name in days_off(session).items()],
        windows=[TermDates(each.term, each.opens, each.closes) for each in windows if each is not None],
        extraction_days=[ExtractionDay(term, day) for term, day in extraction_days(session)],
    )
    content = event.model_dump_json(exclude={"revision", "changed_at"})
    content_hash = hashlib.sha256(content.encode()).hexdigest()
    if content_hash == last.content_hash:
        return False
    last.revision, last.content_hash = event.revision, content_hash
    session.add(last)
    publish(session, event)
    return True
