"""The load of a fault run: clients that upload and report through the API, and repeat what was not answered.

They take turns with several tokens: one alone may not do so much in an hour.
"""

import itertools
import random
import threading
import time
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx2

from tests.files import extraction, guide_rows

FIRST_DAY = date(2025, 1, 10)
UPLOAD_TRIES = 200


class Load:
    """Runs uploads and reports until it is told to stop; keeps what was accepted."""

    def __init__(self, url: str, tokens: Sequence[str], seed: int, pause: float) -> None:
        self.url = url
        self.turns = itertools.cycle([{"authorization": f"Bearer {token}"} for token in tokens])
        self.pause = pause
        self.dice = random.Random(seed)
        self.uploads: list[UUID] = []
        self.reports: list[UUID] = []
        self.retries = 0
        self.problems: list[str] = []
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=work) for work in (self._upload, self._report)]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Ends after the requests under way were answered."""
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _upload(self) -> None:
        number = 0
        while not self._stop.is_set():
            answer = self._send("/ingest/api/v1/uploads", files={"file": ("x.xlsx", self._file(number))},
                                params={"kind": "participation"})  # fmt: skip
            if answer is not None:
                self.uploads.append(UUID(answer["upload_id"]))
            number += 1
            self._stop.wait(self.pause)

    def _file(self, number: int) -> bytes:
        """An extraction of another day each time, in which some schools have more surveys than before."""
        on = (FIRST_DAY + timedelta(days=number % 80)).isoformat()
        rows = [list(row) for row in guide_rows(on)]
        for row in rows:
            total = int(str(row[8]))
            row[9] = min(total, int(str(row[9])) + self.dice.randrange(0, max(total // 10, 1)))
            row[6] = row[7] = ""
            row[10] = ""
        return extraction(rows)

    def _report(self) -> None:
        while not self._stop.is_set():
            report_id = uuid4()
            body = {
                "report_id": str(report_id),
                "school_key": "1432201",
                "counts": {"students_present": self.dice.randrange(1, 40)},
                "proxy_for": "the office",
            }
            if self.reports:
                body |= {"supersedes": str(self.reports[-1]), "reason": "counted again"}
            if self._send("/sesr/api/v1/reports", json=body) is not None:
                self.reports.append(report_id)
            self._stop.wait(self.pause)

    def _send(self, path: str, **more: Any) -> dict[str, Any] | None:
        """The answer, asked again and again while the server is away; None, and a problem kept, when it refuses."""
        headers = next(self.turns)
        for _ in range(UPLOAD_TRIES):
            try:
                answer = httpx2.post(self.url + path, headers=headers, timeout=10, **more)
            except httpx2.HTTPError:
                answer = None
            if answer is not None and answer.status_code in (200, 201):
                told: dict[str, Any] = answer.json()
                return told
            if answer is not None and answer.status_code not in (429, 500, 502, 503):
                break
            self.retries += 1
            time.sleep(0.3)
        self.problems.append(f"{path}: {answer.status_code} {answer.text[:200]}" if answer is not None else path)
        return None
