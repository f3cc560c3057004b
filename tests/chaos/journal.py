"""The clients of the run: they upload and report, repeat what was not answered, and keep a journal of it."""

import itertools
import random
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import httpx2

from tests.chaos.district import SCHOOLS, File, Files, School

ANSWER_SECONDS = 20.0
REPEAT_SECONDS = 0.5
TRIES = 2000
# What may be asked again: too much at once, or away for a moment. A 500 is neither.
AGAIN = (429, 502, 503, 504)


@dataclass
class Journal:
    """What clients know: files in the order in which they were taken, each school's reports, and what went wrong.

    `ambiguous` requests had no answer at first, so that the client could not know whether they were taken.
    """

    files: list[File] = field(default_factory=list)
    uploads: list[str] = field(default_factory=list)
    reports: dict[str, list[UUID]] = field(default_factory=dict)
    present: dict[UUID, int] = field(default_factory=dict)
    ambiguous: int = 0
    repeated: int = 0
    problems: list[str] = field(default_factory=list)


class Clients:
    """People of the office who upload, and schools that report, until they are stopped."""

    def __init__(self, url: str, tokens: Sequence[str], seed: int, pause: float, corrections: int) -> None:
        self.journal = Journal()
        self.files = Files(seed, corrections)
        self.pause = pause
        self._url = url
        self._turns = itertools.cycle([{"authorization": f"Bearer {token}"} for token in tokens])
        self._stop = threading.Event()
        third = len(SCHOOLS) // 3
        self._threads = [threading.Thread(target=self._upload)] + [
            threading.Thread(target=self._report, args=(SCHOOLS[number * third : (number + 1) * third], seed + number))
            for number in range(3)
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Ends after the requests under way were answered."""
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def get(self, path: str, **query: Any) -> dict[str, Any]:
        """What a page of the API says; raises httpx2.HTTPError where it does not answer."""
        answer = httpx2.get(self._url + path, headers=next(self._turns), params=query, timeout=ANSWER_SECONDS)
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
        return found

    def _upload(self) -> None:
        while not self._stop.is_set():
            file = self.files.next()
            sent = ("x.xlsx", file.content())
            answer = self._send("/ingest/api/v1/uploads", files={"file": sent}, params={"kind": "participation"})
            if answer is not None:
                self.journal.files.append(file)
                self.journal.uploads.append(answer["upload_id"])
            self._stop.wait(self.pause)

    def _report(self, schools: Sequence[School], seed: int) -> None:
        dice = random.Random(seed)
        while not self._stop.is_set():
            school, report_id = dice.choice(schools), uuid4()
            sent = self.journal.reports.setdefault(school.key, [])
            counts = {"students_present": dice.randrange(1, 400)}
            body = {"report_id": str(report_id), "school_key": school.key, "counts": counts, "proxy_for": "the office"}
            if sent:
                body |= {"supersedes": str(sent[-1]), "reason": "counted again"}
            if self._send("/sesr/api/v1/reports", json=body) is not None:
                sent.append(report_id)
                self.journal.present[report_id] = counts["students_present"]
            self._stop.wait(self.pause)

    def _send(self, path: str, **request: Any) -> dict[str, Any] | None:
        """The answer, asked for again and again while none comes; None, and a problem kept, where it is a refusal."""
        headers = next(self._turns)  # one person for all tries: a report that is here already is its author's alone
        status, words, unclear = 0, "no answer", False
        for _ in range(TRIES):
            try:
                answer = httpx2.post(self._url + path, headers=headers, timeout=ANSWER_SECONDS, **request)
            except httpx2.ConnectError:
                pass
            except httpx2.HTTPError:
                unclear = True
            else:
                status, words = answer.status_code, answer.text[:300]
                if status in (200, 201, 202):
                    self.journal.ambiguous += unclear
                    taken: dict[str, Any] = answer.json()
                    return taken
                if status not in AGAIN:
                    break
            self.journal.repeated += 1
            time.sleep(REPEAT_SECONDS)
        self.journal.problems.append(f"{path}: {status} {words}")
        return None
