"""One command, one machine: starts everything, says where it is, and stops it all on Ctrl-C (`make run`)."""

import asyncio
import fcntl
import os
import signal
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from deploy.demo.state import BEGUN, LOADED, demo_state, note_demo
from deploy.embedded.child import end_with_parent
from deploy.embedded.children import Programs
from deploy.embedded.folders import PlaceRefused, enterable
from deploy.embedded.installation import DEMO, Embedded, prepare, settings_of
from deploy.embedded.servers import ServerMissing, port_free
from deploy.embedded.supervisor import StartFailed, Supervisor
from shared.settings import Settings, SettingsError, settings

ROLES = "central, director, principal, designee, desk, ops"


Beside = Callable[[Supervisor], Awaitable[None]]


class RunRefused(Exception):
    """The runner cannot start; the text says why and what to do."""


def say(line: str) -> None:
    print(line, flush=True)


@contextmanager
def only_run(data: Path) -> Iterator[None]:
    """Holds the data folder while the block lasts; RunRefused when another runner holds it."""
    enterable(data)
    with (data / "lock").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise RunRefused(
                f"It already runs on the data in {data}: {file.read().strip() or 'it is just starting'}. "
                "Use that one, stop it with Ctrl-C in its window, or start on other data with SES_DATA=FOLDER."
            ) from None
        file.truncate(0)
        file.write(f"process {os.getpid()}, {settings().public_url}")
        file.flush()
        yield


def check_ports(needed: Sequence[tuple[str, str, int]]) -> None:
    """RunRefused naming each port that is taken, or wanted twice, and its setting."""
    users = Counter(port for _, _, port in needed)
    taken = [
        f"Port {port} is needed for {what} and for something else: choose another with {setting}=PORT."
        for what, setting, port in needed
        if users[port] > 1
    ] + [
        f"Port {port} for {what} is taken: stop the program that uses it, or choose another with {setting}=PORT."
        for what, setting, port in needed
        if not port_free(port)
    ]
    if taken:
        raise RunRefused("\n".join(taken))


def ports(current: Settings, mails: bool) -> list[tuple[str, str, int]]:
    needed = [("the web pages", "SES_PORT", current.port), ("Flower", "SES_FLOWER_PORT", current.flower_port)]
    if mails:
        needed.append(("the mail catcher", "SES_MAIL_PORT", current.mail_port))
    return needed


class Runner:
    """One life of the embedded installation, from the first server to the last stop.

    `beside` runs beside the started programs until they stop; with it each program is started on its own, so that
    it reads the code again.
    """

    def __init__(self, made: Embedded, mails: bool, beside: Beside | None = None) -> None:
        self._made = made
        self._mails = mails
        self._beside = beside
        self._stop_requested = asyncio.Event()
        self._supervisor = Supervisor(made.logs, say)

    async def live(self) -> None:
        """Starts, waits to be asked to stop, stops. A second Ctrl-C kills what is left."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self._request_stop)
        starting = asyncio.create_task(self._start())
        stop = asyncio.create_task(self._stop_requested.wait())
        try:
            await asyncio.wait({starting, stop}, return_when=asyncio.FIRST_COMPLETED)
            if starting.done():
                starting.result()
                await self._last(stop)
        finally:
            starting.cancel()
            await asyncio.wait({starting})
            await self._stop()

    async def _last(self, stop: "asyncio.Task[bool]") -> None:
        beside = [asyncio.ensure_future(self._beside(self._supervisor))] if self._beside else []
        try:
            await asyncio.wait({stop, *beside}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in beside:
                task.cancel()

    def _request_stop(self) -> None:
        if self._stop_requested.is_set():
            self._supervisor.hurry()
        self._stop_requested.set()

    async def _start(self) -> None:
        began = time.monotonic()
        if self._beside is None:
            self._supervisor.warm_up()
        await self._supervisor.start(self._made.servers())
        programs = Programs(self._made, self._mails)
        await self._supervisor.step(programs.migrations())
        await self._supervisor.start(programs.main_stage(forked=self._beside is None))
        await self._load_demo(programs)
        say(f"Ready in {time.monotonic() - began:.1f} s.")
        for line in addresses(self._made, self._mails):
            say(line)

    async def _load_demo(self, programs: Programs) -> None:
        url = settings_of(self._made.env).database_url
        state = await asyncio.to_thread(demo_state, url)
        if state.value:
            say(f"  {state.value}")
        if state.is_to_load():
            await asyncio.to_thread(note_demo, url, BEGUN)
            await self._supervisor.step(programs.demo(), echo=True)
            await asyncio.to_thread(note_demo, url, LOADED)

    async def _stop(self) -> None:
        began = time.monotonic()
        say("Stopping; Ctrl-C once more kills what is left.")
        await self._supervisor.stop()
        say(f"Stopped in {time.monotonic() - began:.1f} s. The data stays in {self._made.data}.")


def addresses(made: Embedded, mails: bool) -> list[str]:
    """What a person needs next: where to look, how to sign in, what to upload, how to stop."""
    current = settings_of(made.env)
    mail = f"http://127.0.0.1:{current.mail_port}/" if mails else f"go out by {current.smtp_url}"
    return [
        "",
        f"  Pages     {current.public_url}/",
        f"            demo sign-in, without a password: choose {ROLES}",
        *(f"  Example   {file}  to upload" for file in sorted((made.data / "demo" / "example").glob("*.xlsx"))),
        f"  Mails     {mail}",
        f"  Flower    http://127.0.0.1:{current.flower_port}/  user flower, password {made.flower_password}",
        f"  Logs      {made.logs}",
        "  Stop      Ctrl-C",
        "",
    ]


def run(beside: Beside | None = None) -> None:
    """Runs until it is asked to stop; RunRefused, ServerMissing, StartFailed or SettingsError when it cannot."""
    current = settings()
    data = Path(current.data).expanduser().resolve()
    mails = not os.environ.get("SES_SMTP_URL")
    with only_run(data):
        check_ports(ports(current, mails))
        say(f"School Experience Survey: starting on the data in {data}. Ctrl-C stops it.")
        asyncio.run(Runner(prepare(data, DEMO), mails, beside).live())


def main(beside: Beside | None = None) -> None:
    if os.environ.get("MAKELEVEL"):
        end_with_parent(signal.SIGTERM)
    try:
        run(beside)
    except (RunRefused, ServerMissing, PlaceRefused, StartFailed, SettingsError) as error:
        sys.exit(f"\n{error}")
    except OSError as error:
        if error.filename is None:
            raise
        sys.exit(f"\n{error.filename}: {error.strerror}. Fix that, or start on other data with SES_DATA=FOLDER.")
    except KeyboardInterrupt:
        sys.exit("\nStopped before it was started.")


if __name__ == "__main__":
    main()
