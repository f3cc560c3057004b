"""Boards that follow the reports: one LISTEN connection for this process, fanned out in memory to its streams."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from weakref import WeakKeyDictionary

import orjson
import psycopg
import structlog
from starlette.concurrency import run_in_threadpool

from shared.settings import settings
from shared.waits import BoundedAsyncConnection

CHANNEL = "sesr_board"
# Several reports within this time are one message; so long also is at most the wait for a board to follow.
GATHER_SECONDS = 0.3
# Without any report a board is still made again, for schools become overdue by the clock.
REFRESH_SECONDS = 20.0
SILENCE_SECONDS = 15.0
WAITING_AT_MOST = 16
log = structlog.get_logger()


@dataclass(frozen=True)
class Chunk:
    """What one turn sends: the changes after `start` up to `place`, and the whole board at `place` as HTML."""

    start: int
    place: int
    changes: list[dict[str, object]]
    board: str
    _told: dict[tuple[int, bool], bytes] = field(default_factory=dict, repr=False)

    def message(self, after: int, with_board: bool = True) -> bytes:
        """The messages for one who has seen everything up to `after`; made once for all who have seen the same."""
        key = (after, with_board)
        if key not in self._told:
            self._told[key] = f"{self._news(after)}{self._page() if with_board else ''}".encode()
        return self._told[key]

    def _news(self, after: int) -> str:
        fresh = [change for change in self.changes if isinstance(change["place"], int) and change["place"] > after]
        return f"id: {self.place}\nevent: changes\ndata: {orjson.dumps(fresh).decode()}\n\n" if fresh else ""

    def _page(self) -> str:
        lines = "".join(f"data: {line}\n" for line in self.board.splitlines() if line.strip())
        return f"id: {self.place}\n{lines}\n"


SILENCE = Chunk(0, 0, [], "")
Make = Callable[[int | None], Chunk]
Stream = asyncio.Queue[Chunk | None]


class Channel:
    """All streams of one and the same board: it is read and rendered once for all of them."""

    def __init__(self, make: Make) -> None:
        self.make = make
        self.place: int | None = None
        self.streams: set[Stream] = set()
        self.bell = asyncio.Event()
        self.reads: dict[int | None, asyncio.Task[Chunk]] = {}
        self.task = asyncio.create_task(self._follow())

    async def read(self, after: int | None) -> Chunk:
        """The board and the changes after a place; read once for all who ask the same while it is being read."""
        if after not in self.reads:
            self.reads[after] = asyncio.create_task(run_in_threadpool(self.make, after))
            self.reads[after].add_done_callback(lambda _: self.reads.pop(after, None))
        return await asyncio.shield(self.reads[after])

    async def _follow(self) -> None:
        while self.streams or self.place is None:
            try:
                await asyncio.wait_for(self.bell.wait(), REFRESH_SECONDS)
                await asyncio.sleep(GATHER_SECONDS)
            except TimeoutError:
                pass
            self.bell.clear()
            try:
                self.tell(await run_in_threadpool(self.make, self.place))
            except Exception:
                log.exception("board not made; the next report or refresh tries again")
                await asyncio.sleep(1)

    def tell(self, chunk: Chunk) -> None:
        """Hands a chunk to every stream; one that does not keep up is ended and comes back where it was."""
        self.place = chunk.place
        for stream in list(self.streams):
            if stream.qsize() >= WAITING_AT_MOST:
                self.streams.discard(stream)
                stream.put_nowait(None)
            else:
                stream.put_nowait(chunk)


class Hub:
    """The channels of this process and the one connection that wakes them."""

    def __init__(self) -> None:
        self.channels: dict[object, Channel] = {}
        self.task = asyncio.create_task(self._listen())

    async def _listen(self) -> None:
        while True:
            try:
                url = settings().direct_url_of("sesr")
                async with await BoundedAsyncConnection.connect(url, autocommit=True) as connection:
                    await connection.execute(f"listen {CHANNEL}")
                    self._ring()
                    while True:
                        async for _ in connection.notifies(timeout=REFRESH_SECONDS):
                            self._ring()
                        await connection.execute("select 1")  # whether anybody is there at the other end
            except (psycopg.Error, OSError) as error:
                log.warning("board connection lost; connecting again", reason=str(error)[:200])
            await asyncio.sleep(1)

    def _ring(self) -> None:
        self.channels = {key: channel for key, channel in self.channels.items() if not channel.task.done()}
        for channel in self.channels.values():
            channel.bell.set()

    def channel(self, key: object, make: Make) -> Channel:
        found = self.channels.get(key)
        if found is None or found.task.done():
            found = self.channels[key] = Channel(make)
        return found


_hubs: WeakKeyDictionary[asyncio.AbstractEventLoop, Hub] = WeakKeyDictionary()


def hub() -> Hub:
    """The hub of the running loop, made when its first board is opened."""
    loop = asyncio.get_running_loop()
    if loop not in _hubs:
        made = _hubs[loop] = Hub()
        # Its task knows the loop: an ended hub that stayed would keep both, and a connection that was being made.
        made.task.add_done_callback(lambda _: _hubs.pop(loop, None))
    return _hubs[loop]


async def _next(stream: Stream) -> Chunk | None:
    """What the channel hands over; SILENCE where it was nothing for a while."""
    try:
        return await asyncio.wait_for(stream.get(), SILENCE_SECONDS)
    except TimeoutError:
        return SILENCE


async def follow(key: object, make: Make, after: int | None, may_go_on: Callable[[], bool]) -> AsyncIterator[bytes]:
    """The messages of a stream: first all after `after` (None: the board only), then each turn of its channel.

    Joins the channel before it reads, so that nothing is lost between. Ends when `may_go_on` says no, asked every
    SILENCE_SECONDS however much there is to send.
    """
    channel, stream = hub().channel(key, make), Stream()
    channel.streams.add(stream)
    try:
        first = await channel.read(after)
        place, asked_at = first.place, time.monotonic()
        yield b"retry: 1000\n" + first.message(first.place if after is None else after)
        while True:
            chunk = await _next(stream)
            if time.monotonic() - asked_at >= SILENCE_SECONDS:
                if not await run_in_threadpool(may_go_on):
                    return
                asked_at = time.monotonic()
            if chunk is SILENCE:
                yield b": waiting for reports\n\n"
                continue
            if chunk is None:
                return
            if chunk.place >= place:
                if chunk.start > place:
                    chunk = await channel.read(place)
                yield chunk.message(place, with_board=stream.empty())  # whoever is behind gets the newest board only
                place = chunk.place
    finally:
        channel.streams.discard(stream)
