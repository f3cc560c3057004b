"""What notify hears, and its clock work."""

from datetime import timedelta

from sqlmodel import Session

from services.notify.actions import planning, reminding, routing, sending, standings
from shared.db import transaction
from shared.delivery.bus import Bus
from shared.events import DirectoryLoaded, TiersComputed

bus = Bus("notify")


@bus.handles(TiersComputed)
def on_tiers_computed(session: Session, event: TiersComputed) -> None:
    if standings.keep_tiers(session, event):
        planning.plan_extraction(session, event.term, event.extraction_date)


@bus.handles(DirectoryLoaded)
def on_directory_loaded(session: Session, event: DirectoryLoaded) -> None:
    if standings.keep_directory(session, event):
        routing.route_waiting(session)


@bus.loop("notify.plan_overdue", timedelta(seconds=30))
def plan_overdue() -> None:
    with transaction("notify") as session:
        planning.plan_overdue(session)


@bus.loop("notify.send_mail", timedelta(seconds=10), soft_seconds=sending.TURN_SECONDS)
def send_mail() -> None:
    sending.send_due()


@bus.daily("notify.remind", timedelta(hours=1))
def remind(session: Session) -> None:
    reminding.remind(session)
