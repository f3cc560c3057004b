"""What the pages share: the tabs of central staff, and forms whose fields are not known beforehand."""

from typing import Annotated, Any

from fastapi import Depends, Request
from starlette.datastructures import FormData

TABS = (
    ("/notify/", "Extractions"),
    ("/notify/unroutable", "Without a route"),
    ("/notify/mails", "Mail log"),
    ("/notify/snoozes", "Answers"),
    ("/notify/worked", "Did it work"),
    ("/notify/schools", "Schools"),
    ("/notify/directors", "Directors"),
    ("/notify/settings", "Settings"),
)

PREFERENCES = ("only_changes", "also_when_none")


def tabs_of(current: str) -> list[dict[str, Any]]:
    """The tabs, the one at the path marked."""
    return [{"href": href, "label": label, "current": href == current} for href, label in TABS]


async def _sent(request: Request) -> FormData:
    return await request.form()


SentForm = Annotated[FormData, Depends(_sent)]


def ticked_places(form: FormData) -> list[tuple[str, str | None]]:
    """The ticked `school|group` boxes of an answer; an empty group is the whole school."""
    ticked = [str(value).partition("|") for value in form.getlist("place")]
    return [(school_key, group or None) for school_key, _, group in ticked]


def read_preference(form: FormData) -> dict[str, bool]:
    """Which mails a director prefers, as the form has it."""
    return {name: form.get(name) == "1" for name in PREFERENCES}


def preference_fields(kept: object) -> list[tuple[str, str]]:
    """The fields of the form that keeps a preference as it is."""
    return [(name, "1") for name in PREFERENCES if getattr(kept, name)]


def plain_form(form: FormData) -> dict[str, str]:
    """The text fields of a sent form, trimmed."""
    return {name: value.strip() for name, value in form.items() if isinstance(value, str)}
