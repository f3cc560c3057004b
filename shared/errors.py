"""Refusals: what a person asked for cannot be done, and what they can do about it."""

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any


class Refused(Exception):
    """A request refused with a stable code, an HTTP status and a sentence that says what to do.

    Raise it (never return a refusal): raising rolls the transaction back. `problems` lists the places, each a
    mapping with at least `code` and `message`, and where known `sheet`, `row`, `column`, `value`, `field`.
    """

    status = 400
    code = "refused"

    def __init__(self, sentence: str, *, problems: Sequence[dict[str, Any]] = (), code: str | None = None) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.problems = list(problems)
        if code is not None:
            self.code = code


def first_of(problems: Iterable[dict[str, Any]], most: int = 200) -> list[dict[str, Any]]:
    """The first problems of a long list; where more follow, one more says so."""
    shown = list(islice(problems, most + 1))
    if len(shown) > most:
        sentence = f"More problems follow these {most}. Correct these and send the file again to see the rest."
        shown[most] = {"code": "more_problems", "message": sentence}
    return shown


class NotSignedIn(Refused):
    status, code = 401, "not_signed_in"


class NotAllowed(Refused):
    status, code = 403, "not_allowed"


class NotFound(Refused):
    status, code = 404, "not_found"


class Conflict(Refused):
    status, code = 409, "conflict"


class TooLarge(Refused):
    status, code = 413, "too_large"


class NotSupported(Refused):
    status, code = 415, "not_supported"


class Invalid(Refused):
    status, code = 422, "invalid"


class TooMany(Refused):
    """Refused for now; `retry_after` seconds go into the Retry-After header."""

    status, code = 429, "too_many"

    def __init__(self, sentence: str, *, retry_after: int) -> None:
        super().__init__(sentence)
        self.retry_after = retry_after
