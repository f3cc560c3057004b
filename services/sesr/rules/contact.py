"""Names and phones of the School Incident Commander: they show themselves to nobody who only prints or logs them."""

import re

LONGEST = 40
_DIGITS = re.compile(r"\D+")
_EXTENSION = re.compile(rf"\A(.{{0,{LONGEST}}}?)\s{{0,9}}(?:x|ext\.?)\s{{0,9}}(\d{{1,6}})$", re.IGNORECASE)


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


def read_phone(text: str) -> Private:
    """A phone as `213-555-0100` or `213-555-0100 x12`; empty stays empty. ValueError says what is wrong."""
    plain = text.strip()
    if len(plain) > LONGEST:
        raise ValueError("Enter a phone number with area code, such as 213-555-0100")
    found = _EXTENSION.match(plain)
    main, extension = (found[1], f" x{found[2]}") if found else (plain, "")
    digits = _DIGITS.sub("", main)
    if not plain:
        return Private("")
    if len(digits) == 11 and digits.startswith("1"):
        digits = digits[1:]
    if len(digits) != 10 or len(plain) > 40:
        raise ValueError("Enter a phone number with area code, such as 213-555-0100")
    return Private(f"{digits[:3]}-{digits[3:6]}-{digits[6:]}{extension}")
