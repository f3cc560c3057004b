"""Names and phones of the School Incident Commander: they show themselves to nobody who only prints or logs them."""

MOST_PHONE = 60
# What comes of a call to a school.
OUTCOMES = {
    "no_answer": "Called, no answer",
    "message": "Left a message",
    "will_report": "Will report",
    "entered": "Report taken by telephone",
}
_SIGNS = frozenset("0123456789 ()-.+/")


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
    if not plain:
        return Private(""), True
    main, extension = _without_extension(plain)
    digits = "".join(sign for sign in main if sign.isdigit() and sign.isascii())
    if len(digits) == 11 and digits.startswith("1"):
        digits = digits[1:]
    if len(digits) not in (7, 10) or len(plain) > MOST_PHONE or not set(main) <= _SIGNS:
        return Private(plain[:MOST_PHONE]), False
    area = (digits[:-7],) if len(digits) == 10 else ()
    number = "-".join([*area, digits[-7:-4], digits[-4:]])
    return Private(f"{number} x{extension}" if extension else number), True


def dialable(phone: str) -> str:
    """The number to dial of a phone as it is kept: its first one, the extension after a pause; empty where there is none."""
    main, extension = _without_extension(phone)
    for part in main.replace(",", "/").replace(";", "/").split("/"):
        digits = "".join(sign for sign in part if sign.isdigit() and sign.isascii())
        if len(digits) >= 7:
            number = "-".join(filter(None, (digits[:-7], digits[-7:-4], digits[-4:])))
            return f"{number},{extension}" if extension else number
    return ""


def _without_extension(plain: str) -> tuple[str, str]:
    """The number and its extension of at most 6 digits after `x`, `ext` or `ext.`; an empty one where there is none."""
    lower = plain.lower()
    for mark in ("ext.", "ext", "x"):
        place = lower.rfind(mark)
        extension = plain[place + len(mark) :].strip() if place > 0 else ""
        if extension.isascii() and extension.isdigit() and len(extension) <= 6:
            return plain[:place].rstrip(" ,"), extension
    return plain, ""
