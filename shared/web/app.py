"""Makes the FastAPI app of a service."""

import gc
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from importlib import import_module
from pkgutil import walk_packages
from types import ModuleType
from typing import Annotated, Any
from urllib.parse import urlsplit

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.openapi.utils import get_openapi
from sqlalchemy import text
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.routing import BaseRoute

from shared.access import Who
from shared.access.policy import may
from shared.errors import NotAllowed
from shared.ops.metrics import exposition, queue_state
from shared.settings import settings
from shared.web.audit import audit_routes
from shared.web.bodies import BodyLimit
from shared.web.compression import Compression
from shared.web.errors import install_errors
from shared.web.middleware import Surroundings
from shared.web.ops import desk_routes
from shared.web.pages import page
from shared.web.requests import READ, Db, allow, public, write_guard

BODY_LIMIT = 8 * 1024 * 1024


@asynccontextmanager
async def _quiet_memory(_app: FastAPI) -> AsyncIterator[None]:
    """Keeps the garbage collector from walking the loaded code at every request."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 50, 50)
    yield


def allowed_hosts() -> list[str]:
    """The Host headers that are answered: the public one, those of the setting, and the loopback."""
    named = [host.strip() for host in settings().allowed_hosts.split(",") if host.strip()]
    return [urlsplit(settings().public_url).hostname or "localhost", "127.0.0.1", "localhost", *named]


def routers_of(package: ModuleType) -> list[APIRouter]:
    """The `router` of every module of a package of pages or of an API, by its name: a new page is a file."""
    modules = [import_module(found.name) for found in walk_packages(package.__path__, f"{package.__name__}.")]
    return [module.router for module in modules if hasattr(module, "router")]


def service_app(
    service: str, routers: Sequence[APIRouter], *, routes: Sequence[BaseRoute] = (), body_limit: int = BODY_LIMIT
) -> FastAPI:
    """The app of one service, answering under `/<service>/`; `body_limit` in bytes."""
    app = FastAPI(
        title=f"SES {service}",
        version="1",
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        dependencies=[write_guard],
        lifespan=_quiet_memory,
    )
    app.state.service = service
    app.add_middleware(Compression)
    app.add_middleware(BodyLimit, limit=body_limit, service=service)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=allowed_hosts())
    app.add_middleware(Surroundings, service=service)
    install_errors(app)
    platform = (_about(service), audit_routes(service), desk_routes(service), health_routes(service, f"/{service}"))
    for router in (*routers, *platform):
        app.include_router(router)
    app.router.routes.extend(routes)
    return app


def _about(service: str) -> APIRouter:
    """Metrics and the description of the API."""
    router = APIRouter(prefix=f"/{service}", include_in_schema=False)

    @router.get("/metrics")
    def metrics(request: Request, who: Annotated[Who | None, public]) -> Response:
        if not (_is_direct_loopback(request) or (who is not None and may(who.role, "ops.see"))):
            raise NotAllowed("Metrics are for operations, or for a scraper on this machine.")
        return Response(exposition(service), media_type="text/plain; version=0.0.4")

    @router.get("/openapi.json", dependencies=[allow("docs.see")])
    def openapi(request: Request) -> dict[str, Any]:
        return get_openapi(title=f"SES {service}", version="1", routes=request.app.routes)

    @router.get("/docs", dependencies=[allow("docs.see")])
    def docs(request: Request) -> Response:
        described = get_openapi(title=f"SES {service}", version="1", routes=request.app.routes)
        return page(request, "api_docs.html", described=described, service=service)

    return router


def health_routes(service: str, prefix: str = "") -> APIRouter:
    """`healthz` (the process lives) and `readyz` (it reaches its database) under a prefix.

    The queue figures are shown only under the service's own prefix, which the entrance keeps from the outside.
    """
    router = APIRouter(prefix=prefix, include_in_schema=False)

    @router.api_route("/healthz", methods=READ, dependencies=[public])
    def healthz() -> dict[str, str]:
        return {"service": service, "status": "alive"}

    @router.api_route("/readyz", methods=READ, dependencies=[public])
    def readyz(session: Db) -> dict[str, Any]:
        session.execute(text("select 1"))
        return {"service": service, "status": "ready", **(queue_state(service) if prefix else {})}

    return router


def _is_direct_loopback(request: Request) -> bool:
    forwarded = "x-forwarded-for" in request.headers
    return not forwarded and request.client is not None and request.client.host in ("127.0.0.1", "::1")
