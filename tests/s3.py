"""An S3 server of a test's own, with an empty bucket `district`."""

import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3
from moto.server import ThreadedMotoServer


@contextmanager
def s3_server() -> Iterator[tuple[str, Any]]:
    """The server's address, and a client of it; the key is `k`, its secret `s`."""
    server = ThreadedMotoServer("127.0.0.1", 0)
    server.start()
    host, port = server.get_host_and_port()
    endpoint = f"http://{host}:{port}"
    # All servers of a process share what they keep.
    urllib.request.urlopen(f"{endpoint}/moto-api/reset", data=b"").close()
    client = boto3.client(
        "s3", endpoint_url=endpoint, aws_access_key_id="k", aws_secret_access_key="s", region_name="us-east-1"
    )
    client.create_bucket(Bucket="district")
    yield endpoint, client
    server.stop()
