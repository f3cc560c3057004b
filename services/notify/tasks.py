"""What notify hears, and its clock work."""

from datetime import timedelta

from sqlmodel import Session

from services.notify.actions import planning, sending, standings
from shared.bus import Bus
from shared.events import DirectoryLoaded, TiersComputed

bus = Bus("notify")


@bus.hears(TiersComputed)
def on_tiers_computed(session: Session, event: TiersComputed) -> None:
    if standings.keep_tiers(session, event):
        planning.plan_digests(session, event)


@bus.hears(DirectoryLoaded)
def on_directory_loaded(session: Session, event: DirectoryLoaded) -> None:
    standings.keep_directory(session, event)


@bus.loop("notify.send_mail", timedelta(seconds=10))
def send_mail() -> None:
    sending.send_due()
