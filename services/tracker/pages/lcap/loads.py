"""Loads of LCAP tables: what each would change, the decision about it, and taking one back."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from services.tracker.actions.lcap.decisions import decline_load, name_year, take_load, undo_load
from services.tracker.pages.lcap.cards import ROOT, WORDS, tabs
from services.tracker.queries.lcap.versions import (
    STANDING,
    WAITING,
    comparison,
    recent_versions,
    standing,
    version,
    versions,
    versions_of,
)
from services.tracker.tables.lcap import LcapVersion
from shared.access import Who
from shared.web import Db, allow, page, redirect

router = APIRouter(prefix="/tracker/lcap/loads", include_in_schema=False)
PATH = f"{ROOT}loads"
Writes = Annotated[Who, allow("lcap.write")]
# Rows of a comparison that one page shows; the API has all of them.
MOST_ROWS = 400


@router.get("")
def loads(
    request: Request, session: Db, who: Annotated[Who, allow("lcap.see")], upload: UUID | None = None
) -> Response:
    found = recent_versions(session) if upload is None else versions_of(session, upload)
    if upload is not None and len(found) == 1:
        return redirect(f"{PATH}/{found[0].version_id}")
    return page(request, "lcap_loads.html", tabs=tabs(PATH), loads=found, upload=upload, **WORDS)


@router.get("/{version_id}")
def load(
    request: Request, session: Db, who: Annotated[Who, allow("lcap.see")], version_id: int, did: str = ""
) -> Response:
    found = version(session, version_id)
    stands = standing(session, found.table_name, found.form, found.plan_year) if found.plan_year else None
    return page(
        request,
        "lcap_load.html",
        tabs=tabs(PATH),
        load=found,
        stands=stands if stands is not None and stands.version_id != version_id else None,
        notes=_notes(session, found),
        changes=comparison(session, found),
        most=MOST_ROWS,
        is_waiting=found.state == WAITING,
        is_standing=found.state == STANDING,
        did=did,
        **WORDS,
    )


def _notes(session: Db, found: LcapVersion) -> list[str]:
    """What a person should know before deciding, beside the rows."""
    notes = [str(warning) for warning in found.warnings]
    newest = max((one.plan_year for one in versions(session, found.table_name)), default="")
    if found.plan_year and found.plan_year < newest:
        notes.append(
            f"{found.plan_year} lies before the newest plan year here, {newest}. It stands beside it as history."
        )
    return notes


@router.post("/{version_id}/year")
def say_year(session: Db, who: Writes, version_id: int, plan_year: Annotated[str, Form(max_length=20)]) -> Response:
    name_year(session, who, version_id, plan_year.strip())
    return redirect(f"{PATH}/{version_id}")


@router.post("/{version_id}/take")
def take(session: Db, who: Writes, version_id: int, gone_is_meant: Annotated[bool, Form()] = False) -> Response:
    take_load(session, who, version_id, gone_is_meant=gone_is_meant)
    return redirect(f"{PATH}/{version_id}?did=taken")


@router.post("/{version_id}/decline")
def decline(session: Db, who: Writes, version_id: int) -> Response:
    decline_load(session, who, version_id)
    return redirect(f"{PATH}/{version_id}?did=declined")


@router.post("/{version_id}/undo")
def undo(session: Db, who: Writes, version_id: int) -> Response:
    undo_load(session, who, version_id)
    return redirect(f"{PATH}/{version_id}?did=undone")
