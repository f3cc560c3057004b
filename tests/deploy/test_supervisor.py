import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import psutil
import pytest

from deploy.embedded.child import Child
from deploy.embedded.logs import LogFile
from deploy.embedded.supervisor import StartFailed, Supervisor
from tests.deploy.waiting import alive, descendants, until

pytestmark = pytest.mark.timeout(60)
ROOT = Path(__file__).parent.parent.parent
FORKS = "import os, time; os.fork(); open(os.environ['BORN'] + str(os.getpid()), 'w'); time.sleep(600)"
STUBBORN = "import signal, time; signal.signal(15, signal.SIG_IGN); print('deaf', flush=True); time.sleep(600)"
HOLDER = """
import asyncio, sys
from pathlib import Path
from deploy.embedded.child import Child
from deploy.embedded.supervisor import Supervisor

async def hold():
    supervisor = Supervisor(Path(sys.argv[1]), print)
    forks = Child("forks", [sys.executable, "-c", sys.argv[2]], env={"BORN": sys.argv[1] + "/born-"})
    deaf = Child("deaf", [sys.executable, "-c", sys.argv[3]])
    Path(sys.argv[1], "planted.py").write_text(sys.argv[2])
    env = {"BORN": sys.argv[1] + "/born-"}
    warm = Child("warm", [sys.executable, "-m", "planted"], env=env, cwd=Path(sys.argv[1]), forked=True)
    await supervisor.start([forks, deaf, warm])
    await asyncio.sleep(600)

asyncio.run(hold())
"""


def python(name: str, code: str, **more: object) -> Child:
    return Child(name, [sys.executable, "-c", code], **more)  # type: ignore[arg-type]


def supervised(logs: Path, work: Callable[[Supervisor], Awaitable[None]]) -> list[str]:
    """Runs `work` with a supervisor that is stopped afterwards; returns what it said."""
    said: list[str] = []

    async def live() -> None:
        supervisor = Supervisor(logs, said.append)
        try:
            await work(supervisor)
        finally:
            await supervisor.stop()

    asyncio.run(live())
    return said


def slow_yes() -> bool:
    time.sleep(0.5)
    return True


def born(folder: Path) -> list[int]:
    return [int(path.name.partition("-")[2]) for path in folder.glob("born-*")]


def test_the_next_stage_starts_when_the_one_before_answers_and_stops_before_it(tmp_path: Path) -> None:
    note = "import os, signal, sys, time; f = open(os.environ['BOOK'], 'a')\n"
    note += "def say(w): f.write(sys.argv[0] + w + ' '); f.flush()\n"
    note += "signal.signal(15, lambda *a: (say(os.environ['ME'] + '-stops'), sys.exit(0)))\n"
    note += "time.sleep(0.3); say(os.environ['ME'] + '-starts'); time.sleep(600)"
    book = tmp_path / "book"
    book.touch()

    def child(name: str) -> Child:
        env = {"BOOK": str(book), "ME": name}
        return python(name, note, env=env, ready=lambda: f"{name}-starts" in book.read_text())

    async def work(supervisor: Supervisor) -> None:
        await supervisor.start([child("server")])
        await supervisor.start([child("worker")])

    supervised(tmp_path, work)
    assert book.read_text().replace("-c", "").split() == [
        "server-starts", "worker-starts", "worker-stops", "server-stops",
    ]  # fmt: skip


def test_a_child_that_ends_at_the_start_is_reported_with_the_end_of_its_log(tmp_path: Path) -> None:
    async def work(supervisor: Supervisor) -> None:
        await supervisor.start([python("sad", "print('no luck'); 1/0", ready=lambda: False)])

    with pytest.raises(StartFailed, match=r"(?s)sad ended with code 1.*no luck.*ZeroDivisionError"):
        supervised(tmp_path, work)


def test_a_foreign_server_that_answers_does_not_make_a_dead_child_ready(tmp_path: Path) -> None:
    dead = python("dead", "pass", ready=slow_yes)

    async def work(supervisor: Supervisor) -> None:
        await supervisor.start([dead])

    with pytest.raises(StartFailed, match="dead ended with code 0"):
        supervised(tmp_path, work)


def test_a_child_that_does_not_answer_in_time_is_reported_and_stopped(tmp_path: Path) -> None:
    pids: list[int] = []

    async def work(supervisor: Supervisor) -> None:
        try:
            await supervisor.start([python("mute", "import time; time.sleep(600)", ready=lambda: False)], patience=0.5)
        finally:
            pids.extend(supervisor.pids.values())

    with pytest.raises(StartFailed, match="mute did not answer"):
        supervised(tmp_path, work)
    assert pids
    assert not any(alive(pid) for pid in pids)


def test_a_dead_child_is_started_again_and_the_children_it_left_are_killed(tmp_path: Path) -> None:
    async def work(supervisor: Supervisor) -> None:
        await supervisor.start([python("forks", FORKS, env={"BORN": f"{tmp_path}/born-"})])
        await asyncio.to_thread(until, lambda: len(born(tmp_path)) == 2)
        first = born(tmp_path)
        os.kill(supervisor.pids["forks"], signal.SIGKILL)
        await asyncio.to_thread(until, lambda: len(born(tmp_path)) == 4)
        assert not any(alive(pid) for pid in first)

    said = supervised(tmp_path, work)
    assert any("ended with code -9; started again in 1 s" in line for line in said)
    assert not any(alive(pid) for pid in born(tmp_path))


