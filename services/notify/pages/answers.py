"""Answering a mail by its signed link, without signing in: opening it shows, sending the form does, once."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Annotated, Any, NamedTuple

from fastapi import APIRouter, Request
from fastapi.responses import Response

from services.notify.actions import answers
from services.notify.pages.parts import SentForm, tabs_of, ticked_places
from services.notify.queries import answers as found
from services.notify.queries.content import lines_of
from services.notify.rules.alerts import OPEN
from services.notify.rules.links import BadLink, read
from services.notify.tables.mails import Digest, Mail
from shared.access import Who
from shared.errors import Invalid, NotFound
from shared.settings import settings
from shared.web import Db, allow, back, done, page, public, redirect
from shared.web.requests import READ

router = APIRouter(prefix="/notify", include_in_schema=False)
PAGE = 100
SNOOZES = "/notify/snoozes"


class LinkRefused(NotFound):
    code = "link_refused"


class Answering(NamedTuple):
    """The mail that a link is for, and its digest."""

    mail: Mail
    digest: Digest


def behind(session: Db, token: str, *, lock: bool = False) -> Answering:
    """What a link leads to; LinkRefused with words for the reader. `lock`: who sends the form twice waits for the first."""
    try:
        link = read(settings().link_key.get_secret_value().encode(), token, datetime.now(UTC))
    except BadLink as error:
        raise LinkRefused(str(error)) from error
    mail = session.get(Mail, link.mail_id, with_for_update=lock)
    digest = None if mail is None else session.get(Digest, mail.digest_id)
    if mail is None or digest is None:
        raise LinkRefused("This mail is no longer known. Answer from the newest mail.")
    if not found.still_answers(session, mail, digest):
        raise LinkRefused("This address no longer answers for these schools. Sign in, or ask the support team.")
    return Answering(mail, digest)


@router.api_route("/answer/{token}", methods=READ)
def answer(request: Request, session: Db, who: Annotated[Who | None, public], token: str) -> Response:
    to = behind(session, token)
    return _form(request, to, token, _closed(session, to))


@router.post("/answer/{token}")
def send_answer(
    request: Request, session: Db, who: Annotated[Who | None, public], token: str, form: SentForm
) -> Response:
    to = behind(session, token, lock=True)
    closed = _closed(session, to)
    if any(closed.values()):
        return _form(request, to, token, {**closed, "again": True}, 409)
    places = ticked_places(form)
    values = {name: str(form.get(name, "")) for name in ("plan", "reason", "until")}
    try:
        take_answer(session, to.digest, values, places, f"{to.mail.rcpt} by mail link")
    except Invalid as error:
        ticked = {f"{key}|{group or ''}" for key, group in places}
        return _form(request, to, token, {**closed, **values, "ticked": ticked, "problems": error.problems}, 422)
    answers.use_link(session, to.mail.mail_id or 0)
    if to.digest.person_id:
        answers.note_visit(session, to.digest.person_id)
    return redirect(f"/notify/answer/{token}")


def take_answer(
    session: Db, digest: Digest, values: Mapping[str, str], places: list[tuple[str, str | None]], author: str
) -> None:
    """Keeps a plan, snoozes, or both; Invalid where there is neither, or one of them is refused: then nothing is kept."""
    until = _day(values["until"])
    if not values["plan"].strip() and not places:
        problem = {"field": "plan", "code": "answer_empty", "message": "Enter a plan, or choose a school to snooze."}
        raise Invalid(problem["message"], code="answer_empty", problems=[problem])
    with session.begin_nested():
        if places:
            snoozed = answers.SnoozeRequest(places, values["reason"], until)
            answers.snooze(session, digest, snoozed, author)
        if values["plan"].strip():
            answers.acknowledge(session, digest, values["plan"], author)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text.strip() else None
    except ValueError as error:
        problem = {
            "field": "until",
            "code": "until_invalid",
            "message": "Enter the day as 2025-03-14, or leave it empty.",
        }
        raise Invalid(problem["message"], problems=[problem]) from error


def _closed(session: Db, to: Answering) -> dict[str, Any]:
    """Why a link takes no answer, if so: when it was used, or the newer digest that the director was mailed since."""
    used = found.link_used(session, to.mail.mail_id or 0)
    return {"used": used, "newer": found.newer_digest(session, to.digest)}


def _form(request: Request, to: Answering, token: str, more: dict[str, Any], status: int = 200) -> Response:
    lines = [line for line in lines_of(to.digest.content) if line.mark in OPEN]
    values = {"plan": "", "reason": "", "until": "", "ticked": set(), "problems": [], "again": False, **more}
    return page(
        request, "answer.html", status, digest=to.digest, lines=lines, action=f"/notify/answer/{token}", **values
    )


@router.get("/snoozes")
def snoozes(
    request: Request,
    session: Db,
    who: Annotated[Who, allow("digests.see")],
    before: int | None = None,
    after: int | None = None,
) -> Response:
    live = found.snoozes(session, after=after, limit=PAGE)
    given = found.acknowledgements(session, before=before)
    older = f"/notify/snoozes?before={given[-1].acknowledgement_id}" if len(given) == 50 else None
    return page(
        request,
        "snoozes.html",
        tabs=tabs_of("/notify/snoozes"),
        snoozes=live,
        more_snoozes=f"/notify/snoozes?after={live[-1].snooze_id}" if len(live) == PAGE else None,
        acknowledgements=given,
        older=older,
        ends="/notify/snoozes",
    )


@router.post("/snoozes/{snooze_id}/end")
def end_snooze(request: Request, session: Db, who: Annotated[Who, allow("digests.write")], snooze_id: int) -> Response:
    answers.end_snooze(session, snooze_id, None, who.actor)
    return done(request, SNOOZES, "The snooze has ended.", back(f"{SNOOZES}/{snooze_id}/resume"))


@router.post("/snoozes/{snooze_id}/resume")
def resume_snooze(
    request: Request, session: Db, who: Annotated[Who, allow("digests.write")], snooze_id: int
) -> Response:
    answers.resume_snooze(session, snooze_id, None, who.actor)
    return done(request, SNOOZES, "The snooze is in force again.", back(f"{SNOOZES}/{snooze_id}/end"))
