"""Loads the written files into a running system through its front door, one upload after the other."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2

from deploy.demo.files import Written

UPLOADS = "/ingest/api/v1/uploads"
WINDOWS = "/ingest/api/v1/windows"
KNOWN, DONE, ON_ITS_WAY, NOT_SUPPORTED = 200, 201, 202, 415
LOOK_EVERY_SECONDS = 0.25
# Mails go out at their own pace; everything before has to be done for an upload to count as arrived.
NOT_AWAITED = "Mails sent"
Say = Callable[[str], None]


class LoadFailed(Exception):
    """A demo file was not taken; the text says which one and what the system answered."""


class Door:
    """The upload door of a running system, and how long to wait behind it for an upload to travel."""

    def __init__(self, public_url: str, token: str, travel_seconds: float = 60) -> None:
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
        self.client = httpx2.Client(base_url=public_url, headers=headers, timeout=120)
        self.travel_seconds = travel_seconds

    def upload(self, kind: str, path: Path) -> str:
        """What happened to the file, in words. Raises LoadFailed."""
        answer = self._post(kind, path)
        if answer.status_code == KNOWN:
            return "known already"
        if answer.status_code == NOT_SUPPORTED and answer.json().get("code") == "kind_unknown":
            return "not loaded: this system has no page for it"
        if answer.status_code not in (DONE, ON_ITS_WAY):
            raise LoadFailed(f"{path.name}: the system answered {answer.status_code}: {answer.text[:500]}")
        return self._await_arrival(answer.headers["location"])

    def set_window(self, term: str, opens: str, closes: str) -> None:
        """Sets the survey window that the extractions belong to, unless the term has one. Raises LoadFailed."""
        try:
            if any(window["term"] == term for window in self.client.get(WINDOWS).raise_for_status().json()):
                return
            answer = self.client.put(f"{WINDOWS}/{term}", json={"opens": opens, "closes": closes})
        except httpx2.TransportError as error:
            text = f"{self.client.base_url} does not answer ({error}). Start the system and try again."
            raise LoadFailed(text) from error
        if answer.status_code not in (DONE, KNOWN):
            raise LoadFailed(f"survey window {term}: the system answered {answer.status_code}: {answer.text[:500]}")

    def _post(self, kind: str, path: Path) -> httpx2.Response:
        try:
            with path.open("rb") as file:
                return self.client.post(UPLOADS, params={"kind": kind}, files={"file": (path.name, file)})
        except httpx2.TransportError as error:
            text = f"{path.name}: {self.client.base_url} does not answer ({error}). Start the system and try again."
            raise LoadFailed(text) from error

    def _await_arrival(self, where: str) -> str:
        """Waits until the upload has arrived; the first one that is late ends the waiting for those after it."""
        began = time.monotonic()
        while (passed := time.monotonic() - began) < self.travel_seconds:
            if _arrived(self.client.get(where).raise_for_status().json()):
                return f"loaded in {passed:.1f} s"
            time.sleep(LOOK_EVERY_SECONDS)
        self.travel_seconds = 0
        return "accepted, still being processed"


def load(door: Door, folder: Path, written: Written, say: Say) -> None:
    """Uploads all files in their order; those that the system knows change nothing. Raises LoadFailed."""
    door.set_window(written.term, written.opens, written.closes)
    for number, (kind, name) in enumerate(written.uploads, start=1):
        say(f"[{number}/{len(written.uploads)}] {name}: {door.upload(kind, folder / name)}")


def _arrived(upload: dict[str, Any]) -> bool:
    return all(step["done"] for step in upload["delivery_progress"] if step["name"] != NOT_AWAITED)
