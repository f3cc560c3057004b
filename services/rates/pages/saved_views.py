"""Saving and removing views of the table."""

from typing import Annotated

from fastapi import APIRouter, Form
from fastapi.responses import Response

from services.rates.actions.saved_views import forget_view, save_view
from shared.access import Who
from shared.web import Db, allow, redirect

router = APIRouter(prefix="/rates/views", include_in_schema=False)
Owner = Annotated[Who, allow("rates.views")]


@router.post("")
def post_view(
    session: Db,
    who: Owner,
    name: Annotated[str, Form(max_length=80)] = "",
    query: Annotated[str, Form(max_length=8000)] = "",
) -> Response:
    save_view(session, who.person_id, who.actor, name, query)
    return redirect(f"/rates/?{query}")


@router.post("/{view_id}/remove")
def post_remove(session: Db, who: Owner, view_id: int, query: Annotated[str, Form(max_length=8000)] = "") -> Response:
    forget_view(session, who.person_id, who.actor, view_id)
    return redirect(f"/rates/?{query}")
