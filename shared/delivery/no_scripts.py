"""What kombu does by scripts in the broker, done without: a script that does not end would stop the broker for all.

There are two: the lock under which unacknowledged messages are given back, and the bindings of queues that expire. A
binding of such a queue stays when its queue has gone, as in kombu before 5.7: a few bytes for each start of Flower.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

from kombu.transport import redis as kombu_redis
from redis import Redis, WatchError


@contextmanager
def broker_lock(client: Redis, name: str, expire: float) -> Iterator[None]:
    """Holds the lock for the block, at most `expire` seconds; kombu's MutexHeld where another holds it."""
    mark = uuid4().bytes
    if not client.set(name, mark, nx=True, px=int(expire * 1000)):
        raise kombu_redis.MutexHeld
    try:
        yield
    finally:
        _release(client, name, mark)


def _release(client: Redis, name: str, mark: bytes) -> None:
    """Removes the lock where it is still ours: it may have run out, and be another's by now."""
    with client.pipeline() as pipe:
        try:
            pipe.watch(name)  # type: ignore[no-untyped-call]
            if pipe.get(name) == mark:
                pipe.multi()
                pipe.delete(name)
                pipe.execute()
        except WatchError:
            return


def _bind(keys: Sequence[str], args: Sequence[Any], client: Redis) -> None:
    client.sadd(keys[0], args[0])


def _sweep(keys: Sequence[str], args: Sequence[Any], client: Redis) -> int:
    return 0


def install() -> None:
    """Puts these in place of kombu's own."""
    kombu_redis.Mutex = broker_lock
    kombu_redis.Channel._refresh_binding = property(lambda _channel: _bind)  # type: ignore[method-assign, assignment]
    kombu_redis.Channel._sweep_bindings = property(lambda _channel: _sweep)  # type: ignore[method-assign, assignment]
