"""Phone numbers: one reading for the directory, the strike form and the chase list."""

MOST_PHONE = 60
_SIGNS = frozenset("0123456789 ()-.+/")


def phone_of(text: str) -> str:
    """A phone in one form, such as `213-555-0100`, `213-555-0100 x12`, `555-0187`; empty where the text is none."""
    plain = " ".join(text[: 4 * MOST_PHONE].split())
    main, extension = _without_extension(plain)
    digits = "".join(sign for sign in main if sign.isdigit() and sign.isascii())
    if len(digits) == 11 and digits.startswith("1"):
        digits = digits[1:]
    if len(digits) not in (7, 10) or len(plain) > MOST_PHONE or not set(main) <= _SIGNS:
        return ""
    area = (digits[:-7],) if len(digits) == 10 else ()
    number = "-".join([*area, digits[-7:-4], digits[-4:]])
    return f"{number} x{extension}" if extension else number


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
