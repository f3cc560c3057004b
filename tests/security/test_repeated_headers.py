"""A header that decides something is given once: no two readers of a request take different ones."""

import re

import pytest

from shared.web.middleware import ONCE
from tests.security.asgi import ask, headers_of
from tests.stack import ROOT

FORM, FILES = "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"
# A mapping of headers keeps the last of two, where the framework reads the first.
_LAST_OF_TWO = re.compile(r"\bdict\(\s*\w*scope(\[|\.get\()[\"']headers|\bdict\([\w.]*headers\.raw")


@pytest.mark.usefixtures("clean")
@pytest.mark.parametrize("name", ONCE)
@pytest.mark.parametrize("accept", ["text/html", "application/json"])
def test_a_header_that_decides_something_is_refused_where_it_is_given_twice(name: str, accept: str) -> None:
    given = {**headers_of("principal", accept), "content-type": FORM, "content-length": "3", "x-request-id": "a" * 8}
    value = {**given, "authorization": "Bearer x"}[name.lower()]
    others = [pair for pair in given.items() if pair[0] != name.lower()]
    for path in ("/role", "/sesr/report", "/rates/", "/nowhere"):
        for second in (value, "x", ""):
            answer = ask("POST", path, [*others, (name.lower(), value), (name.lower(), second)], b"a=b")
            assert answer.status == 400 and f"more than one {name} header" in answer.body, (path, second)


@pytest.mark.usefixtures("clean")
def test_a_second_content_type_is_no_way_around_the_limit_of_a_form() -> None:
    """4 MB of `&`, said to be a form and then to be a file, were parsed for seconds."""
    headers = list(headers_of("principal").items())
    for kinds in ((FORM, FILES), (FILES, FORM), ("application/json", FILES)):
        answer = ask("POST", "/sesr/report", [*headers, *(("content-type", kind) for kind in kinds)], b"&" * 300_000)
        assert answer.status == 400, kinds


def test_nothing_takes_the_last_of_two_headers() -> None:
    places = [path for folder in ("services", "shared", "deploy") for path in (ROOT / folder).rglob("*.py")]
    assert [str(path) for path in places if _LAST_OF_TWO.search(path.read_text())] == []
    assert _LAST_OF_TWO.search('dict(scope["headers"]).get(b"host")')
