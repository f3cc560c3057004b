"""A real PgBouncer in transaction mode before the real PostgreSQL: each transaction may meet another server process."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psycopg

from deploy.embedded.servers import free_port
from shared.settings import SERVICES, settings
from tests.deploy.waiting import until

POOL = 3  # connections of a role to PostgreSQL: fewer than there are programs, so that they share them


@contextmanager
def pooler(folder: Path) -> Iterator[str]:
    """The address of PostgreSQL through PgBouncer, as its owner; it runs while the block lasts."""
    program = shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin")
    assert program is not None, "install pgbouncer: make system"
    server, port = urlsplit(settings().database_url), free_port()
    _write(folder, server.hostname or "127.0.0.1", server.port or 5432, port)
    as_other = ["-u", "nobody"] if os.geteuid() == 0 else []
    with open(folder / "pgbouncer.log", "ab") as log:
        started = subprocess.Popen([program, *as_other, str(folder / "pgbouncer.ini")], stdout=log, stderr=log)
    address = server._replace(netloc=f"{server.username}:{server.password}@127.0.0.1:{port}").geturl()
    try:
        until(lambda: answers(address), psycopg.OperationalError)
        yield address
    finally:
        started.kill()
        started.wait()


def answers(address: str) -> bool:
    """Whether PostgreSQL is reached through the address."""
    with psycopg.connect(address, connect_timeout=1) as connection:
        return connection.execute("select 1").fetchone() == (1,)


def _write(folder: Path, host: str, server_port: int, port: int) -> None:
    owner = urlsplit(settings().database_url)
    secrets = {f"ses_{name}": settings().database_passwords[name].get_secret_value() for name in SERVICES}
    secrets |= {owner.username or "": owner.password or ""}
    (folder / "users.txt").write_text("".join(f'"{user}" "{password}"\n' for user, password in secrets.items()))
    (folder / "pgbouncer.ini").write_text(f"""
[databases]
* = host={host} port={server_port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = {folder}/users.txt
pool_mode = transaction
default_pool_size = {POOL}
ignore_startup_parameters = extra_float_digits
""")
    for path in (folder, *folder.iterdir()):
        path.chmod(0o755)
