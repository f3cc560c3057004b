"""The service worker of the strike form, at an address whose scope is all of sesr."""

from fastapi import APIRouter
from fastapi.responses import Response

from shared.web import allow
from shared.web.static_files import FILES

router = APIRouter(prefix="/sesr", include_in_schema=False)


@router.get("/sw.js", dependencies=[allow("sesr.see")])
def service_worker() -> Response:
    headers = {"service-worker-allowed": "/sesr/"}
    return Response(FILES["sesr-sw.js"], media_type="text/javascript; charset=utf-8", headers=headers)
