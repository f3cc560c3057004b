"""Status cards: what a service says to a person on the home page, and of a school, in one figure and one sentence each."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlmodel import Session

from shared.access import Who
from shared.access.policy import may
from shared.numbers import counted
from shared.ops.metrics import queue_state
from shared.ops.state import Trouble, troubles_since
from shared.web.pages import page
from shared.web.requests import Db, allow


@dataclass(frozen=True)
class StatusCard:
    """One thing that a person should know now; `link` leads to exactly the rows that the figure counts.

    `state`: empty for plain news, `good`, `attention` for what should be done, `urgent` for what cannot wait.
    """

    title: str
    figure: str
    sentence: str
    link: str
    state: Literal["", "good", "attention", "urgent"] = ""


Home = Callable[[Session, Who], Sequence[StatusCard]]
OfSchool = Callable[[Session, Who, str], Sequence[StatusCard]]


def card_routes(service: str, label: str, home: Home, of_school: OfSchool) -> APIRouter:
    """`/<service>/cards` and `/<service>/cards/school/<key>` for the person who asks.

    Both functions answer only what the person may see, by permission and scope; nothing is said in one line. For
    operations it is the state of the service itself.
    """
    router = APIRouter(prefix=f"/{service}/cards", include_in_schema=False)

    def shown(request: Request, cards: Sequence[StatusCard], nothing: str) -> Response:
        template = "_cards.html" if "hx-request" in request.headers else "cards.html"
        return page(request, template, label=label, cards=cards, nothing=nothing)

    @router.get("")
    def cards(request: Request, session: Db, who: Annotated[Who, allow("home.see")]) -> Response:
        if may(who.role, "ops.see"):
            return shown(request, _ops_cards(service), f"{service.capitalize()} runs well.")
        return shown(request, home(session, who), f"{label}: nothing to do.")

    @router.get("/school/{key}")
    def school_cards(request: Request, session: Db, who: Annotated[Who, allow("schools.see")], key: str) -> Response:
        return shown(request, of_school(session, who, key), f"{label}: nothing here for you to see of this school.")

    return router


def _ops_cards(service: str) -> list[StatusCard]:
    """What is not well in the service, since when, with the page that says what to do."""
    return [_ops_card(service, trouble) for trouble in troubles_since(queue_state(service))]


def _ops_card(service: str, trouble: Trouble) -> StatusCard:
    since = f"For {duration(trouble.seconds)}" if trouble.seconds is not None else "Now"
    return StatusCard(f"{service.capitalize()} is not well", since, trouble.sentence, f"/{service}/ops", "urgent")


def duration(seconds: float) -> str:
    """A length of time as people say it: `45 seconds`, `12 minutes`, `3 hours`, `2 days`."""
    for size, unit in ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second")):
        count = int(seconds // size)
        if count or size == 1:
            return counted(count, unit)
    raise AssertionError
