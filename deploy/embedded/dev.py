"""The stack for whoever changes it: `make dev`; each saved change restarts the programs that read it."""

from collections.abc import Iterable
from pathlib import Path

from watchfiles import PythonFilter, awatch

from deploy.embedded import runner
from deploy.embedded.child import REPOSITORY
from deploy.embedded.supervisor import Supervisor

FOLDERS = tuple(REPOSITORY / name for name in ("services", "shared", "deploy"))
PAGES = (".html", ".css", ".js", ".svg", ".json", ".webmanifest", ".txt")
WEB = ("web",)
ALL = ("web", "worker-", "relay", "flower", "mail-catcher")


def readers(changed: Iterable[str]) -> tuple[str, ...]:
    """How the names of the programs begin that read one of the changed files: code all, the look of pages the web."""
    return ALL if any(Path(name).suffix == ".py" for name in changed) else WEB


async def restart_on_change(supervisor: Supervisor) -> None:
    """Restarts the readers of each change, forever."""
    async for changes in awatch(*FOLDERS, watch_filter=PythonFilter(extra_extensions=PAGES)):
        changed = sorted(name for _, name in changes)
        runner.say(f"  changed: {', '.join(Path(name).relative_to(REPOSITORY).as_posix() for name in changed[:5])}")
        supervisor.restart(readers(changed))


if __name__ == "__main__":
    runner.main(restart_on_change)
