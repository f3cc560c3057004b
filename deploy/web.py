"""Serves the web: all five apps on one origin (`python -m deploy.web`), or one of them (`python -m deploy.web rates`)."""

import contextlib
import sys
from collections.abc import AsyncIterator

import uvicorn
from starlette.applications import Starlette
from starlette.types import ASGIApp, Receive, Scope, Send

from services.ingest.app import app as ingest
from services.notify.app import app as notify
from services.rates.app import app as rates
from services.sesr.app import app as sesr
from services.tracker.app import app as tracker
from shared.ops.logs import set_up_logs, warn_of_old_python
from shared.settings import own_secrets, settings
from shared.web import watchdog

APPS = {"ingest": ingest, "rates": rates, "tracker": tracker, "sesr": sesr, "notify": notify}


class OneOrigin:
    """Hands a request to the service its path begins with, any other path to ingest, as Caddy does in compose."""

    def __init__(self) -> None:
        self.lives = Starlette(lifespan=self._lifespan)

    @contextlib.asynccontextmanager
    async def _lifespan(self, _app: Starlette) -> AsyncIterator[None]:
        async with contextlib.AsyncExitStack() as stack:
            for app in APPS.values():
                await stack.enter_async_context(app.router.lifespan_context(app))
            yield

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.lives(scope, receive, send)
            return
        first = scope["path"].split("/", 2)[1] if scope["path"].startswith("/") else ""
        app: ASGIApp = APPS.get(first, ingest)
        await app({**scope, "app": app}, receive, send)


app = OneOrigin()


def main(arguments: list[str]) -> None:
    """Serves all services, or the one that is named."""
    current = settings()
    name = arguments[0] if arguments else ""
    if name and name not in APPS:
        sys.exit(f"usage: python -m deploy.web [SERVICE]; SERVICE is one of {', '.join(APPS)}")
    current.check_secrets(*(secret for service in ([name] if name else APPS) for secret in own_secrets(service)))
    current.check_own()
    set_up_logs(f"{name} web".strip())
    warn_of_old_python()
    watchdog.start([name] if name else list(APPS))
    uvicorn.run(
        APPS[name] if name else app,
        host=current.bind,
        port=current.port,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=2,
    )


if __name__ == "__main__":
    main(sys.argv[1:])
