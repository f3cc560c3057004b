"""Every form that changes something has a way back or a question, as docs/changes.md says: the table is read here."""

import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

from fastapi.routing import iter_route_contexts

from deploy.web import APPS
from shared.settings import SERVICES
from shared.web.requests import SAFE_METHODS

ROOT: Final = Path(__file__).parent.parent
ROW: Final = re.compile(r"^\| `(/[^`]*)` \| ([a-z ]+) \| (.+) \|$", re.MULTILINE)
FORM: Final = re.compile(r"<form[^>]*method=\"post\"[^>]*action=\"([^\"]*)\"")
HERE: Final = re.compile(r"\{% set here = \"([^\"]*)\"")
ASKED: Final = re.compile(r"\{% call confirm\((.*?), \"")
WAYS: Final = {"undo", "asks", "asks in part", "shown first", "named"}


class Way(NamedTuple):
    """How a form is taken back, or asks, by the table."""

    way: str
    words: str


def table() -> dict[str, Way]:
    found = {path: Way(way, words) for path, way, words in ROW.findall((ROOT / "docs/changes.md").read_text())}
    return {path.replace("{service}", service): way for path, way in found.items() for service in SERVICES}


def page_routes(methods: frozenset[str]) -> Iterator[tuple[str, Any]]:
    """(path, function) of every route of the pages that answers one of the methods."""
    for app in APPS.values():
        for route in iter_route_contexts(app.routes):
            path, endpoint = route.path or "", getattr(route, "endpoint", None)
            if "/api/" not in path and endpoint is not None and methods & (route.methods or {"GET"}):
                yield path, endpoint


EVERY: Final = frozenset({"POST", "PUT", "PATCH", "DELETE"})
CHANGES: Final = dict(page_routes(EVERY))
READS: Final = {path for path, _ in page_routes(frozenset(SAFE_METHODS))}
TABLE: Final = table()


def templates() -> Iterator[str]:
    for folder in (*ROOT.glob("services/*/templates"), ROOT / "shared/web/templates"):
        yield from (path.read_text() for path in sorted(folder.glob("*.html")))


def asked_of() -> set[str]:
    """The ends of the paths that a question of a template leads to, with every value as `*`."""
    found = set()
    for template in templates():
        for text in ASKED.findall(template):
            words = "".join(re.findall(r"\"([^\"]*)\"", text + '"' if text.count('"') % 2 else text))
            found.add(re.sub(r"%[sd]", "*", words))
    return found


def sent_to() -> set[str]:
    """The paths of the forms that send at once, with every value as `*`."""
    found = set()
    for template in templates():
        here = next(iter(HERE.findall(template)), "") + "*"
        for action in FORM.findall(template):
            found.add(re.sub(r"\{[{%].*?[}%]\}", "*", action.replace("{{ here }}", here)))
    return found


def asks(path: str) -> bool:
    """Whether a template's question leads to a route."""
    plain = re.sub(r"\{[^}]*\}", "*", path)
    service = plain.split("/")[1]
    ends = {plain, plain.replace(f"/{service}/", "/*/", 1)}
    return any(ask and any(end.endswith(ask) for end in ends) for ask in asked_of())


def test_the_table_has_every_form_of_every_page_and_no_other() -> None:
    assert len(CHANGES) > 90
    assert set(TABLE) == set(CHANGES)


def test_every_way_is_one_of_the_rule() -> None:
    assert {way.way for way in TABLE.values()} == WAYS
    assert [path for path, way in TABLE.items() if len(way.words) < 10] == []


def test_what_can_be_undone_offers_its_undo() -> None:
    """The function of the form answers with `done`, and hands it an undo."""
    lacking = [
        path
        for path, way in TABLE.items()
        if way.way == "undo" and not re.search(r"\bdone\(|_saved\(|undo=undo", inspect.getsource(CHANGES[path]))
    ]
    offering = {path for path, function in CHANGES.items() if "back(" in inspect.getsource(function)}
    assert lacking == []
    assert {path for path in offering if TABLE[path].way not in ("undo", "asks in part")} == set()


def test_what_asks_has_its_question_in_a_template_and_nothing_else_has() -> None:
    assert {path for path, way in TABLE.items() if way.way.startswith("asks")} == {p for p in CHANGES if asks(p)}


def test_what_asks_has_no_button_without_the_question() -> None:
    """A form beside the question would go around it; those that ask in part have one on purpose."""
    at_once = sent_to()
    assert len(at_once) > 40
    asking = [path for path, way in TABLE.items() if way.way == "asks"]
    assert [path for path in asking if re.sub(r"\{[^}]*\}", "*", path) in at_once] == []


def test_what_is_shown_first_names_the_page_that_shows_it() -> None:
    pages = {path: re.search(r"`(/[^`]+)`", way.words) for path, way in TABLE.items() if way.way == "shown first"}
    assert {path: page for path, page in pages.items() if page is None or page[1] not in READS} == {}
