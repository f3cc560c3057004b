"""The page that says what the words of a roster mean: its organizations, its columns, its roles, its principals."""

from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from services.ingest.actions.kept_uploads import found_upload
from services.ingest.actions.rosters import save_mapping, saved_mapping
from services.ingest.actions.uploads import read_again, review_upload
from services.ingest.rules.roster_files import SOURCES
from services.ingest.rules.roster_mapping import COLUMN_FIELDS, RosterMapping, Seen, suggested
from services.ingest.tables import Upload
from shared.access import Who
from shared.db import transaction
from shared.errors import NotFound
from shared.web import Db, allow, page, redirect
from shared.web.quick import allow_quickly

UNDECIDED = "undecided"
QUESTIONS_AT_ONCE = 200
router = APIRouter(prefix="/ingest/uploads/{upload_id}/roster", include_in_schema=False)


@router.get("")
def roster(request: Request, session: Db, who: Annotated[Who, allow("directory.write")], upload_id: UUID) -> Response:
    upload = _roster_upload(session, upload_id)
    seen = Seen(**{name: upload.roster[name] for name in Seen._fields})
    saved = saved_mapping(session, upload.roster["source"])
    return page(
        request,
        "roster.html",
        upload=upload,
        source=SOURCES[upload.roster["source"]],
        seen=seen,
        mapping=suggested(saved, seen),
        fields=COLUMN_FIELDS,
        questions=upload.roster["questions"][:QUESTIONS_AT_ONCE],
        every_question=len(upload.roster["questions"]),
        undecided=UNDECIDED,
    )


def _roster_upload(session: Db, upload_id: UUID) -> Upload:
    upload = found_upload(session, upload_id)
    if not upload.roster:
        raise NotFound("This upload is no roster, or what it holds is not kept any more. Upload it again.")
    return upload


async def form_fields(request: Request) -> dict[str, str]:
    """The fields of the form, whose names follow from what the roster holds."""
    return {name: value for name, value in (await request.form()).items() if isinstance(value, str)}


@router.post("")
def post_roster(
    who: Annotated[Who, allow_quickly("directory.write", "ingest")],
    upload_id: UUID,
    given: Annotated[dict[str, str], Depends(form_fields)],
) -> Response:
    """Saves the mapping, and looks at what the upload would change by it."""
    with transaction("ingest") as session:
        look = _roster_upload(session, upload_id).roster
        saved = saved_mapping(session, look["source"])
        save_mapping(session, look["source"], _given(saved, look, given), who.actor)
    read = read_again(upload_id, confirmed=True)
    with transaction("ingest") as session:
        review_upload(session, found_upload(session, upload_id), who.actor, read)
    return redirect(f"/ingest/uploads/{upload_id}")


def _given(saved: RosterMapping, look: Mapping[str, Any], given: Mapping[str, str]) -> RosterMapping:
    """The saved mapping with what the form says of this roster's words; fields are numbered in the order of the page."""

    def said(what: str, names: Mapping[str, object]) -> dict[str, str]:
        found = {name: given.get(f"{what}-{index}", UNDECIDED) for index, name in enumerate(names)}
        return {name: value for name, value in found.items() if value != UNDECIDED}

    questions = {question["code"]: question for question in look["questions"][:QUESTIONS_AT_ONCE]}
    return RosterMapping(
        types={**_without(saved.types, look["types"]), **said("type", look["types"])},
        roles={**_without(saved.roles, look["roles"]), **said("role", look["roles"])},
        columns={name: given.get(f"column-{name}", "") for name in COLUMN_FIELDS},
        principals={**saved.principals, **said("principal", questions)},
        others=given.get("others", ""),
    )


def _without(saved: Mapping[str, str], names: Mapping[str, object]) -> dict[str, str]:
    return {name: value for name, value in saved.items() if name not in names}
