"""One rendering for every refusal and failure: a page for people, problem+json for programs."""

import errno
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

import psycopg
import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from sqlalchemy.exc import DataError, DBAPIError, OperationalError, StatementError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException

from shared.errors import Invalid, NotSignedIn, Refused, TooMany, first_of
from shared.waits import cannot_write
from shared.web.pages import page, redirect

log = structlog.get_logger()

_SENTENCES = {
    404: "There is nothing at this address. Check it, or start from the home page.",
    405: "This address does not take that kind of request.",
    408: "The request was cut off. Check your connection and send it again.",
    413: "What was sent is larger than allowed here. Send it in parts, or as a file.",
    414: "The address is longer than allowed here. Start from the home page and filter by less.",
}


# Where the entrance asks on behalf of a page, the sign-in leads to that page.
_INSTEAD = {"/ops/flower-auth": "/ops/flower/"}


def wants_page(request: Request) -> bool:
    """Whether the answer is read by a person: not an API path, and HTML is accepted."""
    return "/api/" not in request.url.path and "text/html" in request.headers.get("accept", "")


def answer(request: Request, refused: Refused) -> Response:
    """The refusal as a page or as problem+json."""
    # A part of a page that htmx asks for is not answered by the sign-in page, which would land inside the page.
    whole = wants_page(request) and "hx-request" not in request.headers
    if isinstance(refused, NotSignedIn) and whole and request.method in ("GET", "HEAD"):
        path = _INSTEAD.get(request.url.path, request.url.path)
        here = path + (f"?{request.url.query}" if request.url.query else "")
        return redirect(_sign_in(here))
    title = HTTPStatus(refused.status).phrase
    response: Response
    if wants_page(request):
        response = page(
            request,
            "error.html",
            refused.status,
            code=refused.code,
            title=title,
            sentence=refused.sentence,
            problems=refused.problems,
            typed=getattr(request.state, "typed", ()),
            sign_in=_sign_in(_came_from(request)) if isinstance(refused, NotSignedIn) else "",
        )
    else:
        response = JSONResponse(
            _problem(request, refused, title), refused.status, media_type="application/problem+json"
        )
    if isinstance(refused, TooMany):
        response.headers["retry-after"] = str(refused.retry_after)
    if refused.status == 401:
        response.headers["www-authenticate"] = "Bearer"
    if refused.status == 503:
        response.headers["retry-after"] = "5"
    return response


def _sign_in(then: str) -> str:
    return f"/sign-in?next={quote(then, safe='')}"


def _came_from(request: Request) -> str:
    """The page of this site whose form was sent; the home page where the browser does not say."""
    page_before = urlsplit(request.headers.get("referer", ""))
    if page_before.netloc != request.headers.get("host"):
        return "/"
    return urlunsplit(("", "", page_before.path or "/", page_before.query, ""))


def _problem(request: Request, refused: Refused, title: str) -> dict[str, Any]:
    return {
        "type": "about:blank",
        "title": title,
        "status": refused.status,
        "code": refused.code,
        "detail": refused.sentence,
        "problems": refused.problems,
        "request_id": getattr(request.state, "request_id", ""),
    }


class _Plain(Refused):
    def __init__(self, status: int, code: str, sentence: str) -> None:
        super().__init__(sentence, code=code)
        self.status = status


def _on_refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refused)
    return answer(request, error)


def on_http(request: Request, error: Exception) -> Response:
    """What the framework refuses (no such address, no such method, too large), answered like any other refusal."""
    assert isinstance(error, HTTPException)
    if is_disk_full(error):
        return _on_disk_full(request, error)
    phrase = HTTPStatus(error.status_code).phrase
    refusal = _Plain(
        error.status_code,
        phrase.lower().replace(" ", "_").replace("-", "_"),
        _SENTENCES.get(error.status_code, str(error.detail)),
    )
    return answer(request, refusal)


def _on_invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    problems = (
        {"code": "invalid_field", "field": ".".join(map(str, found["loc"][1:])), "message": found["msg"]}
        for found in error.errors()
    )
    sentence = "Some of what was sent is missing or could not be read."
    return answer(request, Invalid(sentence, problems=first_of(problems)))


def _on_value(request: Request, error: Exception) -> Response:
    """PostgreSQL cannot hold a value that was sent: a number out of range, or a character that is not text."""
    return answer(request, Invalid("A number is out of range, or a text has a character that cannot be kept."))


def _on_statement(request: Request, error: Exception) -> Response:
    """A value that could not even be sent to PostgreSQL, such as a moment without its zone."""
    if isinstance(error, StatementError) and not isinstance(error, DBAPIError):
        return _on_value(request, error)
    return on_failure(request, error)


def _on_database_away(request: Request, error: Exception) -> Response:
    if is_disk_full(error):
        return _on_disk_full(request, error)
    log.error("database away", reason=str(error)[:300])
    return answer(request, _Plain(503, "unavailable", "The system cannot save right now. Try again in a few seconds."))


def is_disk_full(error: BaseException | None) -> bool:
    """Whether a disk without room is what an error came from: PostgreSQL's, or the one that uploads pass through."""
    while error is not None:
        no_room = isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)
        if no_room or isinstance(error, psycopg.errors.DiskFull):
            return True
        error = error.__cause__ or error.__context__
    return False


def _on_disk_full(request: Request, error: Exception) -> Response:
    log.error("disk full", reason=str(error)[:300])
    return answer(
        request, _Plain(503, "disk_full", "The system has no space left to save. Nothing was saved. Try again later.")
    )


def on_failure(request: Request, error: Exception) -> Response:
    """A failure of ours: answered without its reason, which is in the log under the request's id."""
    if is_disk_full(error):
        return _on_disk_full(request, error)
    if isinstance(error, DBAPIError) and (error.connection_invalidated or cannot_write(error.orig)):
        return _on_database_away(request, error)
    log.error("request failed", exc_info=error)
    sentence = "Something went wrong here. Nothing was saved. Try again; if it keeps happening, give the support team the number below."
    return answer(request, _Plain(500, "failed", sentence))


def install_errors(app: FastAPI) -> None:
    """Makes the app render every refusal and failure by `answer`."""
    app.add_exception_handler(Refused, _on_refused)
    app.add_exception_handler(HTTPException, on_http)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(DataError, _on_value)
    app.add_exception_handler(StatementError, _on_statement)
    app.add_exception_handler(psycopg.DataError, _on_value)
    app.add_exception_handler(UnicodeEncodeError, _on_value)
    app.add_exception_handler(OperationalError, _on_database_away)
    app.add_exception_handler(PoolTimeout, _on_database_away)
    app.add_exception_handler(psycopg.OperationalError, _on_database_away)
    app.add_exception_handler(psycopg.errors.ReadOnlySqlTransaction, _on_database_away)
    app.add_exception_handler(OSError, on_failure)
    app.add_exception_handler(Exception, on_failure)
