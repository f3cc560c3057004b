"""What every event is: the full state of its key at a version."""

from typing import Any, ClassVar, Literal, Self, get_args

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import from_json, to_json

Group = Literal["students", "staff", "parents"]
GROUPS: tuple[Group, ...] = ("students", "staff", "parents")
ROWS_PER_PART = 2000


class NewerSchema(Exception):
    """A newer version published the event in a form that this one cannot read; a worker of that version can."""


class Event(BaseModel):
    """One thing that happened. `subscribers` maps each subscriber to the task that it runs.

    Versions run side by side during an upgrade: what a reader does not know, fields and cells at the end of a row, it
    passes over, and what an older publisher did not write has a default. `schema_version` grows only with a change that
    such a reader would get wrong (docs/decisions/0021).
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    topic: ClassVar[str]
    subscribers: ClassVar[dict[str, str]]
    schema_version: int = 1

    @classmethod
    def read(cls, payload: str) -> Self:
        """The event of a JSON text; NewerSchema where its form is of a later version, ValidationError where it is none."""
        try:
            event = cls.model_validate_json(payload)
        except ValidationError:
            found = from_json(payload)
            cls._must_know(found.get("schema_version", 1) if isinstance(found, dict) else 1)
            if not cls._cut_rows(found):
                raise
            event = cls.model_validate_json(to_json(found))
        cls._must_know(event.schema_version)
        return event

    @classmethod
    def _must_know(cls, version: Any) -> None:
        known = cls.model_fields["schema_version"].default
        if isinstance(version, int) and version > known:
            raise NewerSchema(
                f"{cls.topic} is of schema {version}, this version reads up to {known}: upgrade this worker"
            )

    @classmethod
    def _cut_rows(cls, found: Any) -> bool:
        """Takes the cells off the rows' ends that a newer version put there; answers whether there were any."""
        cut = False
        for name, known in cls._row_lengths().items():
            rows = found.get(name) if isinstance(found, dict) else None
            if isinstance(rows, list) and any(isinstance(row, list) and len(row) > known for row in rows):
                found[name] = [row[:known] if isinstance(row, list) else row for row in rows]
                cut = True
        return cut

    @classmethod
    def _row_lengths(cls) -> dict[str, int]:
        """The fields that hold lists of named tuples, with how many cells a row has."""
        kinds = {name: get_args(field.annotation) for name, field in cls.model_fields.items()}
        return {name: len(kind[0]._fields) for name, kind in kinds.items() if kind and hasattr(kind[0], "_fields")}

    @property
    def key(self) -> str:
        """What this is the full state of."""
        raise AssertionError(f"{type(self).__name__} has no key")

    @property
    def version(self) -> int:
        """Grows with each newer state of the key."""
        raise AssertionError(f"{type(self).__name__} has no version")

    @classmethod
    def publisher(cls) -> str:
        return cls.topic.partition(".")[0]
