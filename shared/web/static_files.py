"""The files of the look, and those of each service, under an address that names their content, so that browsers keep them forever."""

import gzip
import hashlib
from functools import lru_cache
from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

ROOT: Final = Path(__file__).parent.parent.parent
FOLDER: Final = Path(__file__).parent / "static"
# The look's own files, and what is in the folder `static` of a service; a name is given once.
FOLDERS: Final = (FOLDER, *sorted(ROOT.glob("services/*/static")))
FOREVER: Final = "public, max-age=31536000, immutable"
TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".json": "application/json",
    ".webmanifest": "application/manifest+json",
    ".txt": "text/plain; charset=utf-8",
}


def _read() -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    for folder in FOLDERS:
        for path in sorted(path for path in folder.rglob("*") if path.suffix in TYPES):
            name = path.relative_to(folder).as_posix()
            if name in files:
                raise ValueError(f"{path}: another folder has a file of this name; give it another")
            files[name] = path.read_bytes()
    return files


def _digest(files: dict[str, bytes]) -> str:
    whole = hashlib.sha256()
    for name, content in files.items():
        whole.update(f"{name}\0{len(content)}\0".encode())
        whole.update(content)
    return whole.hexdigest()[:12]


FILES: Final = _read()
DIGEST: Final = _digest(FILES)


def static_url(path: str) -> str:
    """`/static/<digest>/<path>`; KeyError for a file that does not exist, so that a typo fails in a test."""
    if path not in FILES:
        raise KeyError(f"the look has no {path}, and no service has one")
    return f"/static/{DIGEST}/{path}"


@lru_cache
def _compressed(path: str) -> bytes:
    return gzip.compress(FILES[path], mtime=0)


def serve(request: Request) -> Response:
    """One file as long as the digest is today's; anything else is 404 (only names read at import exist)."""
    path = request.path_params["path"]
    if request.path_params["digest"] != DIGEST or path not in FILES:
        return Response("Not found", status_code=404, media_type="text/plain", headers={"Cache-Control": "no-store"})
    headers = {"Cache-Control": FOREVER, "Vary": "Accept-Encoding", "X-Content-Type-Options": "nosniff"}
    headers["Content-Type"] = TYPES[Path(path).suffix]
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(_compressed(path), headers=headers | {"Content-Encoding": "gzip"})
    return Response(FILES[path], headers=headers)


route: Final = Route("/static/{digest}/{path:path}", serve, methods=["GET"], name="static")
