"""The pages of long files: what was requested, how far it is, cancel and download."""

from collections.abc import Iterator
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse

from shared.access import Who
from shared.db import transaction
from shared.errors import Conflict
from shared.jobs import queue
from shared.web.pages import page, redirect
from shared.web.requests import Db, allow


def file_routes(service: str, permission: str) -> APIRouter:
    """`/<service>/files`: a person's own files, for who holds the permission."""
    router = APIRouter(prefix=f"/{service}/files", include_in_schema=False)
    seen = allow(permission)

    @router.get("")
    def files(request: Request, session: Db, who: Annotated[Who, seen]) -> Response:
        jobs, of = queue.jobs_of(session, who)
        return page(request, "files.html", jobs=jobs, of=of, service=service, breadcrumbs=_crumbs(service, "Files"))

    @router.get("/{job_id}")
    def file(request: Request, session: Db, who: Annotated[Who, seen], job_id: UUID) -> Response:
        job = queue.job_of(session, who, job_id)
        if "text/html" not in request.headers.get("accept", ""):
            return _described(service, job)
        return page(request, "file.html", job=job, service=service, breadcrumbs=_crumbs(service, job.title))

    @router.post("/{job_id}/cancel")
    def cancel(session: Db, who: Annotated[Who, seen], job_id: UUID) -> Response:
        queue.cancel(session, who, job_id)
        return redirect(f"/{service}/files/{job_id}")

    @router.get("/{job_id}/file")
    def content(session: Db, who: Annotated[Who, seen], job_id: UUID) -> Response:
        job = queue.job_of(session, who, job_id)
        if job.state != "done":
            raise Conflict("This file is not written yet. Wait until its page says so.", code="file_not_ready")
        headers = {"content-disposition": f'attachment; filename="{job.file_name}"'}
        return StreamingResponse(_content(service, job_id), media_type=job.media_type, headers=headers)

    return router


def requested(request: Request, service: str, job_id: UUID) -> Response:
    """What a request that began a long file is answered: a browser its page, a program 202 and where to look."""
    address = f"/{service}/files/{job_id}"
    if "text/html" in request.headers.get("accept", ""):
        return redirect(address)
    return Response(status_code=202, headers={"location": address, "retry-after": "5"})


def _described(service: str, job: queue.FileJob) -> Response:
    """A job for a program, with the address of its file once that is there."""
    found: dict[str, Any] = {"job_id": str(job.job_id), "state": job.state, "done": job.done, "total": job.total}
    if job.state == "done" and job.result_path:
        found["result"] = job.result_path
    elif job.state == "done":
        found["file"] = f"/{service}/files/{job.job_id}/file"
    return JSONResponse(found)


def _content(service: str, job_id: UUID) -> Iterator[bytes]:
    """The file piece by piece, each in a transaction of its own: whoever reads slowly keeps no connection."""
    number = 0
    while True:
        with transaction(service) as session:
            content = queue.part(session, job_id, number)
        if content is None:
            return
        yield content
        number += 1


def _crumbs(service: str, label: str) -> list[dict[str, str]]:
    names = {"rates": "Response rates", "tracker": "Progress tracker", "sesr": "Strike reports", "notify": "Alerts"}
    return [{"label": names.get(service, service), "href": f"/{service}/"}, {"label": label}]
