"""HTML pages: templates of the service and of the platform, with what every page shows."""

from functools import lru_cache
from pathlib import Path
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import ChoiceLoader, Environment, FileSystemLoader, StrictUndefined

from shared.access import Who, csrf_of, scope_of
from shared.access.actors import actor_words
from shared.access.policy import ROLE_WORDS
from shared.days import date_words
from shared.numbers import counted
from shared.settings import settings
from shared.web.clock import instant_words, second_words
from shared.web.navigation import navigation
from shared.web.requests import session_token
from shared.web.static_files import static_url
from shared.web.undo import drop_note, note_of

ROOT = Path(__file__).parent.parent.parent


@lru_cache
def environment(service: str) -> Environment:
    """The templates of a service, before those of the platform."""
    folders = [ROOT / "services" / service / "templates", ROOT / "shared" / "web" / "templates"]
    made = Environment(
        loader=ChoiceLoader([FileSystemLoader(folder) for folder in folders]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals["static"] = static_url
    made.globals["role_words"] = ROLE_WORDS
    made.filters["instant"] = instant_words
    made.filters["second"] = second_words
    made.filters["day"] = date_words
    made.filters["counted"] = counted
    made.filters["actor"] = actor_words
    return made


def _everywhere(request: Request) -> dict[str, Any]:
    who: Who | None = getattr(request.state, "who", None)
    token = session_token(request)
    current = settings()
    return {
        "who": who,
        "nav": navigation(who, request.url.path),
        "csrf": csrf_of(token) if token else "",
        "environment": current.environment,
        "support": {"email": current.support_email, "phone": current.support_phone},
        "request_id": getattr(request.state, "request_id", ""),
        "path": request.url.path,
        "is_without_schools": who is not None and who.role != "ops" and scope_of(who).is_empty,
        "may": lambda permission: who is not None and who.may(permission),
    }


def page(request: Request, template: str, /, status_code: int = 200, **context: Any) -> HTMLResponse:
    """The rendered page with what every page shows: who, navigation, form token, support contact."""
    made = environment(request.app.state.service).get_template(template)
    note = note_of(request) if _is_whole(request, template) else None
    answer = HTMLResponse(made.render({**_everywhere(request), "note": note, **context}), status_code)
    if note is not None:
        drop_note(answer)
    return answer


def _is_whole(request: Request, template: str) -> bool:
    """Whether a person will look at it: no part of a page, and nothing that a script fetches."""
    is_part = template.startswith("_") or "hx-request" in request.headers
    return not is_part and request.headers.get("sec-fetch-dest", "document") == "document"


def redirect(path: str) -> RedirectResponse:
    """See other: after a form was sent, so that reloading does not send it again."""
    return RedirectResponse(path, status_code=303)


def local_path(path: str | None) -> str:
    """A path on this site to return to; `/` for anything that would leave it."""
    if not path or not path.startswith("/") or path.startswith(("//", "/\\")) or any(ord(c) < 32 for c in path):
        return "/"
    return path
