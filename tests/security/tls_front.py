"""Puts TLS in front of a server on this machine whose wheel has none, so that our side of TLS is tried for real."""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from tests.security.certificates import Certificates

SSL_REQUEST = 8


@contextmanager
def tls_front(certificates: Certificates, port: int, *, asks_first: bool = False) -> Iterator[int]:
    """The port that speaks TLS and hands on to `port`; `asks_first` as PostgreSQL's clients do."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates.certificate, certificates.key)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=_accept, args=(listener, context, port, asks_first), daemon=True).start()
        yield listener.getsockname()[1]


def _accept(listener: socket.socket, context: ssl.SSLContext, port: int, asks_first: bool) -> None:
    with suppress(OSError):
        while True:
            client, _ = listener.accept()
            threading.Thread(target=_serve, args=(client, context, port, asks_first), daemon=True).start()


def _serve(client: socket.socket, context: ssl.SSLContext, port: int, asks_first: bool) -> None:
    with suppress(OSError), client:
        if asks_first:
            client.recv(SSL_REQUEST, socket.MSG_WAITALL)
            client.sendall(b"S")
        with (
            context.wrap_socket(client, server_side=True) as secure,
            socket.create_connection(("127.0.0.1", port)) as on,
        ):
            threading.Thread(target=_copy, args=(on, secure), daemon=True).start()
            _copy(secure, on)


def _copy(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while piece := source.recv(65536):
            target.sendall(piece)
        target.shutdown(socket.SHUT_WR)
