"""The runner as a person meets it: in a terminal, with the real programs."""

import fcntl
import os
import pty
import re
import signal
import socket
import subprocess
import sys
import tempfile
import termios
import threading
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from deploy.embedded.servers import free_port
from deploy.setup import remove_data
from tests.deploy.waiting import alive, descendants, until

pytestmark = pytest.mark.timeout(240)
ROOT = Path(__file__).parent.parent.parent
SETTINGS = ("SES_PORT", "SES_FLOWER_PORT", "SES_MAIL_PORT")


class Terminal:
    """A runner in a terminal of its own, and what it printed so far."""

    def __init__(self, environ: dict[str, str]) -> None:
        self.screen = ""
        self._keys, inside = pty.openpty()
        self.runner = subprocess.Popen(
            [sys.executable, "-m", "deploy.embedded.runner"],
            cwd=ROOT, env=environ, stdin=inside, stdout=inside, stderr=inside,
            start_new_session=True, preexec_fn=own_terminal,  # noqa: PLW1509 - before the reading thread starts
        )  # fmt: skip
        os.close(inside)
        self._reading = threading.Thread(target=self._read, daemon=True)
        self._reading.start()

    def _read(self) -> None:
        while True:
            try:
                chunk = os.read(self._keys, 65536)
            except OSError:  # the other side is closed
                return
            self.screen += chunk.decode(errors="replace")

    def ready(self) -> "Terminal":
        """Once it has said how to stop it, which is its last line."""
        until(lambda: "Stop      Ctrl-C" in self.screen or self.runner.poll() is not None, seconds=180)
        assert "Ready in" in self.screen, self.screen
        return self

    def press_ctrl_c(self) -> None:
        os.write(self._keys, b"\x03")

    def ended(self) -> int:
        code = self.runner.wait(60)
        self._reading.join(10)
        return code


def own_terminal() -> None:
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


@pytest.fixture(scope="module")
def environ() -> Iterator[dict[str, str]]:
    folder = Path(tempfile.mkdtemp(prefix="ses run "))
    folder.chmod(0o755)
    outside = {name: value for name, value in os.environ.items() if not name.startswith("SES_")}
    ports = {name: str(free_port()) for name in SETTINGS}
    yield {**outside, **ports, "SES_DATA": str(folder / "data"), "SES_DEMO_SIZE": "small"}
    remove_data(folder / "data")
    folder.rmdir()


@pytest.fixture(scope="module")
def first(environ: dict[str, str]) -> Iterator[Terminal]:
    terminal = Terminal(environ).ready()
    yield terminal
    terminal.runner.kill()
    terminal.runner.wait()


def refused(environ: dict[str, str]) -> str:
    """What a run says that cannot start."""
    ran = subprocess.run(
        [sys.executable, "-m", "deploy.embedded.runner"],
        cwd=ROOT,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 1
    assert "Traceback" not in ran.stderr
    return ran.stderr


def get(url: str) -> int:
    with urllib.request.urlopen(url, timeout=10) as answer:
        return int(answer.status)


def test_a_first_run_loads_the_demo_and_says_where_everything_is(first: Terminal, environ: dict[str, str]) -> None:
    assert first.screen.index("database") < first.screen.index("migrations") < first.screen.index("worker-rates")
    assert first.screen.index("worker-rates") < first.screen.index("loading the demo district")
    for name in SETTINGS:
        assert f"http://127.0.0.1:{environ[name]}/" in first.screen
    assert get(f"http://127.0.0.1:{environ['SES_PORT']}/readyz") == 200
    assert get(f"http://127.0.0.1:{environ['SES_MAIL_PORT']}/") == 200


def test_a_second_run_on_the_same_data_is_refused_and_the_first_goes_on(
    first: Terminal, environ: dict[str, str]
) -> None:
    said = refused({**environ, **{name: str(free_port()) for name in SETTINGS}})
    assert re.search(r"already runs on the data.*process \d+.*SES_DATA", said)
    assert f"process {first.runner.pid}, http://127.0.0.1:{environ['SES_PORT']}." in said
    assert get(f"http://127.0.0.1:{environ['SES_PORT']}/readyz") == 200


def test_a_dead_program_is_started_again(first: Terminal, environ: dict[str, str]) -> None:
    web = [pid for pid in descendants(first.runner.pid) if psutil.Process(pid).name() == "web"]
    os.kill(web[0], signal.SIGKILL)
    until(lambda: re.search(r"web +ended with code -9; started again in 1 s", first.screen))
    until(lambda: get(f"http://127.0.0.1:{environ['SES_PORT']}/readyz") == 200, OSError, seconds=60)


def test_ctrl_c_stops_all_of_it_in_order_and_leaves_nothing(first: Terminal) -> None:
    family = descendants(first.runner.pid)
    assert len(family) > 15
    first.press_ctrl_c()
    assert first.ended() == 0
    assert "Stopped in" in first.screen
    assert "Traceback" not in first.screen
    assert not any(alive(pid) for pid in family)


def test_a_second_start_has_the_same_data_and_kill_9_of_it_leaves_nothing(
    first: Terminal, environ: dict[str, str]
) -> None:
    first.ended()
    again = Terminal(environ).ready()
    assert "loading the demo" not in again.screen
    until(lambda: re.search(r"Example .*/example/participation_.*\.xlsx", again.screen))
    family = descendants(again.runner.pid)
    again.runner.kill()
    again.ended()
    until(lambda: not any(alive(pid) for pid in family))


def test_ctrl_c_while_it_starts_stops_what_was_started(environ: dict[str, str]) -> None:
    terminal = Terminal(environ)
    until(lambda: "migrations" in terminal.screen)
    family = descendants(terminal.runner.pid)
    terminal.press_ctrl_c()
    assert terminal.ended() == 0
    assert not any(alive(pid) for pid in family)


@pytest.mark.parametrize("name", SETTINGS)
def test_a_taken_port_is_named_with_its_setting_before_anything_starts(environ: dict[str, str], name: str) -> None:
    with socket.create_server(("127.0.0.1", int(environ[name]))):
        said = refused({**environ, "SES_DATA": f"{environ['SES_DATA']}-other"})
    assert f"Port {environ[name]} " in said
    assert f"{name}=" in said
    other = Path(f"{environ['SES_DATA']}-other")
    assert not (other / "postgres").exists()
    remove_data(other)


def test_a_port_that_two_programs_want_is_named_with_both_settings(environ: dict[str, str]) -> None:
    said = refused({**environ, "SES_FLOWER_PORT": environ["SES_PORT"], "SES_DATA": f"{environ['SES_DATA']}-twice"})
    assert "SES_PORT=" in said and "SES_FLOWER_PORT=" in said and "something else" in said
    remove_data(Path(f"{environ['SES_DATA']}-twice"))


def test_a_data_folder_that_cannot_be_one_is_named(environ: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    said = refused({**environ, "SES_DATA": str(tmp_path / "file")})
    assert f"{tmp_path}/file/lock: Not a directory. Fix that, or start on other data with SES_DATA=FOLDER." in said


def test_a_misspelt_setting_is_named(environ: dict[str, str]) -> None:
    assert "Did you mean SES_PORT?" in refused({**environ, "SES_PROT": "1"})


def test_a_malformed_setting_is_named(environ: dict[str, str]) -> None:
    said = refused({**environ, "SES_TIMEZONE": "Los Angeles"})
    assert said.strip() == "SES_TIMEZONE: must be the name of a time zone, such as America/Los_Angeles."
