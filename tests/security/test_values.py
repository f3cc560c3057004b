"""Hostile values in every place of every route: path, query, header, form. None is answered by a failure of ours."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from html.parser import HTMLParser
from typing import Annotated, Any
from urllib.parse import quote_plus

import pytest
from fastapi.dependencies.models import Dependant
from fastapi.routing import iter_route_contexts
from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from deploy.web import APPS
from shared.access.policy import PERMISSIONS, ROLES
from shared.web.limits import limiter
from tests.people import add_people
from tests.security.asgi import ask, headers_of
from tests.security.routes import SURFACES, VALUES, Surface
from tests.stack import wipe

HOSTILE = (
    "", " ", "-1", "0", "²", "٣", "1e9999999", "NaN", "-inf", "9" * 19, "9" * 5000, "1" + "0" * 400, "0x10", "1_0",
    "\x00", "a\x00b", "\ud800", "é" * 300, "\u202e", "' or 1=1 --", "%", "\\", "{{7*7}}", "../../etc/passwd", "a\r\nb: c",
    "99999-01-01", "0000-00-00", "2026-02-30", "9999-12-31", "0001-01-01", "2026-11-21T25:61", "null", "[]", "1,2",
    "=1+1", "＠x", "a" * 9000,
)  # fmt: skip
HEADERS = ("last-event-id", "if-none-match", "x-request-id", "referer", "accept", "accept-language", "hx-request",
           "x-csrf-token", "if-modified-since", "range", "content-type", "origin", "host", "cookie", "authorization",
           "accept-encoding", "x-forwarded-for")  # fmt: skip
# Names that routes read from the query or a form without declaring them, beside those that the pages themselves name.
READ = ("rate.min", "rate.max", "school.has", "sort", "not.region", "tier", "page", "digest_id", "cursor", "q", "as_of")
AT_ONCE = 8
# Of the values each name gets every sixth, begun at another one for each name.
STEP = 6


class _Names(HTMLParser):
    """The names of the fields on a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("input", "select", "textarea", "button"):
            self.found.update(value for name, value in attrs if name == "name" and value)


def names_on(page: str) -> set[str]:
    parser = _Names()
    parser.feed(page)
    return parser.found


def _dependants(dependant: Dependant) -> Iterator[Dependant]:
    yield dependant
    for inner in dependant.dependencies:
        yield from _dependants(inner)


def declared(surface: Surface) -> tuple[set[str], set[str]]:
    """(query, form) names that a route declares."""
    for route in iter_route_contexts(APPS[surface.service].routes):
        if route.path == surface.path and surface.method in (route.methods or {"GET"}):
            found = getattr(route, "dependant", None)
            all_of = list(_dependants(found)) if found is not None else []
            queries = {field.alias for one in all_of for field in one.query_params}
            return queries, {field.alias for one in all_of for field in one.body_params}
    return set(), set()


def escaped(value: str) -> str:
    return quote_plus(value, errors="surrogatepass")


def role_for(surface: Surface) -> str | None:
    if surface.permission not in PERMISSIONS:
        return None
    return next(role for role in ROLES if role in PERMISSIONS[str(surface.permission)])


def queries(names: Sequence[str]) -> Iterator[str]:
    """Each name with each value; a few names go together, each with another value."""
    for start in range(0, len(HOSTILE), STEP):
        pairs = [(name, HOSTILE[(start + 7 * place) % len(HOSTILE)]) for place, name in enumerate(names)]
        for first in range(0, len(pairs), AT_ONCE):
            yield "&".join(f"{escaped(name)}={escaped(value)}" for name, value in pairs[first : first + AT_ONCE])


def failed(surface: Surface, path: str, headers: dict[str, str], body: bytes = b"") -> str:
    limiter.clear()
    answer = ask(surface.method, path, headers, body)
    # Without a provider of sign-ins the way to it is 503, whatever is sent.
    if answer.status < 500 or (answer.status == 503 and surface.path.startswith("/sign-")):
        return ""
    return f"{surface}: {answer.status} for {path[:120]} {body[:80]!r}"


@pytest.fixture(scope="module")
def signed_in(stack_servers: object) -> dict[str | None, dict[str, str]]:
    wipe()
    add_people()
    return {role: headers_of(role) for role in (*ROLES, None)}


def surfaces_of(service: str, *, writes: bool) -> list[Surface]:
    return [surface for surface in SURFACES if surface.service == service and surface.writes == writes]


