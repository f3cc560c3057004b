"""A small district for the tests of alerts: what rates and ingest would tell, told to notify's own listeners."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import text

from services.notify.actions import intake, planning
from services.rates.rules.tiers import tier_result as tier_of
from shared.db import transaction
from shared.errors import Conflict
from shared.events import DirectoryLoaded, DirectoryPerson, Group, TierRow, TiersComputed

TERM = "Sp25"
FEB7, FEB14, FEB21, FEB28 = (date(2025, 2, day) for day in (7, 14, 21, 28))
VEGA, FRISCH = "VEGA, MARTA", "FRISCH, SOREN L"
DIRECTORS = (("director@lausd.example", "Vega, Marta"), ("soren.frisch@lausd.example", "Frisch, Soren L"))

Numbers = Mapping[str, tuple[int | None, int | None]]


def person(email: str, name: str, *aliases: str) -> DirectoryPerson:
    return DirectoryPerson(f"director:{email}", name, email, "director", [], list(aliases))


def tell_directory(
    people: Iterable[DirectoryPerson] | None = None, revision: int = 1, part: int = 1, parts: int = 1
) -> None:
    """A directory, or a part of one, with these directors (by default Vega and Frisch)."""
    listed = [person(email, name) for email, name in DIRECTORS] if people is None else list(people)
    event = DirectoryLoaded(revision=revision, part=part, parts=parts, schools=[], people=listed)
    with transaction("notify") as session:
        intake.store_directory(session, event)


def row(school: str, submitted: int | None, total: int | None, director: str = VEGA, region: str = "E") -> TierRow:
    """A school's row; the key is the PLOC `Alder 4001` ends with."""
    found = tier_of(submitted, total)
    ploc = school.split()[-1]
    numbers = (total, submitted, found.tier, found.needed, found.rate)
    return TierRow(f"1{ploc}01", ploc, school, region, "North CoS", director, *numbers)


def tiers(
    rows: Sequence[TierRow],
    extraction_date: date = FEB21,
    *,
    group: Group = "parents",
    groups: Sequence[Group] = (),
    **fields: Any,
) -> TiersComputed:
    """The tiers of one group at one extraction; `told` overrides revision, state, upload_id, thin and so on."""
    values: dict[str, Any] = {
        "upload_id": uuid4(),
        "revision": 1,
        "state": fields.get("revision", 1),
        "part": 1,
        "parts": 1,
        "thin": False,
        "is_undo": False,
        "window_closes": extraction_date + timedelta(days=28),
        "removed": [],
        **fields,
    }
    return TiersComputed(
        term=TERM,
        extraction_date=extraction_date,
        group=group,
        groups=tuple(groups or (group,)),
        rows=list(rows),
        **values,
    )


def hear(*events: TiersComputed) -> None:
    """Each event in a transaction of its own, as the inbox does it."""
    for event in events:
        with transaction("notify") as session:
            intake.plan_digests(session, event)


def tell(rows: Sequence[TierRow], extraction_date: date = FEB21, **fields: Any) -> UUID:
    """Tells one group of an extraction; answers the upload."""
    event = tiers(rows, extraction_date, **fields)
    hear(event)
    return event.upload_id


def send_at_once(extraction_date: date) -> None:
    """A person does not wait for the groups that have not come, where any are awaited."""
    with transaction("notify") as session, suppress(Conflict):
        planning.plan_at_once(session, TERM, extraction_date, "central")


def rows_of(statement: str, **values: Any) -> Sequence[Any]:
    """Rows of notify's schema."""
    with transaction("notify") as session:
        return session.execute(text(statement), values).all()


def digests(*states: str) -> list[tuple[str, str, str]]:
    """(director, reason, state) of every digest that was not replaced, or of those states, oldest first."""
    rows = rows_of("select director, reason, state from digest order by digest_id")
    return [(r.director, r.reason, r.state) for r in rows if r.state in (states or ("planned", "held", "unroutable"))]


def marks(director: str = VEGA) -> dict[str, str]:
    """School and group to mark in the director's newest digest."""
    rows = rows_of(
        "select content from digest where director = :director order by digest_id desc limit 1", director=director
    )
    return {f"{line['ploc']}/{line['group']}": line["mark"] for line in rows[0].content["lines"]}


def mails(*states: str) -> list[tuple[str, str]]:
    """(address, subject) of mails in the states (queued by default), oldest first."""
    rows = rows_of(
        "select rcpt, subject from mail where state = any(:states) order by mail_id", states=list(states or ("queued",))
    )
    return [(r.rcpt, r.subject) for r in rows]


def mark_sent() -> None:
    """All queued mails count as sent, as if a server had taken them."""
    with transaction("notify") as session:
        session.execute(text("update mail set state = 'sent', sent_at = now() where state = 'queued'"))


# A director's two schools in Tier 1, and another's one.
LOW = [row("Alder 4001", 10, 100), row("Birch 4002", 20, 100), row("Cedar 4003", 5, 100, FRISCH)]


def first_mails() -> int:
    """Both directors were told of Feb 14; answers the number of Vega's digest."""
    tell_directory()
    tell(LOW, FEB14)
    mark_sent()
    return int(rows_of("select digest_id from digest where director = :d", d=VEGA)[0].digest_id)
