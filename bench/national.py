"""A national file through the real web, workers and relay: how long, and how much memory web, worker and parser take."""

import re
import threading
import time
from pathlib import Path
from typing import Any, Self

import httpx2
import psutil
from sqlalchemy import text

from bench.figures import Figure
from bench.installation import whole
from shared.access import issue_token
from shared.db import transaction
from tests.deploy.waiting import until
from tests.stack import Programs, wipe

PATIENCE_SECONDS = 180
_STORED = text("select count(*) from rate where not removed")
_TOLD = text("select count(*) from extraction")


class Memory:
    """Samples the memory of the web, the ingest worker and the parsers of both while the block lasts; peaks in MB."""

    def __init__(self, stack: Programs) -> None:
        self.roots = {"web": stack.running["web"].pid, "worker": stack.running["worker-ingest"].pid}
        self.peaks = dict.fromkeys((*self.roots, "parser"), 0.0)
        self.over = threading.Event()
        self.watcher = threading.Thread(target=self._watch)

    def __enter__(self) -> Self:
        self.idle = {name: _resident(pid) for name, pid in self.roots.items()}
        self.watcher.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        self.watcher.join()

    def _watch(self) -> None:
        while not self.over.wait(0.02):
            for name, pid in self.roots.items():
                self.peaks[name] = max(self.peaks[name], _resident(pid))
                for child in psutil.Process(pid).children(recursive=True):
                    self.peaks["parser"] = max(self.peaks["parser"], _parser_peak(child))


def _resident(pid: int) -> float:
    """MB of the largest process of a program, without the parsers that it starts."""
    root = psutil.Process(pid)
    sizes = [root.memory_info().rss]
    for child in root.children(recursive=True):
        try:
            sizes += [] if "services.ingest.sheets.child" in child.cmdline() else [child.memory_info().rss]
        except psutil.Error:
            continue
    return max(sizes) / 1e6


def _parser_peak(child: psutil.Process) -> float:
    """MB that a parser has held at most so far; 0 for any other process."""
    try:
        if "services.ingest.sheets.child" not in child.cmdline():
            return 0.0
        peak = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{child.pid}/status").read_text())
    except (psutil.Error, OSError):
        return 0.0
    return int(peak.group(1)) / 1000 if peak else 0.0


def _upload(client: httpx2.Client, name: str, content: bytes, count: int) -> tuple[float, float]:
    """Seconds until the upload was answered, and until all its tiers were stored and told."""
    began = time.perf_counter()
    answer = client.post("/ingest/api/v1/uploads", files={"file": (name, content)})
    answered = time.perf_counter() - began
    answer.raise_for_status()
    until(lambda: _known() == (count, 3), seconds=PATIENCE_SECONDS)
    return answered, time.perf_counter() - began


def _known() -> tuple[Any, Any]:
    with transaction("rates") as session:
        return session.execute(_STORED).scalar_one(), session.execute(_TOLD).scalar_one()


def through_the_stack(files: dict[str, bytes], count: int) -> list[Figure]:
    """The files of so many rows, each uploaded into an empty installation."""
    found = []
    for kind, content in files.items():
        with whole() as stack, Memory(stack) as memory:
            wipe()
            headers = {"authorization": f"Bearer {issue_token('central')}"}
            with httpx2.Client(base_url=stack.url, headers=headers, timeout=60) as client:
                answered, stored = _upload(client, f"national.{kind}", content, count)
        work = f"{count:,} rows {kind.upper()} through the real stack"
        found += [
            Figure(f"{work}: answered", "s", [answered], "-"),
            Figure(f"{work}: tiers stored and told", "s", [stored], "-"),
            Figure(f"{work}: parser at most", "MB", [memory.peaks["parser"]], "<= 400 MB"),
            Figure(f"{work}: web above idle", "MB", [memory.peaks["web"] - memory.idle["web"]], "flat"),
            Figure(f"{work}: ingest worker above idle", "MB", [memory.peaks["worker"] - memory.idle["worker"]], "-"),
        ]
    return found