def test_a_child_deaf_to_its_stop_signal_is_killed_after_its_grace(tmp_path: Path) -> None:
    deaf = python("deaf", STUBBORN, grace=0.3, ready=lambda: "deaf" in (tmp_path / "deaf.log").read_text())

    async def work(supervisor: Supervisor) -> None:
        await supervisor.start([deaf])

    assert any("did not stop" in line for line in supervised(tmp_path, work))


def test_a_hurried_stop_kills_without_waiting_for_the_grace(tmp_path: Path) -> None:
    deaf = python("deaf", STUBBORN, grace=600, ready=lambda: "deaf" in (tmp_path / "deaf.log").read_text())

    async def work(supervisor: Supervisor) -> None:
        await supervisor.start([deaf])
        supervisor.hurry()

    began = time.monotonic()
    supervised(tmp_path, work)
    assert time.monotonic() - began < 60


def test_a_step_shows_its_lines_and_fails_with_its_code(tmp_path: Path) -> None:
    async def work(supervisor: Supervisor) -> None:
        await supervisor.step(python("load", "print('half way')"), echo=True)

    assert any("half way" in line for line in supervised(tmp_path, work))

    async def bad(supervisor: Supervisor) -> None:
        await supervisor.step(python("load", "raise SystemExit(3)"))

    with pytest.raises(StartFailed, match="load ended with code 3"):
        supervised(tmp_path, bad)


def test_kill_9_of_the_supervisor_leaves_nothing_running_not_even_deaf_or_forked_children(tmp_path: Path) -> None:
    holder = subprocess.Popen([sys.executable, "-c", HOLDER, str(tmp_path), FORKS, STUBBORN], cwd=ROOT)
    try:
        until(lambda: len(born(tmp_path)) == 4)
        until(lambda: (tmp_path / "deaf.log").exists() and "deaf" in (tmp_path / "deaf.log").read_text())
        family = descendants(holder.pid)
    finally:
        holder.kill()
        holder.wait()
    assert len(family) == 7  # the guardian, the fork server, the deaf one, two that fork and their children
    until(lambda: not any(alive(pid) for pid in family))


def forked(name: str, code: str, env: dict[str, str]) -> Child:
    """A child that the fork server makes; `code` is its module's text."""
    (Path(env["PLACE"]) / "planted.py").write_text(code)
    command = [sys.executable, "-m", "planted"]
    return Child(name, command, env=env, cwd=Path(env["PLACE"]), forked=True)


def planted(folder: Path) -> Child:
    code = "import os, sys, time; print(sys.argv, os.environ['WORD'], os.getcwd(), os.getpgid(0) == os.getpid())\n"
    return forked("planted", f"{code}{FORKS}", {"PLACE": str(folder), "WORD": "hello", "BORN": f"{folder}/born-"})


def test_a_forked_child_has_its_own_words_environment_folder_group_and_log(tmp_path: Path) -> None:
    async def work(supervisor: Supervisor) -> None:
        await supervisor.start([planted(tmp_path)])
        await asyncio.to_thread(until, lambda: len(born(tmp_path)) == 2)
        assert psutil.Process(supervisor.pids["planted"]).name() == "planted"

    supervised(tmp_path, work)
    said = (tmp_path / "planted.log").read_text()
    assert f"hello {tmp_path} True" in said
    assert not any(alive(pid) for pid in born(tmp_path))


def test_a_forked_step_fails_with_the_code_of_its_program(tmp_path: Path) -> None:
    async def work(supervisor: Supervisor) -> None:
        await supervisor.step(forked("load", "raise SystemExit(3)", {"PLACE": str(tmp_path)}))

    with pytest.raises(StartFailed, match="load ended with code 3"):
        supervised(tmp_path, work)


def test_forked_children_are_there_again_after_the_fork_server_was_killed(tmp_path: Path) -> None:
    async def work(supervisor: Supervisor) -> None:
        await supervisor.start([planted(tmp_path)])
        await asyncio.to_thread(until, lambda: len(born(tmp_path)) == 2)
        first = born(tmp_path)
        [server] = [p for p in psutil.Process().children() if "deploy.embedded.fork_server" in p.cmdline()]
        server.kill()
        await asyncio.to_thread(until, lambda: len(born(tmp_path)) == 4)
        assert not any(alive(pid) for pid in first)

    supervised(tmp_path, work)
    assert not any(alive(pid) for pid in born(tmp_path))


def test_a_log_is_bounded_and_keeps_its_end(tmp_path: Path) -> None:
    log = LogFile(tmp_path / "x.log", limit=1000)
    for number in range(500):
        log.write(f"line {number}\n".encode())
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= 2000
    assert log.tail(2) == "line 498\nline 499"
    log.close()
