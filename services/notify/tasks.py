"""What notify subscribes to, and its clock work; each handler has the name of its action."""

from datetime import UTC, datetime, timedelta

from sqlmodel import Session

from services.notify.actions import bouncing, intake, planning, reminding, replies, sending, undoing
from shared.db import transaction
from shared.delivery.bus import Bus
from shared.events import CalendarChanged, DirectoryLoaded, ReplySettled, TiersComputed, UndoBegun
from shared.privacy import purge

bus = Bus("notify")


@bus.handles(TiersComputed)
def plan_digests(session: Session, event: TiersComputed) -> None:
    intake.plan_digests(session, event)


@bus.handles(DirectoryLoaded)
def store_directory(session: Session, event: DirectoryLoaded) -> None:
    intake.store_directory(session, event)


@bus.handles(CalendarChanged)
def store_calendar(session: Session, event: CalendarChanged) -> None:
    intake.store_calendar(session, event)


@bus.handles(ReplySettled)
def answer_reply(session: Session, event: ReplySettled) -> None:
    replies.answer_reply(session, event)


@bus.handles(UndoBegun)
def stop_mails(session: Session, event: UndoBegun) -> None:
    undoing.stop_mails(session, event)


@bus.loop("notify.plan_overdue", timedelta(seconds=40))
def plan_overdue() -> None:
    with transaction("notify") as session:
        planning.plan_overdue(session)


@bus.loop("notify.send_mail", timedelta(seconds=20), soft_seconds=sending.TURN_SECONDS)
def send_mail() -> None:
    sending.send_due()


@bus.loop("notify.send_answers", timedelta(seconds=60), soft_seconds=300)
def send_answers() -> None:
    replies.send_answers()


@bus.loop("notify.read_mailbox", timedelta(seconds=60), soft_seconds=300)
def read_mailbox() -> None:
    bouncing.read_mailbox()


@bus.daily("notify.remind", timedelta(hours=1))
def remind(session: Session) -> None:
    reminding.remind(session, datetime.now(UTC))


@bus.daily("notify.purge_personal", timedelta(days=1))
def purge_personal(session: Session) -> None:
    purge.purge_personal(session, "notify")
