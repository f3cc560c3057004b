"""Loads the libraries once and forks the programs from itself: `python -m deploy.embedded.fork_server FD` (Linux).

Ten programs that each load the same libraries cost 15 s of processor time and twice the memory. Each order that comes
through the socket is one program; it is answered with the process id, and later with the exit code.
"""

import gc
import importlib
import json
import os
import runpy
import select
import signal
import socket
import sys
import threading
from typing import TypedDict

from deploy.embedded.child import name_process, tied

LARGEST = 1_000_000
# None of these reads a setting, opens a connection or starts a thread when it is imported.
LIBRARIES = (
    "celery.apps.worker", "celery.bin.celery", "celery.concurrency.prefork", "kombu.transport.redis",
    "fastapi", "uvicorn.lifespan.on", "uvicorn.loops.auto", "uvicorn.protocols.http.auto", "jinja2", "multipart",
    "psycopg_pool", "sqlalchemy.dialects.postgresql.psycopg", "sqlmodel", "structlog", "prometheus_client", "httpx2",
    "shared.files.plain_openpyxl", "xlsxwriter", "authlib.integrations.starlette_client", "brotli", "css_inline",
    "shared.delivery.bus", "shared.delivery.outbox", "shared.access.policy", "shared.access", "shared.ops.metrics",
)  # fmt: skip


class StartOrder(TypedDict):
    """One program to start: `python -m` with these words, this environment and folder."""

    name: str
    words: list[str]
    env: dict[str, str]
    cwd: str
    death_signal: int


def load() -> None:
    """Imports all LIBRARIES and puts what they made where the garbage collector leaves it, so that it stays shared."""
    for library in LIBRARIES:
        importlib.import_module(library)
    assert threading.active_count() == 1, "a thread would be missing in every fork"
    gc.collect()
    gc.freeze()


def serve(door: socket.socket) -> StartOrder:
    """Takes orders; returns only in the fork that is to become the program of an order."""
    awake, wake = socket.socketpair()
    awake.setblocking(False)
    wake.setblocking(False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wake.fileno())
    while True:
        select.select([door, awake], [], [])
        _reap(door, awake)
        if not select.select([door], [], [], 0)[0]:
            continue
        text, fds, _, _ = socket.recv_fds(door, LARGEST, 1)
        if not text:
            os._exit(0)
        order: StartOrder = json.loads(text)
        tie = tied(order["death_signal"])
        pid = os.fork()
        if pid == 0:
            signal.set_wakeup_fd(-1)
            for end in (door, awake, wake):
                end.close()
            tie()
            become(order, fds[0])
            return order
        os.close(fds[0])
        door.send(json.dumps({"born": pid}).encode())


def become(order: StartOrder, output: int) -> None:
    """Makes this fork look like a program that has just started."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.setsid()
    nothing = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((nothing, 0), (output, 1), (output, 2)):
        os.dup2(source, target)
    os.close(nothing)
    os.close(output)
    os.chdir(order["cwd"])
    sys.path[0] = order["cwd"]
    os.environ.clear()
    os.environ.update(order["env"])
    name_process(order["name"])


def _reap(door: socket.socket, awake: socket.socket) -> None:
    try:
        awake.recv(4096)
    except BlockingIOError:
        return
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        door.send(json.dumps({"pid": pid, "code": os.waitstatus_to_exitcode(status)}).encode())


def main() -> None:
    door = socket.socket(fileno=int(sys.argv[1]))
    load()
    order = serve(door)
    sys.argv = order["words"]
    runpy.run_module(order["words"][0], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
