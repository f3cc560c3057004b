"""The API of rosters: what the words of a source mean here."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from services.ingest.actions.rosters import save_mapping, saved_mapping
from services.ingest.rules.roster_mapping import RosterMapping, as_json
from shared.access import Who
from shared.web import Db, allow

router = APIRouter(prefix="/ingest/api/v1/directory/mappings", tags=["directory"])
Source = Literal["oneroster", "ed-fi"]
Word = Annotated[str, StringConstraints(max_length=400)]
Words = Annotated[dict[Word, Word], Field(max_length=5000)]


class MappingIn(BaseModel):
    """What the words of a roster mean. Nothing is guessed: what is left out is undecided, an empty text is "neither"."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "types": {"school": "school", "local": "region", "district": ""},
                "roles": {"principal at school": "principal", "teacher at school": ""},
                "columns": {"cost_center": "identifier"},
                "principals": {"1400101": "user-17"},
                "others": "designee",
            }
        },
    )

    types: Words = Field(default_factory=dict)
    roles: Words = Field(default_factory=dict)
    columns: Words = Field(default_factory=dict)
    principals: Words = Field(default_factory=dict)
    others: Literal["", "designee"] = ""


@router.get("/{source}")
def get_mapping(session: Db, _: Annotated[Who, allow("directory.see")], source: Source) -> dict[str, Any]:
    """The saved mapping of a source; empty where none was saved."""
    return as_json(saved_mapping(session, source))


@router.put("/{source}")
def put_mapping(
    session: Db, who: Annotated[Who, allow("directory.write")], source: Source, mapping: MappingIn
) -> dict[str, Any]:
    """Saves a mapping as a whole, for uploads that wait (`POST .../uploads/{id}/review`) and the next ones."""
    return as_json(save_mapping(session, source, RosterMapping(**mapping.model_dump()), who.actor))
