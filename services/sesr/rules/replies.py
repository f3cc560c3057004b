"""A strike report as somebody writes it in a mail: `120 present, 2 volunteers, media yes`; read strictly or not at all."""

import re
from typing import NamedTuple

EXAMPLE = "120 present, 4 volunteers, media yes"
NOT_BY_CLASS = "{} staff in all, written without their classes; the board counts staff by class."
_COUNTS = {
    "present": "students_present",
    "student": "students_present",
    "students": "students_present",
    "students present": "students_present",
    "walkout": "walkout",
    "in walkout": "walkout",
    "in a walkout": "walkout",
    "classroom support": "classified_classroom",
    "classified classroom": "classified_classroom",
    "other classified": "classified_other",
    "classified other": "classified_other",
    "administrators": "certificated_admin",
    "administrator": "certificated_admin",
    "other certificated": "certificated_other",
    "certificated other": "certificated_other",
    "substitutes": "substitutes",
    "substitute": "substitutes",
    "deployed": "deployed",
    "volunteers": "volunteers",
    "volunteer": "volunteers",
    "staff": "staff",
    "staff present": "staff",
}
_FLAGS = {
    "media": "media",
    "media on site": "media",
    "outside group": "outside_group",
    "group outside": "outside_group",
}
_ANSWERS = {"yes": True, "no": False}
_NUMBER = re.compile(r"[0-9]{1,6}")
_SCHOOL = re.compile(r"([0-9][0-9A-Za-z-]{2,39})\s*:\s*(.*)", re.DOTALL)


class UnreadReply(ValueError):
    """A text that is no report; the words say which part was not read."""


class ParsedReply(NamedTuple):
    """What was written: the school's code or nothing, counts by name, flags, staff that was given in one number."""

    school: str
    counts: dict[str, str]
    flags: dict[str, bool]
    staff: str
    is_zero_meant: bool


def parse_reply(text: str) -> ParsedReply:
    """The report in the first lines of a text, up to the first blank one. Raises UnreadReply: nothing is half read."""
    school, words = "", _first_lines(text)
    if found := _SCHOOL.fullmatch(words):
        school, words = found[1], found[2]
    counts: dict[str, str] = {}
    flags: dict[str, bool] = {}
    is_zero_meant = False
    for part in filter(None, (each.strip(" .").lower() for each in re.split(r"[,;\n]", words))):
        plain = part.removesuffix(" confirmed")
        is_zero_meant |= plain != part
        name, value = _read(plain, part)
        if name in counts or name in flags:
            raise UnreadReply(f"“{part[:40]}” was written twice")
        if isinstance(value, bool):
            flags[name] = value
        else:
            counts[name] = value
    if "students_present" not in counts:
        raise UnreadReply("the number of students present is missing")
    return ParsedReply(school, counts, flags, counts.pop("staff", ""), is_zero_meant)


def _read(plain: str, part: str) -> tuple[str, str | bool]:
    first, *rest = words = plain.replace(":", " ").replace("=", " ").split() or [""]
    *before, last = words
    name = " ".join(before)
    if last in _ANSWERS and name in _FLAGS:
        return _FLAGS[name], _ANSWERS[last]
    number, name = (first, " ".join(rest)) if _NUMBER.fullmatch(first) else (last, name)
    if _NUMBER.fullmatch(number) and name in _COUNTS:
        return _COUNTS[name], number
    raise UnreadReply(f"“{part[:40]}” could not be read")


def _first_lines(text: str) -> str:
    """The first lines that are somebody's own: what is quoted below, and a signature, comes after a blank line."""
    lines: list[str] = []
    for line in text.splitlines():
        own = line.strip().replace("\u00a0", " ")
        if own.startswith(">") or (not own and lines):
            break
        lines += [own] if own else []
    return "\n".join(lines)
