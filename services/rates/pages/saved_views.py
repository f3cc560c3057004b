"""Saving and removing views of the table."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from services.rates.actions.saved_views import forget_view, save_view
from services.rates.queries.saved_views import saved_views
from shared.access import Who
from shared.web import Db, allow, back, done
from shared.web.undo import Undo

router = APIRouter(prefix="/rates/views", include_in_schema=False)
Owner = Annotated[Who, allow("rates.views")]


@router.post("")
def post_view(
    request: Request,
    session: Db,
    who: Owner,
    name: Annotated[str, Form(max_length=80)] = "",
    query: Annotated[str, Form(max_length=8000)] = "",
) -> Response:
    tidy = " ".join(name.split())
    former = [each.query for each in saved_views(session, who.person_id) if each.name == tidy]
    save_view(session, who.person_id, who.actor, name, query)
    if former:
        return done(request, f"/rates/?{query}", f"The view {tidy} was replaced.", _saved_again(tidy, former[0]))
    made = next(each for each in saved_views(session, who.person_id) if each.name == tidy)
    undo = back(f"/rates/views/{made.id}/remove", [("query", query)])
    return done(request, f"/rates/?{query}", f"The view {tidy} was saved.", undo)


def _saved_again(name: str, query: str) -> Undo:
    return back("/rates/views", [("name", name), ("query", query)])


@router.post("/{view_id}/remove")
def post_remove(
    request: Request, session: Db, who: Owner, view_id: int, query: Annotated[str, Form(max_length=8000)] = ""
) -> Response:
    former = [(each.name, each.query) for each in saved_views(session, who.person_id) if each.id == view_id]
    forget_view(session, who.person_id, who.actor, view_id)
    name, kept = former[0]
    return done(request, f"/rates/?{query}", f"The view {name} was removed.", _saved_again(name, kept))
