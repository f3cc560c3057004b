"""The shapes of the demo district: a school, a person, a change during the survey window, the district."""

from dataclasses import dataclass
from typing import Literal

Size = Literal["small", "full"]


@dataclass(frozen=True)
class Director:
    """A regional director's name in parts, from which every spelling is made."""

    last: str
    first: str
    initial: str

    @property
    def email(self) -> str:
        return mail_address(self.first, self.last)


@dataclass(frozen=True)
class School:
    """A school as the directory has it today; staff totals as on the strike form."""

    code: str
    ploc: str
    name: str
    kind: str
    level: str
    region: str
    cos: str
    director: Director
    enrolled: int
    classified_classroom: int
    classified_other: int
    certificated_admin: int
    certificated_other: int
    principal: str
    landline: str

    @property
    def staff(self) -> int:
        return self.classified_classroom + self.classified_other + self.certificated_admin + self.certificated_other


@dataclass(frozen=True)
class Person:
    """A row of the People sheet: scope is school codes or a region; aliases are other spellings of the name."""

    name: str
    role: str
    email: str
    scope: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True)
class FormerSchool:
    """What a school was called and where it belonged before the extraction number `at` (0 is the first)."""

    at: int
    name: str
    region: str
    cos: str
    director: Director


@dataclass(frozen=True)
class District:
    """The whole district; `changes`, `closed_at` and `opened_at` are by school code."""

    size: Size
    seed: int
    schools: tuple[School, ...]
    people: tuple[Person, ...]
    directors: tuple[Director, ...]
    changes: dict[str, FormerSchool]
    closed_at: dict[str, int]
    opened_at: dict[str, int]
    misspelt: dict[str, str]


def mail_address(first: str, last: str) -> str:
    """`first.last@lausd.example` without accents, spaces and apostrophes; a hyphen stays."""
    return f"{_mail_part(first)}.{_mail_part(last)}@lausd.example"


def _mail_part(name: str) -> str:
    return "".join(c for c in without_accents(name).lower() if c.isalnum() or c == "-")


def without_accents(text: str) -> str:
    return text.translate(_PLAIN)


_PLAIN = str.maketrans("áàâãäéèêëíîïóôõöőúüñçÁÉÍÓÚÑÖÜçłšžćŠŽŁğ", "aaaaaeeeeiiiooooouuncAEIOUNOUclszcSZLg")
