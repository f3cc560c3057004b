"""What every event is: the full state of its key at a version."""

from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict

Group = Literal["students", "staff", "parents"]
GROUPS: tuple[Group, ...] = ("students", "staff", "parents")
ROWS_PER_PART = 2000


class Event(BaseModel):
    """One thing that happened. `subscribers` maps each subscriber to the task that it runs."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    topic: ClassVar[str]
    schema_version: ClassVar[int] = 1
    subscribers: ClassVar[dict[str, str]]

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
