"""Who did something: kept as `PERSON as ROLE`, shown as people name them."""

from shared.access.policy import ROLE_WORDS

_PROGRAM, _FOLDER = "service:", "service:folder-"


def actor_words(actor: str) -> str:
    """`ana@district.example (Principal)`, `a program (Central office)`, `drop folder NAME`; other names as they are."""
    person_id, _, role = actor.rpartition(" as ")
    if role not in ROLE_WORDS:
        return actor
    if person_id.startswith(_FOLDER):
        return f"drop folder {person_id.removeprefix(_FOLDER)}"
    name = "a program" if person_id.startswith(_PROGRAM) else person_id
    return f"{name} ({ROLE_WORDS[role]})"
