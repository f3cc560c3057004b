"""Each service's part of the operator's desk: its state, its parked events, one event's way; as page and API."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Form, Query, Request, Response

from shared.access import Who
from shared.delivery.parking import discard, parked, parked_topics, replay, replay_all, way
from shared.ops.state import desk
from shared.settings import settings
from shared.web.pages import page, redirect
from shared.web.requests import Db, allow

PAGE = 50
Reason = Annotated[str, Form(max_length=500)]
Topic = Annotated[str, Form(max_length=100)]
See = Annotated[Who, allow("ops.see")]
Write = Annotated[Who, allow("ops.write")]


def desk_routes(service: str) -> APIRouter:
    """`/<service>/ops` and below it."""
    router = APIRouter(prefix=f"/{service}")
    _add_pages(router, service)
    _add_forms(router, service)
    _add_api(router, service)
    return router


def _add_pages(router: APIRouter, service: str) -> None:
    @router.get("/ops", include_in_schema=False)
    def service_ops(request: Request, session: Db, who: See, cursor: UUID | None = None) -> Response:
        rows = parked(session, PAGE + 1, cursor)
        more = rows[PAGE - 1]["event_id"] if len(rows) > PAGE else None
        topics = parked_topics(session)
        shown = desk(session, service)
        return page(request, "service_ops.html", desk=shown, rows=rows[:PAGE], more=more, topics=topics)

    @router.get("/ops/state", include_in_schema=False)
    def ops_state(request: Request, session: Db, who: See) -> Response:
        return page(request, "_desk.html", desk=desk(session, service))

    @router.get("/ops/events/{event_id}", include_in_schema=False)
    def ops_event(request: Request, session: Db, who: See, event_id: UUID) -> Response:
        whole = "hx-request" not in request.headers
        template = "event_way.html" if whole else "_event_way.html"
        return page(
            request,
            template,
            service=service,
            event_id=event_id,
            flower=settings().flower_url,
            steps=way(session, event_id),
        )


def _add_forms(router: APIRouter, service: str) -> None:
    @router.post("/ops/events/{event_id}/replay", include_in_schema=False)
    def ops_replay(session: Db, who: Write, event_id: UUID) -> Response:
        replay(session, service, who.actor, event_id)
        return redirect(f"/{service}/ops")

    @router.post("/ops/replay", include_in_schema=False)
    def ops_replay_all(session: Db, who: Write, topic: Topic) -> Response:
        replay_all(session, service, who.actor, topic.replace("\0", ""))
        return redirect(f"/{service}/ops")

    @router.post("/ops/events/{event_id}/discard", include_in_schema=False)
    def ops_discard(session: Db, who: Write, event_id: UUID, reason: Reason = "") -> Response:
        discard(session, who.actor, event_id, reason.replace("\0", ""))
        return redirect(f"/{service}/ops")


def _add_api(router: APIRouter, service: str) -> None:
    @router.get("/api/v1/events/parked", tags=["operations"])
    def get_parked(
        session: Db, who: See, limit: Annotated[int, Query(ge=1, le=500)] = PAGE, cursor: UUID | None = None
    ) -> dict[str, Any]:
        """Events set aside after their attempts; `cursor` is the `next` of the page before."""
        rows = parked(session, limit, cursor)
        return {"parked": rows, "next": rows[-1]["event_id"] if len(rows) == limit else None}

    @router.get("/api/v1/events/{event_id}", tags=["operations"])
    def get_event(session: Db, who: See, event_id: UUID) -> dict[str, Any]:
        """What this service knows of one event; empty where it never met it."""
        return {"service": service, "steps": way(session, event_id)}

    @router.post("/api/v1/events/{event_id}/replay", tags=["operations"])
    def post_replay(session: Db, who: Write, event_id: UUID) -> dict[str, Any]:
        """Runs a parked event again; 409 when it is not parked."""
        replay(session, service, who.actor, event_id)
        return {"event_id": event_id, "replayed": True}