@pytest.mark.parametrize("service", APPS)
def test_no_value_in_a_query_makes_a_route_fail(service: str, signed_in: dict[str | None, dict[str, str]]) -> None:
    wrong = []
    for surface in surfaces_of(service, writes=False):
        headers = {**signed_in[role_for(surface)], "accept": "text/html"}
        page = ask("GET", surface.address, headers).body
        names = sorted({*declared(surface)[0], *names_on(page), *(READ if service == "rates" else ())})
        wrong += [failed(surface, f"{surface.address}?{query}", headers) for query in queries(names)]
    assert [line for line in wrong if line] == []


@pytest.mark.parametrize("service", APPS)
def test_no_value_in_a_form_makes_a_route_fail(service: str, signed_in: dict[str | None, dict[str, str]]) -> None:
    names = {name for surface in surfaces_of(service, writes=True) for name in declared(surface)[1]} | {*READ}
    for surface in surfaces_of(service, writes=False):
        names |= names_on(ask("GET", surface.address, {**signed_in[role_for(surface)], "accept": "text/html"}).body)
    wrong = []
    for surface in surfaces_of(service, writes=True):
        if surface.path in ("/sign-out", "/role"):
            continue
        own = sorted({*declared(surface)[1], *(names if not declared(surface)[1] else ())} - {"csrf"})
        headers = {**signed_in[role_for(surface)], "content-type": "application/x-www-form-urlencoded"}
        wrong += [failed(surface, surface.address, headers, query.encode()) for query in queries(own or ["x"])]
    assert [line for line in wrong if line] == []


@pytest.mark.parametrize("service", APPS)
def test_no_value_in_a_path_makes_a_route_fail(service: str, signed_in: dict[str | None, dict[str, str]]) -> None:
    wrong = []
    for surface in SURFACES:
        if surface.service != service or "{" not in surface.path:
            continue
        for value in sorted({*HOSTILE} - {"\ud800"})[::3]:  # servers read paths as UTF-8
            path = surface.address
            for known in (*VALUES.values(), "00000000-0000-7000-8000-000000000001"):
                path = path.replace(known, value)
            wrong.append(failed(surface, path, signed_in[role_for(surface)]))
    assert [line for line in wrong if line] == []


def test_no_value_in_a_header_makes_a_route_fail(signed_in: dict[str | None, dict[str, str]]) -> None:
    wrong = []
    for surface in SURFACES:
        if surface.path in ("/sesr/board/stream", "/sign-in", "/rates/", "/ingest/api/v1/uploads"):
            for name in HEADERS:
                for value in HOSTILE[::2]:
                    sent = value.encode("utf-8", "replace").decode("latin-1").replace("\x00", "").replace("\r\n", "")
                    wrong.append(failed(surface, surface.address, {**signed_in[role_for(surface)], name: sent}))
    assert [line for line in wrong if line] == []


def test_a_moment_is_of_a_year_that_every_zone_has() -> None:
    """`services` may turn each into the district's time, which the years 1 and 9999 have no room for."""
    taken = [
        f"{route.path}: {name}"
        for app in APPS.values()
        for route in iter_route_contexts(app.routes)
        for one in _dependants(getattr(route, "dependant", None) or Dependant())
        for field in (*one.query_params, *one.path_params, *one.body_params)
        for name, found in _fields(field.alias, field.field_info)
        for moment in ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00")
        if _takes(found, moment)
    ]
    assert taken == []


def _fields(name: str, field: FieldInfo) -> Iterator[tuple[str, FieldInfo]]:
    """The field, or those of the model that it is."""
    kind = field.annotation
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        yield from kind.model_fields.items()
    else:
        yield name, field


def _takes(field: FieldInfo, text: str) -> bool:
    """Whether a field takes the text as a moment."""
    kind: Any = Annotated[field.annotation, "", *field.metadata]
    adapter = TypeAdapter(kind)
    try:
        return isinstance(adapter.validate_python(text), datetime)
    except ValidationError:
        return False


def test_an_answer_names_so_many_wrong_fields_and_no_more() -> None:
    body = "{" + ",".join(f'"{number:x}":1' for number in range(20_000)) + "}"
    headers = {**headers_of(None), "content-type": "application/json"}
    answer = ask("POST", "/sesr/api/v1/reports/queued", headers, body.encode())
    assert answer.status == 422 and len(answer.body) < len(body)
    assert "More problems follow" in answer.body
