"""Uploads one file to a running system from the command line, with a progress bar and an exit code for scripts."""

import time
from pathlib import Path
from typing import Any, NamedTuple

import httpx2
from rich.console import Console
from rich.progress import Progress

from services.ingest.rules.verdicts import QUARANTINES

UPLOADS = "/ingest/api/v1/uploads"
TAKEN, REFUSED, QUARANTINED, AWAY = 0, 1, 3, 4
LOOK_EVERY_SECONDS = 0.5
SHOWN = 20


class Sent(NamedTuple):
    """The exit code and the lines to show."""

    code: int
    lines: list[str]


class UploadRequest(NamedTuple):
    """What to upload and where."""

    path: Path
    kind: str
    dry_run: bool
    term: str
    url: str
    token: str


def upload(request: UploadRequest, console: Console) -> Sent:
    """Uploads the file, waits while a long one is read, and says what happened to it."""
    headers = {"authorization": f"Bearer {request.token}", "accept": "application/json"}
    with httpx2.Client(base_url=request.url, headers=headers, timeout=300) as client, Progress(console=console) as bar:
        try:
            return said(_awaited(client, _post(client, request, bar), bar), dry_run=request.dry_run)
        except httpx2.TransportError as error:
            sentence = (
                f"{request.url} does not answer ({error}). Start the system, or name it by SES_PORT or SES_PUBLIC_URL."
            )
            return Sent(AWAY, [sentence])


def _post(client: httpx2.Client, request: UploadRequest, bar: Progress) -> httpx2.Response:
    given = {"kind": request.kind, "dry_run": str(request.dry_run).lower(), "term": request.term}
    with bar.open(request.path, "rb", description="Sending") as file:
        return client.post(UPLOADS, params=given, files={"file": (request.path.name, file)})


def _awaited(client: httpx2.Client, answer: httpx2.Response, bar: Progress) -> httpx2.Response:
    """The answer once a long file has been read."""
    reading = None
    while answer.status_code == 202 or (answer.is_success and answer.json()["state"] == "reading"):
        reading = bar.add_task("Reading", total=None) if reading is None else reading
        time.sleep(LOOK_EVERY_SECONDS)
        place = answer.headers.get("location", answer.request.url.path)
        answer = client.get(place)
        if answer.is_success:
            bar.update(reading, description=f"Reading, {answer.json()['rows_read']} rows so far")
    return answer


def said(answer: httpx2.Response, *, dry_run: bool = False) -> Sent:
    """What an answer means for a person and for a script; a dry run ends as the upload itself would."""
    body = answer.json()
    if not answer.is_success:
        code = QUARANTINED if body.get("code") == "quarantined" else REFUSED
        return Sent(code, [str(body.get("detail", answer.text)), *_places(body)])
    state = {"quarantined": QUARANTINED, "refused": REFUSED}.get(body["state"], TAKEN)
    doubts = [QUARANTINES[reason] for reason in body["reasons"]] if dry_run else []
    if doubts and state == TAKEN:
        state = QUARANTINED
    counts = ", ".join(f"{count} {name}" for name, count in sorted(_counts(body, dry_run).items()))
    found = [f"{group['count']} x {group['outcome']}: {group['message']}" for group in body["found"][:SHOWN]]
    places = _places(body) if state != TAKEN or body["counts"].get("rejected") else []
    return Sent(
        state, [f"{body['file_name']}: {_became(answer, body, dry_run, doubts)}. {counts}.", *doubts, *found, *places]
    )


def _counts(body: dict[str, Any], dry_run: bool) -> dict[str, int]:
    """How many rows; what a dry run of an extraction would change is sentence by its difference, for it changed nothing."""
    if not (dry_run and "changed" in body["counts"]):
        return dict(body["counts"])
    groups = [group for on in body["difference"].values() for group in on.values()]
    return {**body["counts"], "changed": sum(group["new"] + group["changed"] for group in groups)}


def _became(answer: httpx2.Response, body: dict[str, Any], dry_run: bool, doubts: list[str]) -> str:
    """What happened to the file, or would have."""
    if dry_run and body["state"] != "refused":
        return "dry run, nothing is stored; it would be " + ("quarantined" if doubts else "published")
    known = answer.status_code == 200 and answer.request.method == "POST"
    return f"uploaded before, nothing was changed; it is {body['state']}" if known else str(body["state"])


def _places(body: dict[str, Any]) -> list[str]:
    lines = []
    for problem in body.get("problems", [])[:SHOWN]:
        where = [
            problem.get("sheet", ""),
            f"row {problem['row']}" if problem.get("row") else "",
            problem.get("column", ""),
        ]
        lines.append(": ".join(part for part in (", ".join(filter(None, where)), str(problem["message"])) if part))
    return lines
