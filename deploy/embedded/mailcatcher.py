"""Catches every mail that the services send and shows it on a page: `python -m deploy.embedded.mailcatcher`."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import uvicorn
from aiosmtpd.smtp import SMTP, Envelope, Session
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from deploy.embedded.mails import Mail, Mailbox, attachments, part_text
from shared.settings import settings

HERE = Path(__file__).parent
SIZE_LIMIT = 32 * 1024 * 1024
PAGE = 100
_pages = Environment(
    loader=FileSystemLoader(HERE / "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
)
_OWN = "default-src 'none'; style-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'"
_SANDBOX = "allow-popups allow-popups-to-escape-sandbox"  # a link of the mail opens in a window of its own
_FOREIGN = f"sandbox {_SANDBOX}; default-src 'none'; style-src 'unsafe-inline'; img-src data:"
_HEADERS = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cache-Control": "no-store"}


class Catcher:
    """The SMTP side: accepts whatever comes and keeps it."""

    def __init__(self, mailbox: Mailbox) -> None:
        self._mailbox = mailbox

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:
        content = envelope.content
        assert isinstance(content, bytes)
        mail = self._mailbox.keep(list(envelope.rcpt_tos), content)
        return f"250 caught as {mail.id}"


def page(template: str, **values: Any) -> HTMLResponse:
    text = _pages.get_template(template).render(**values)
    return HTMLResponse(text, headers={**_HEADERS, "Content-Security-Policy": f"{_OWN}; frame-ancestors 'none'"})


def mailbox_of(request: Request) -> Mailbox:
    mailbox: Mailbox = request.app.state.mailbox
    return mailbox


def mail_of(request: Request) -> Mail:
    mail = mailbox_of(request).get(request.path_params["mail_id"])
    if mail is None:
        raise HTTPException(404, "There is no such mail here; it may be one of the oldest, which are dropped.")
    return mail


async def mails(request: Request) -> Response:
    query = request.query_params.get("q", "")
    number = request.query_params.get("page", "1")
    first = (max(1, int(number) if number.isdecimal() else 1) - 1) * PAGE
    found = mailbox_of(request).found(query)
    shown = found[first : first + PAGE]
    more = quote(query, safe="")
    return page(
        "mails.html", mails=shown, found=len(found), all=len(mailbox_of(request)), q=query, first=first,
        newer=f"/?q={more}&page={first // PAGE}" if first else "",
        older=f"/?q={more}&page={first // PAGE + 2}" if first + PAGE < len(found) else "",
    )  # fmt: skip


async def mails_json(request: Request) -> Response:
    found = mailbox_of(request).found(request.query_params.get("q", ""))
    shown = ("id", "to", "sender", "subject", "size")
    return JSONResponse(
        [{"at": mail.at.isoformat(), **{name: getattr(mail, name) for name in shown}} for mail in found[:PAGE]]
    )


async def mail(request: Request) -> Response:
    one = mail_of(request)
    message = mailbox_of(request).message(one)
    return page(
        "mail.html", mail=one, headers=list(message.items()), text=part_text(message, "plain"),
        html=part_text(message, "html") is not None, files=attachments(message), sandbox=_SANDBOX,
    )  # fmt: skip


async def mail_html(request: Request) -> Response:
    html = part_text(mailbox_of(request).message(mail_of(request)), "html") or ""
    headers = {**_HEADERS, "Content-Security-Policy": f"{_FOREIGN}; frame-ancestors 'self'"}
    return HTMLResponse(f'<base target="_blank">{html}', headers=headers)


async def mail_source(request: Request) -> Response:
    return _download(f"{mail_of(request).id}.eml", "message/rfc822", mailbox_of(request).source(mail_of(request)))


async def mail_attachment(request: Request) -> Response:
    files = attachments(mailbox_of(request).message(mail_of(request)))
    number = request.path_params["number"]
    if not 1 <= number <= len(files):
        raise HTTPException(404, "This mail has no such attachment.")
    return _download(*files[number - 1])


def _download(name: str, kind: str, content: bytes) -> Response:
    disposition = f"attachment; filename*=UTF-8''{quote(name, safe='')}"
    return Response(content, media_type=kind, headers={**_HEADERS, "Content-Disposition": disposition})


async def healthz(_request: Request) -> Response:
    return PlainTextResponse("ok")


def catcher_app(folder: Path, smtp_url: str) -> Starlette:
    """The page over the mails in `folder`; while it runs, it listens for SMTP at `smtp_url`."""
    where = urlsplit(smtp_url)

    @asynccontextmanager
    async def listening(app: Starlette) -> AsyncIterator[None]:
        mailbox = app.state.mailbox = Mailbox(folder)
        smtp = partial(SMTP, Catcher(mailbox), data_size_limit=SIZE_LIMIT, hostname="localhost")
        server = await asyncio.get_running_loop().create_server(smtp, where.hostname or "127.0.0.1", where.port or 25)
        async with server:
            yield

    routes = [
        Route("/", mails),
        Route("/mails.json", mails_json),
        Route("/mails/{mail_id}", mail),
        Route("/mails/{mail_id}/html", mail_html),
        Route("/mails/{mail_id}/source", mail_source),
        Route("/mails/{mail_id}/attachments/{number:int}", mail_attachment),
        Route("/healthz", healthz),
        Mount("/static", StaticFiles(directory=HERE / "static")),
    ]
    hosts = Middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost", "[::1]"])
    return Starlette(routes=routes, middleware=[hosts], lifespan=listening)


def main() -> None:
    current = settings()
    app = catcher_app(Path(current.data) / "mails", current.smtp_url)
    uvicorn.run(app, host="127.0.0.1", port=current.mail_port, log_level="warning", server_header=False)


if __name__ == "__main__":
    main()
