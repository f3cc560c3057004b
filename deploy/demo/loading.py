"""Loads the written files into a running system through its front door, one upload after the other."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2

from deploy.demo.files import Written

UPLOADS = "/ingest/api/v1/uploads"
KNOWN, DONE, ON_ITS_WAY = 200, 201, 202
LOOK_EVERY_SECONDS = 0.25
# An extraction has arrived when its mails are planned; other kinds when the upload itself is done.
LAST_STATION = {"participation": "digests_planned"}
UNFINISHED = ("received", "reading", "queued", "running")
Say = Callable[[str], None]


class LoadFailed(Exception):
    """A demo file was not taken; the text says which one and what the system answered."""


def load(public_url: str, token: str, folder: Path, written: Written, say: Say, travel_seconds: float = 60) -> int:
    """Uploads what the system does not know yet and waits until each has travelled; answers how many were new.

    An upload that takes longer than `travel_seconds` is named and left to arrive later. Raises LoadFailed.
    """
    new = 0
    headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
    with httpx2.Client(base_url=public_url, headers=headers, timeout=120) as client:
        for number, (kind, name) in enumerate(written.uploads, start=1):
            outcome = _upload(client, kind, folder / name, travel_seconds)
            new += outcome != "known already"
            say(f"[{number}/{len(written.uploads)}] {name}: {outcome}")
    return new


def _upload(client: httpx2.Client, kind: str, path: Path, travel_seconds: float) -> str:
    try:
        with path.open("rb") as file:
            answer = client.post(UPLOADS, params={"kind": kind}, files={"file": (path.name, file)})
    except httpx2.TransportError as error:
        raise LoadFailed(f"{path.name}: no answer from {client.base_url} ({error}). Is the system running?") from error
    if answer.status_code == KNOWN:
        return "known already"
    if answer.status_code not in (DONE, ON_ITS_WAY):
        raise LoadFailed(f"{path.name}: the system answered {answer.status_code}: {answer.text[:500]}")
    return _await_arrival(client, _place(answer), LAST_STATION.get(kind), travel_seconds)


def _place(answer: httpx2.Response) -> str:
    where: str = answer.headers.get("location") or f"{UPLOADS}/{answer.json()['upload_id']}"
    return where


def _await_arrival(client: httpx2.Client, where: str, station: str | None, travel_seconds: float) -> str:
    began = time.monotonic()
    while (passed := time.monotonic() - began) < travel_seconds:
        if _arrived(client.get(where).raise_for_status().json(), station):
            return f"loaded in {passed:.1f} s"
        time.sleep(LOOK_EVERY_SECONDS)
    return f"taken, still on its way after {travel_seconds:.0f} s"


def _arrived(upload: dict[str, Any], station: str | None) -> bool:
    if upload["state"] in UNFINISHED:
        return False
    return station is None or any(stop["station"] == station for stop in upload["travel"])
