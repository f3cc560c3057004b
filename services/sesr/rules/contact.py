"""Names and phones of the School Incident Commander: they show themselves to nobody who only prints or logs them."""

from shared.phones import MOST_PHONE, phone_of

# What comes of a call to a school.
OUTCOMES = {
    "no_answer": "Called, no answer",
    "message": "Left a message",
    "will_report": "Will report",
    "entered": "Report taken by telephone",
}


class Private:
    """A text that is masked wherever it is printed, formatted or logged; `reveal` gives it to the one who may see it."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return "[private]"

    def __bool__(self) -> bool:
        return bool(self._text)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Private) and self._text == other._text

    def __hash__(self) -> int:
        return hash(self._text)


def read_phone(text: str) -> tuple[Private, bool]:
    """A phone, and whether it reads as one: `213-555-0100`, `213-555-0100 x12`, `555-0187`.

    Anything else is kept as it was written, at most MOST_PHONE characters: no phone is worth more than the count it
    comes with, and a directory's `213-555-0187 / 0188` is of use to whoever calls.
    """
    plain = " ".join(text[: 4 * MOST_PHONE].split())
    phone = phone_of(text)
    return Private(phone or plain[:MOST_PHONE]), bool(phone or not plain)
