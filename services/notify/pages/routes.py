"""The queue without a route: who is meant, as a person decides, with suggestions."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from services.notify.actions import routing
from services.notify.pages.parts import tabs_of
from services.notify.queries import alert_settings, lists
from services.notify.queries.situation import people
from services.notify.rules.routes import HEAD, suggestions
from shared.access import Who
from shared.web import Db, allow, page, redirect

router = APIRouter(prefix="/notify", include_in_schema=False)


@router.get("/unroutable")
def unroutable(
    request: Request, session: Db, who: Annotated[Who, allow("digests.see")], before: int | None = None
) -> Response:
    known = people(session)
    digests = lists.digests(session, lists.DigestFilter(state="unroutable", before=before), 100)
    refused = {person.person_id: person.email for person in known if person.refused}
    refused |= {
        f"{HEAD}{head.region}": head.email for head in alert_settings.heads(session) if alert_settings.refusal_of(head)
    }
    queue = [
        {"digest": digest, "refused": refused.get(digest.director_key), "near": suggestions(digest.director, known)}
        for digest in digests
    ]
    older = f"/notify/unroutable?before={digests[-1].digest_id}" if len(digests) == 100 else None
    directors = sorted(((p.person_id, f"{p.name} ({p.email})") for p in known), key=lambda pair: pair[1].casefold())
    return page(
        request, "unroutable.html", queue=queue, directors=directors, older=older, tabs=tabs_of("/notify/unroutable")
    )


@router.post("/unroutable/match")
def match(
    session: Db,
    who: Annotated[Who, allow("digests.write")],
    alias: Annotated[str, Form(max_length=200)],
    person_id: Annotated[str, Form(max_length=320)],
) -> Response:
    routing.match_alias(session, alias, person_id, who.actor)
    return redirect("/notify/unroutable")


@router.post("/unroutable/trust")
def trust(
    session: Db, who: Annotated[Who, allow("digests.write")], person_id: Annotated[str, Form(max_length=320)]
) -> Response:
    routing.trust_address(session, person_id, who.actor)
    return redirect("/notify/unroutable")
