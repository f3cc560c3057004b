"""A director's own alerts: the newest list, answering it, snoozes, and which mails to get."""

from typing import Annotated, Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from services.notify.actions import answers
from services.notify.mailer.headings import outlook_words
from services.notify.pages.answers import take_answer
from services.notify.pages.parts import SentForm, preference_fields, read_preference, ticked_places
from services.notify.queries import answers as found
from services.notify.queries import lists
from services.notify.queries.content import lines_of
from services.notify.rules.alerts import OPEN
from services.notify.tables.facts import Director
from services.notify.tables.mails import Digest
from shared.access import Who
from shared.errors import Invalid, NotFound
from shared.numbers import whole
from shared.web import Db, allow, back, done, page, redirect

router = APIRouter(prefix="/notify/mine", include_in_schema=False)
HERE = "/notify/mine"
SHOWN = 20
Me = Annotated[Who, allow("alerts.mine")]


def own(session: Db, who: Who) -> Director:
    """The director who asks; NotFound for somebody whom the directory does not have as one."""
    director = found.director_of(session, who.email)
    if director is None:
        raise NotFound("The directory has no regional director with your address. Ask the support team.")
    return director


@router.get("")
def mine(request: Request, session: Db, who: Me) -> Response:
    return _page(request, session, own(session, who), {})


@router.post("/answer")
def send_answer(request: Request, session: Db, who: Me, form: SentForm) -> Response:
    director = own(session, who)
    number = str(form.get("digest_id", ""))
    digest = answers.digest_of(session, whole(number) or 0, director.person_id)
    places = ticked_places(form)
    values = {name: str(form.get(name, "")) for name in ("plan", "reason", "until")}
    try:
        _still_newest(session, digest)
        take_answer(session, digest, values, places, who.actor)
    except Invalid as error:
        ticked = {f"{key}|{group or ''}" for key, group in places}
        return _page(request, session, director, {**values, "ticked": ticked, "problems": error.problems}, 422)
    return redirect("/notify/mine")


def _still_newest(session: Db, digest: Digest) -> None:
    """Invalid once a newer alert took the place of the one on the page: an answer to that would hold for nothing."""
    newest = found.newest_digest(session, digest.director_key)
    if newest is None or newest.digest_id != digest.digest_id:
        sentence = "A newer alert has come since you opened this page. Look at its schools and send your answer again."
        raise Invalid(sentence, code="alert_replaced", problems=[{"code": "alert_replaced", "message": sentence}])


@router.post("/preference")
def prefer(request: Request, session: Db, who: Me, form: SentForm) -> Response:
    person_id = own(session, who).person_id
    former = preference_fields(found.preference_of(session, person_id))
    answers.prefer(session, person_id, **read_preference(form), actor=who.actor)
    return done(request, HERE, "Which mails you get was saved.", back(f"{HERE}/preference", former))


@router.post("/snoozes/{snooze_id}/end")
def end_snooze(request: Request, session: Db, who: Me, snooze_id: int) -> Response:
    answers.end_snooze(session, snooze_id, own(session, who).person_id, who.actor)
    return done(request, HERE, "The snooze has ended.", back(f"{HERE}/snoozes/{snooze_id}/resume"))


@router.post("/snoozes/{snooze_id}/resume")
def resume_snooze(request: Request, session: Db, who: Me, snooze_id: int) -> Response:
    answers.resume_snooze(session, snooze_id, own(session, who).person_id, who.actor)
    return done(request, HERE, "The snooze is in force again.", back(f"{HERE}/snoozes/{snooze_id}/end"))


@router.post("/seen")
def seen(session: Db, who: Me) -> Response:
    answers.note_visit(session, own(session, who).person_id)
    return Response(status_code=204)


def _page(request: Request, session: Db, director: Director, more: dict[str, Any], status: int = 200) -> Response:
    shown = whole(request.query_params.get("shown", ""), 10_000) or SHOWN
    digest = found.newest_digest(session, director.person_id)
    lines = [] if digest is None else [line for line in lines_of(digest.content) if line.mark in OPEN]
    values: dict[str, Any] = {"plan": "", "reason": "", "until": "", "ticked": set(), "problems": [], **more}
    return page(
        request,
        "mine.html",
        status,
        digest=digest,
        lines=lines,
        outlook=outlook_words,
        action="/notify/mine/answer",
        preference=found.preference_of(session, director.person_id),
        snoozes=found.snoozes(session, director.person_id, limit=None),
        acknowledgements=found.acknowledgements(session, director.person_id, limit=shown),
        digests=lists.digests(session, lists.DigestFilter(key=director.person_id), shown),
        shown=shown,
        ends="/notify/mine/snoozes",
        used=None,
        **values,
    )
