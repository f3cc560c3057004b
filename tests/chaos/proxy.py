"""A TCP proxy before a server that can go silent, as a network does that swallows everything, or cut all connections."""

import asyncio
import contextlib
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, cast
from urllib.parse import urlsplit, urlunsplit

from deploy.embedded.servers import free_port

MOODS = ("open", "silent", "cut", "half-open")


class Proxy:
    """Forwards to a port of this machine while `open`; `silent` forwards nothing and closes nothing; `cut` closes.

    `half-open` forwards nothing more on what was connected, for ever, and serves who connects anew.
    """

    def __init__(self, target: int) -> None:
        self.target = target
        self.port = free_port()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._flows = asyncio.Event()
        self._cut = False
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        self._thread.start()
        self._wait(self._listen())

    def stop(self) -> None:
        self.become("cut")
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def become(self, mood: str) -> None:
        """From now on of this mood; what a silent one held back flows on when it opens."""
        assert mood in MOODS
        self._wait(self._become(mood))

    def _wait(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    async def _become(self, mood: str) -> None:
        self._cut = mood == "cut"
        if mood == "half-open":
            self._flows.clear()
            self._flows = asyncio.Event()
        if mood in ("open", "half-open"):
            self._flows.set()
        else:
            self._flows.clear()
        if self._cut:
            for writer in self._writers:
                writer.transport.abort()
            for task in self._tasks:
                task.cancel()
            await asyncio.sleep(0)

    async def _listen(self) -> None:
        self._flows.set()
        await asyncio.start_server(self._accept, "127.0.0.1", self.port)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._cut:
            writer.transport.abort()
            return
        self._writers.add(writer)
        task, flows = cast("asyncio.Task[None]", asyncio.current_task()), self._flows
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        with contextlib.suppress(OSError, asyncio.CancelledError):
            await flows.wait()
            there, beyond = await asyncio.open_connection("127.0.0.1", self.target)
            self._writers.add(beyond)
            both = [asyncio.create_task(self._pour(*way, flows)) for way in ((reader, beyond), (there, writer))]
            self._tasks.update(both)
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            self._tasks.difference_update(both)
            for task, end in zip(both, (beyond, writer), strict=True):
                task.cancel()
                self._writers.discard(end)
                end.transport.abort()

    @staticmethod
    async def _pour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, flows: asyncio.Event) -> None:
        with contextlib.suppress(OSError, asyncio.CancelledError):
            while data := await reader.read(65536):
                await flows.wait()
                writer.write(data)
                await writer.drain()


@contextmanager
def proxied(url: str) -> Iterator[tuple[Proxy, str]]:
    """A proxy before the server of an address while the block lasts, and the address that leads through it."""
    parts = urlsplit(url)
    proxy = Proxy(parts.port or 0)
    proxy.start()
    place = parts.netloc.replace(f":{parts.port}", f":{proxy.port}")
    try:
        yield proxy, urlunsplit(parts._replace(netloc=place))
    finally:
        proxy.stop()
