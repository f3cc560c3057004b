"""The API of notify: digests and mails, and the answers of directors."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict

from services.notify.actions import answers, resending
from services.notify.queries import answers as found
from services.notify.queries import lists
from shared.access import Who
from shared.errors import NotFound
from shared.events import Group
from shared.web import Db, allow

router = APIRouter(prefix="/notify/api/v1", tags=["alerts"])
Limit = Annotated[int, Query(ge=1, le=200)]
State = Literal["planned", "held", "unroutable", "superseded"]


class NewSnooze(BaseModel):
    """A school to snooze: for one group or (null) all, until a day or (null) the next extraction."""

    model_config = ConfigDict(extra="forbid")

    digest_id: int
    school_key: str
    group: Group | None = None
    reason: str
    until: date | None = None


class NewAcknowledgement(BaseModel):
    """A director has seen a digest, and what will be done."""

    model_config = ConfigDict(extra="forbid")

    digest_id: int
    plan: str


# What the API calls a column: its fields are plain words, which SQL would have to quote.
_FIELDS = {"extraction_date": "on", "respondent_group": "group"}


def _shown(row: Mapping[Any, Any]) -> dict[str, Any]:
    """A row under the names of the API."""
    return {_FIELDS.get(name, name): value for name, value in row.items()}


def key_of(session: Db, who: Who) -> str | None:
    """Whose alerts a person may answer: a director's own; None (anybody's) for the central office."""
    if who.role != "director":
        return None
    director = found.director_of(session, who.email)
    if director is None:
        raise NotFound("The directory has no regional director with your address. Ask the support team.")
    return director.person_id


@router.get("/digests")
def get_digests(
    session: Db,
    _: Annotated[Who, allow("digests.see")],
    state: State | None = None,
    term: str | None = None,
    on: date | None = None,
    cursor: int | None = None,
    limit: Limit = 50,
) -> dict[str, Any]:
    """Digests, newest first: to whom, why, and what happened to the mail."""
    filtered = lists.DigestFilter(state=state, term=term, extraction_date=on, before=cursor)
    rows = [_shown(row._mapping) for row in lists.digests(session, filtered, limit)]
    return {"digests": rows, "next": rows[-1]["digest_id"] if len(rows) == limit else None}


@router.get("/mails")
def get_mails(
    session: Db,
    _: Annotated[Who, allow("digests.see")],
    state: str | None = None,
    cursor: int | None = None,
    limit: Limit = 50,
) -> dict[str, Any]:
    """Mails, newest first, with the mail server's answer."""
    rows = [_shown(row._mapping) for row in lists.mails(session, state, None, cursor, limit)]
    return {"mails": rows, "next": rows[-1]["mail_id"] if len(rows) == limit else None}


def _refused_filter(
    term: str | None = None,
    on: date | None = None,
    address: str | None = None,
    since: date | None = None,
    until: date | None = None,
) -> lists.RefusedFilter:
    """Of an extraction, to an address, or queued on the days `since` to `until`; at least one of them."""
    return lists.RefusedFilter(term, on, address, since, until)


Refused = Annotated[lists.RefusedFilter, Depends(_refused_filter)]


@router.get("/refused-mails")
def get_refused_mails(session: Db, _: Annotated[Who, allow("digests.see")], filtered: Refused) -> dict[str, Any]:
    """The mails that were refused or came back, and how many of them may be sent again; all of them, oldest first."""
    found = resending.refused(session, filtered)
    rows = [_shown(mail._asdict()) for mail in found]
    return {"mails": rows, "expected": sum(not mail.why_not for mail in found)}


@router.post("/refused-mails", status_code=201)
def post_refused_mails(
    session: Db, who: Annotated[Who, allow("digests.resend")], filtered: Refused, expected: int
) -> dict[str, Any]:
    """Sends them again in one step; 409 where there are not as many as `expected`, which GET answered."""
    return {"mails": resending.send_again(session, filtered, expected, who.actor)}


@router.get("/snoozes")
def get_snoozes(
    session: Db,
    who: Annotated[Who, allow("alerts.answer")],
    cursor: int | None = None,
    limit: Limit = 50,
    ended: bool = False,
) -> dict[str, Any]:
    """Active snoozes, a director's own; `ended` shows those that are over too."""
    listed = found.snoozes(session, key_of(session, who), ended=ended, after=cursor, limit=limit)
    rows = [_shown(row._mapping) for row in listed]
    return {"snoozes": rows, "next": rows[-1]["snooze_id"] if len(rows) == limit else None}


@router.post("/snoozes", status_code=201)
def post_snooze(session: Db, who: Annotated[Who, allow("alerts.answer")], new: NewSnooze) -> dict[str, Any]:
    """Snoozes a school of a digest; a director's own digests only."""
    digest = answers.digest_of(session, new.digest_id, key_of(session, who))
    request = answers.SnoozeRequest([(new.school_key, new.group)], new.reason, new.until)
    return _shown(answers.snooze(session, digest, request, who.actor)[0].model_dump())


@router.delete("/snoozes/{snooze_id}", status_code=204)
def delete_snooze(session: Db, who: Annotated[Who, allow("alerts.answer")], snooze_id: int) -> None:
    """Ends a snooze now."""
    answers.end_snooze(session, snooze_id, key_of(session, who), who.actor)


@router.post("/acknowledgements", status_code=201)
def post_acknowledgement(
    session: Db, who: Annotated[Who, allow("alerts.answer")], new: NewAcknowledgement
) -> dict[str, Any]:
    """Acknowledges a digest with a plan; it holds until the next extraction."""
    digest = answers.digest_of(session, new.digest_id, key_of(session, who))
    return _shown(answers.acknowledge(session, digest, new.plan, who.actor).model_dump())
