"""What a load changes in a table: rows added, changed and gone, each with what was and what is."""

from collections.abc import Hashable, Mapping
from typing import NamedTuple

Fields = Mapping[str, str]


class FieldChange(NamedTuple):
    """A field of a row with what was and what is."""

    name: str
    was: str
    now: str


class Compared(NamedTuple):
    """A row by its number and title, with its changes; none for a row that was added or is gone."""

    number: str
    title: str
    changes: tuple[FieldChange, ...] = ()


class Comparison(NamedTuple):
    """A table beside the one that stands."""

    added: tuple[Compared, ...]
    changed: tuple[Compared, ...]
    gone: tuple[Compared, ...]
    same: int

    @property
    def only_adds(self) -> bool:
        return not self.changed and not self.gone


class TableRow(NamedTuple):
    """A row of a table as text: its number and title for people, and its fields."""

    number: str
    title: str
    fields: Fields


def compare(standing: Mapping[Hashable, TableRow], loaded: Mapping[Hashable, TableRow]) -> Comparison:
    """The loaded rows against the standing ones, matched by their keys."""
    added = tuple(Compared(row.number, row.title) for key, row in loaded.items() if key not in standing)
    gone = tuple(Compared(row.number, row.title) for key, row in standing.items() if key not in loaded)
    changed = tuple(
        Compared(row.number, row.title, changes)
        for key, row in loaded.items()
        if key in standing and (changes := _changes(standing[key].fields, row.fields))
    )
    return Comparison(added, changed, gone, len(loaded) - len(added) - len(changed))


def _changes(was: Fields, now: Fields) -> tuple[FieldChange, ...]:
    names = list(dict.fromkeys([*was, *now]))
    return tuple(
        FieldChange(name, was.get(name, ""), now.get(name, ""))
        for name in names
        if was.get(name, "") != now.get(name, "")
    )
