"""No codec but UTF-8 ever decodes a body, whatever a request asks for and wherever in it."""

import asyncio
from encodings.aliases import aliases

import pytest
from starlette.requests import Request
from starlette.types import Message, Scope

from shared.web.bodies import ANONYMOUS_LIMIT
from tests.security.asgi import ask, headers_of

UTF_8 = ("utf-8", "utf8", "UTF-8", "Utf8")
FORMS = ("multipart/form-data; boundary=x", "application/x-www-form-urlencoded", "application/json")


@pytest.mark.usefixtures("clean")
def test_every_other_codec_is_refused_before_the_body_is_read() -> None:
    """255 kB as Punycode, of nobody, kept all five services for 18.8 seconds."""
    field = b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n-'
    body = field + b"b" * (ANONYMOUS_LIMIT - len(field) - 9) + b"\r\n--x--\r\n"
    names = {*aliases, *aliases.values(), "idna", "punycode", "unicode_escape", "no-such", ""} - set(UTF_8)
    headers = {**headers_of(None), "content-length": str(len(body))}
    for name in sorted(names):
        kind = f"multipart/form-data; boundary=x; charset={name}"
        assert ask("POST", "/sign-in/demo", {**headers, "content-type": kind}, body).status == 415, name


@pytest.mark.usefixtures("clean")
@pytest.mark.parametrize("kind", FORMS)
@pytest.mark.parametrize(
    "said",
    ['; charset="punycode"', ";CHARSET=Punycode", "; charset=utf-8; charset=punycode", ' ; charset = "punycode"'],
)
def test_however_it_is_written_it_is_refused_in_words(kind: str, said: str) -> None:
    for accept, shown in (("text/html", "text/html; charset=utf-8"), ("application/json", "application/problem+json")):
        answer = ask("POST", "/sign-in/demo", {**headers_of(None, accept), "content-type": kind + said}, b"x")
        assert (answer.status, answer.headers["content-type"]) == (415, shown)
        assert "Send it again as UTF-8" in answer.body


@pytest.mark.usefixtures("clean")
@pytest.mark.parametrize("kind", FORMS)
def test_utf_8_may_be_named(kind: str) -> None:
    for name in (*UTF_8, '"utf-8"', '"UTF-8" '):
        headers = {**headers_of(None), "content-type": f"{kind}; charset={name}"}
        assert ask("POST", "/sign-in/demo", headers, b"").status != 415, name


def test_neither_a_part_nor_a_field_names_a_codec_that_is_heeded() -> None:
    fields = {"_charset_": "utf-16", "name": "Muñoz"}
    parts = (
        f'--x\r\nContent-Disposition: form-data; name="{name}"\r\nContent-Type: text/plain; charset=utf-16\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    )
    body = ("".join(parts) + "--x--\r\n").encode()
    scope: Scope = {"type": "http", "method": "POST", "headers": [(b"content-type", FORMS[0].encode())]}

    async def receive() -> Message:
        return {"type": "http.request", "body": body}

    async def read() -> list[tuple[str, object]]:
        return list((await Request(scope, receive).form()).multi_items())

    assert asyncio.run(read()) == list(fields.items())
