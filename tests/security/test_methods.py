"""What a stranger makes up leaves nothing that stays: no metric, no long line in the log."""

import pytest
from structlog.testing import capture_logs

from shared.ops.metrics import REGISTRY
from tests.security.asgi import ask, headers_of


def series() -> set[tuple[str, ...]]:
    """Each series that this process keeps: its name and labels."""
    return {(sample.name, *sample.labels.values()) for metric in REGISTRY.collect() for sample in metric.samples}


@pytest.mark.usefixtures("clean")
def test_methods_that_http_does_not_have_are_counted_and_logged_as_one() -> None:
    """Four hundred made-up methods of 60 kB made 48 MB of metrics."""
    headers = headers_of(None)
    ask("OTHER", "/rates/", headers)
    before = series()
    with capture_logs() as lines:
        for method in ("MADEUP", "get", "Get", "GET ", "PROPFIND", "X" * 60_000, ""):
            assert ask(method, "/rates/", headers).status == 405, method
    assert series() == before
    assert {line["method"] for line in lines if line["event"] == "request"} == {"other"}


@pytest.mark.usefixtures("clean")
def test_a_method_that_http_has_is_counted_by_its_name() -> None:
    for method in ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"):
        status = ask(method, "/rates/", headers_of(None)).status
        assert ("ses_requests_total", "rates", method, str(status)) in series()
