"""The contract of the settings page and the checklists: what a service offers to be set, and what is still to be done.

A service gives two functions to `explained_routes`; the pages that put the parts together know no service (parts.py).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from sqlmodel import Session

from shared.access import Who
from shared.names import name_key
from shared.web.pages import page
from shared.web.requests import Db, allow

Checklist = Literal["term", "start"]
# done, open, or cannot be known: where the service's own data do not tell.
State = Literal["done", "open", "unknown"]


@dataclass(frozen=True)
class SettingLine:
    """One setting: what it does, its value now and its default, both as people read them.

    It is changed at `link`, the address of its control, or by the SES_* `variable` that operations set.
    """

    name: str
    what: str
    value: str
    default: str = ""
    link: str = ""
    variable: str = ""


@dataclass(frozen=True)
class CheckItem:
    """One thing to do before a term or on the first day; `sentence` says why, and what is known of it."""

    title: str
    state: State
    sentence: str
    link: str


Lines = Callable[[Session, Who], Sequence[SettingLine]]
Checks = Callable[[Session, Who, Checklist], Sequence[CheckItem]]
Wording = Annotated[str, Query(max_length=200)]


def explained_routes(service: str, label: str, lines: Lines, checks: Checks) -> APIRouter:
    """`/<service>/cards/settings?q=` and `/<service>/cards/checklist/<which>` for the person who asks.

    Both functions answer only what the person may see. Values are never secrets.
    """
    router = APIRouter(prefix=f"/{service}/cards", include_in_schema=False)

    @router.get("/settings")
    def setting_lines(
        request: Request, session: Db, who: Annotated[Who, allow("home.see")], q: Wording = ""
    ) -> Response:
        found = [line for line in lines(session, who) if is_found(line, q)]
        template = "_setting_lines.html" if "hx-request" in request.headers else "setting_lines.html"
        return page(request, template, label=label, lines=found, q=q)

    @router.get("/checklist/{which}")
    def check_items(
        request: Request, session: Db, who: Annotated[Who, allow("uploads.see")], which: Checklist
    ) -> Response:
        template = "_check_items.html" if "hx-request" in request.headers else "check_items.html"
        return page(request, template, label=label, items=checks(session, who, which), which=which)

    return router


def is_found(line: SettingLine, q: str) -> bool:
    """Whether every word of a search is in what is shown of a setting, whatever its case and accents."""
    shown = name_key(" ".join((line.name, line.what, line.value, line.default, line.variable)))
    return all(word in shown for word in name_key(q).split())
