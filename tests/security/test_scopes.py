"""Each role sees exactly the schools of its scope: on every page, list, export and stream of every service.

Every route that a person of schools may open counts. One that names no schools stands in WITHOUT_SCHOOLS with its reason.
"""

import io
import re
import zipfile
from collections.abc import Iterator
from datetime import timedelta
from typing import NamedTuple
from uuid import uuid4

import pytest
from httpx2 import Response
from starlette.testclient import TestClient

from deploy.web import app
from shared.access import csrf_of, start_session
from shared.access.policy import PERMISSIONS
from shared.db import transaction
from shared.settings import SERVICES, settings
from shared.web.limits import limiter
from shared.web.requests import cookie_name
from tests.files import SCHOOL_HEADER, extraction, workbook
from tests.people import add_people, api_of
from tests.security.asgi import ask
from tests.security.routes import SURFACES, Surface
from tests.sesr.world import hold, open_incident
from tests.stack import deliver, failures, wipe

ALDER, BIRCH, CEDAR = "Alder El", "Birch MS", "Cedar HS"
KEYS = {ALDER: "1400101", BIRCH: "1400201", CEDAR: "1400301"}
PLOCS = {ALDER: "4001", BIRCH: "4002", CEDAR: "4003"}
EVERY = frozenset(KEYS)


class Person(NamedTuple):
    """Somebody with the schools that are theirs; `scope` as the directory file has it."""

    role: str
    name: str
    email: str
    scope: str
    schools: frozenset[str]


PEOPLE = (
    Person("central", "Okafor, Ines", "central@lausd.example", "", EVERY),
    Person("director", "Vega, Marta L", "by.spelling@lausd.example", "", frozenset({ALDER, BIRCH})),
    Person("director", "Oduya, Kem", "by.key@lausd.example", KEYS[BIRCH], frozenset({BIRCH, CEDAR})),
    Person("director", "Ang, Minh", "nobody@lausd.example", "", frozenset()),
    Person("principal", "Lindqvist, Per", "principal@lausd.example", KEYS[ALDER], frozenset({ALDER})),
    Person("designee", "Haddad, Noor", "designee@lausd.example", KEYS[ALDER], frozenset({ALDER})),
    Person("desk", "Brandt, Uwe", "desk@lausd.example", "E", frozenset({ALDER, BIRCH})),
)
# In the files the first director is written without the initial, and so is nobody of whom a letter is missing.
SCHOOLS = (
    (KEYS[ALDER], PLOCS[ALDER], ALDER, "Elementary", "E", "North CoS", "VEGA, MARTA"),
    (KEYS[BIRCH], PLOCS[BIRCH], BIRCH, "Elementary", "E", "North CoS", "vega,  marta l."),
    (KEYS[CEDAR], PLOCS[CEDAR], CEDAR, "Elementary", "W", "West CoS", "ODUYA, KEM"),
)
NO_SCHOOLS = "No school is assigned to you here"

# Rates are open to everybody who is signed in, as in the district's own tool; the own schools are asked for by `mine`.
OWN_BY_QUERY = {path: "mine=1&group=parents" for path in (
    "/rates/", "/rates/export.xlsx", "/rates/export.csv", "/rates/api/v1/rates",
)}  # fmt: skip
QUERIES = {**OWN_BY_QUERY, "/schools": "q=nowhere", "/rates/values": "column=school&mine=1&group=parents"}
WITHOUT_SCHOOLS = {
    "/": "the home page lists what a role can do",
    "/schools": "the search finds every school for everybody, as the table of rates does; here it finds none",
    "/settings": "what can be set, of no school",
    "/accessibility": "a statement, before anybody is known",
    "/ingest/cards": "says nothing to these roles",
    "/notify/cards": "counts alerts",
    "/sign-in": "before anybody is known",
    "/sign-in/start": "before anybody is known",
    "/sign-in/callback": "before anybody is known",
    "/sign-out/everywhere": "ends a session",
    "/healthz": "for machines",
    "/readyz": "for machines",
    "/rates/rollup": "sums of all schools, open to everybody as the table is",
    "/rates/heatmap": "all schools, open to everybody as the table is",
    "/rates/api/v1/extractions": "lists extractions",
    "/rates/extractions": "lists extractions",
    "/rates/files": "lists the files that the person requested",
    "/tracker/workbook.xlsx": "of the school that its address names",
    "/tracker/imports": "lists the person's own files",
    "/tracker/items": "lists the items of the plan",
    "/tracker/feasibility": "schools that have not met a goal, of which this world has none",
    "/tracker/district": "counts by item; whose schools are counted is tried in tests/tracker/test_district.py",
    "/tracker/district.csv": "counts by item, as the page",
    "/tracker/api/v1/district": "counts by item, as the page",
    "/tracker/exports": "lists the person's own exports",
    "/tracker/files": "lists the files that the person requested",
    "/tracker/api/v1/items": "lists the items of the plan",
    "/tracker/api/v1/plans": "lists the strategic plans",
    "/sesr/api/v1/incidents": "lists incidents",
    "/sesr/api/v1/reports": "of the school that its address names",
    "/sesr/report/warnings": "of the report that is being typed",
    "/sesr/sw.js": "a script",
    "/sesr/calls": "schools that have not reported, of which this world has none; tried in tests/sesr/test_calls.py",
    "/sesr/calls.xlsx": "the same as a workbook",
    "/sesr/day": "schools that missed a report, of which this world has none; tried in tests/sesr/test_calls.py",
    "/sesr/calendar": "the address of the person's calendar; what it shows is tried in tests/sesr/test_calendar.py",
    "/sesr/entry": "takes rows; what can be entered is tried in tests/sesr/test_entry.py",
    "/sesr/paper": "of the school that its address names",
    "/sesr/public": "sums alone, for everybody",
    "/notify/api/v1/snoozes": "lists snoozes, of which this world has none",
    **{f"/{service}/cards/settings": "what can be set, of no school" for service in SERVICES},
}
# Routes that name schools to some roles only, and why.
OF_ROLES = {
    "/sesr/banner": ({"principal", "designee"}, "who reports for a school"),
    "/sesr/cards": ({"principal", "designee"}, "a board in figures for those who have one"),
    "/tracker/cards": ({"principal", "designee"}, "says nothing to others"),
    "/sesr/": ({"central", "director", "desk"}, "whoever has one site is led to its report at once"),
    "/sesr/report": ({"principal", "designee"}, "a desk first looks for the school"),
    "/sesr/api/v1/me": ({"principal", "designee"}, "the sites that a phone keeps for its form"),
}
# Mails go to the director whom the files name; a school that only the directory's scope gives is not mailed about.
MAILED_BY_NAME = "/notify/mine"
FOR_MACHINES = re.compile(r"/(metrics|openapi\.json|docs|healthz|readyz)$")
SCOPED = ("director", "principal", "designee", "desk")


def may_open(role: str, surface: Surface) -> bool:
    return surface.permission == "public" or role in PERMISSIONS[str(surface.permission)]


LISTS = [
    surface
    for surface in SURFACES
    if surface.method == "GET" and "{" not in surface.path and not FOR_MACHINES.search(surface.path)
    if any(may_open(role, surface) for role in SCOPED)
]
OF_A_SCHOOL = re.compile(r"\{(school_key|key|ploc)\}")


@pytest.fixture(scope="module")
def world(stack_servers: object) -> Iterator[None]:
    """The directory and an extraction, loaded as the office loads them, a strike of today, and a goal met at each school."""
    wipe()
    add_people()
    limiter.clear()
    office = api_of("central")
    people = [("Name", "Role", "Email", "Scope", "Aliases"), *((p.name, p.role, p.email, p.scope, "") for p in PEOPLE)]
    files = {
        "directory": workbook({"Schools": [SCHOOL_HEADER, *SCHOOLS], "People": people}),
        "participation": extraction(
            (region, ploc, cos, director, name, "Parents", "", "", 100, 5, "5%", "2025-02-21")
            for _, ploc, name, _, region, cos, director in SCHOOLS
        ),
    }
    for kind, content in files.items():
        answer = office.post("/ingest/api/v1/uploads", params={"kind": kind}, files={"file": ("file.xlsx", content)})
        assert answer.status_code == 201, answer.text
        deliver()
    open_incident(windows="23:59")  # due at no time of this day, so that nobody has missed a report whatever the hour
    for school_key in KEYS.values():
        report = {"report_id": str(uuid4()), "school_key": school_key, "counts": {"students_present": 1}}
        assert office.post("/sesr/api/v1/reports", json={**report, "proxy_for": "the office"}).status_code == 201
        hold(school_key)
    for ploc in PLOCS.values():
        met = {"baseline": 60, "results": [70, 80, 90, 99]}
        assert office.put(f"/tracker/api/v1/schools/{ploc}/items/1b-happy", json=met).status_code == 200
    deliver()
    assert failures() == []
    yield


def expected(person: Person, surface: Surface) -> frozenset[str]:
    """The schools that a route is to name to somebody."""
    roles, _ = OF_ROLES.get(surface.path, ({person.role}, ""))
    if surface.path in WITHOUT_SCHOOLS or person.role not in roles:
        return frozenset()
    if surface.path == MAILED_BY_NAME and person.scope:
        return person.schools - {school for school, key in KEYS.items() if key == person.scope}
    return person.schools


def signed_in(person: Person, accept: str = "text/html") -> TestClient:
    with transaction("ingest") as session:
        token = start_session(session, person.email, person.role, timedelta(days=1))
    client = TestClient(app, base_url=settings().public_url, follow_redirects=False, headers={"accept": accept})
    client.cookies.set(cookie_name(), token)
    client.headers["x-csrf-token"] = csrf_of(token)
    return client


def text_of(answer: Response) -> str:
    """The text of a page or file; of a workbook all its parts."""
    if "spreadsheetml" not in answer.headers.get("content-type", ""):
        return answer.text
    with zipfile.ZipFile(io.BytesIO(answer.content)) as parts:
        return "".join(parts.read(name).decode() for name in parts.namelist())


def seen(client: TestClient, surface: Surface) -> frozenset[str]:
    """The schools that a list names to who is signed in; of a stream its first piece."""
    address = f"{surface.path}?{QUERIES[surface.path]}" if surface.path in QUERIES else surface.path
    if surface.path.endswith("/stream"):
        cookie = f"{cookie_name()}={client.cookies.get(cookie_name())}"
        answer = ask("GET", address, {"host": settings().public_url.partition("://")[2], "cookie": cookie})
        return named_in(answer.body)
    return named_in(text_of(client.get(address)))


def named_in(body: str) -> frozenset[str]:
    """The schools that a text names, by name or by key."""
    return frozenset(school for school, key in KEYS.items() if school in body or key in body)


@pytest.mark.parametrize("person", PEOPLE, ids=lambda person: f"{person.role} {person.name}")
def test_every_list_export_and_stream_names_exactly_the_schools_of_ones_scope(world: None, person: Person) -> None:
    client = signed_in(person)
    wrong = {
        str(surface): sorted(named)
        for surface in LISTS
        if may_open(person.role, surface) and (named := seen(client, surface)) != expected(person, surface)
    }
    assert wrong == {}, f"{person.name} should see {sorted(person.schools)}; a list without schools needs its reason"


def at(surface: Surface, school: str) -> str:
    """The route's address for a school, and for the first item of any list."""
    values = {"school_key": KEYS[school], "key": KEYS[school], "ploc": PLOCS[school]}
    return re.sub(r"\{(\w+)(:\w+)?\}", lambda found: values.get(found[1], "1"), surface.path)


# The page of a school names it to everybody; the cards on it are tried below.
OPEN_TO_ALL = ("rates.see", "schools.see")
SCHOOL_ROUTES = [
    surface
    for surface in SURFACES
    if OF_A_SCHOOL.search(surface.path)
    and surface.permission not in OPEN_TO_ALL
    and any(may_open(role, surface) for role in SCOPED)
]


@pytest.mark.parametrize("person", PEOPLE[1:], ids=lambda person: f"{person.role} {person.name}")
def test_a_foreign_school_is_not_there_and_ones_own_is(world: None, person: Person) -> None:
    client = signed_in(person, "application/json")
    opened = 0
    for surface in SCHOOL_ROUTES:
        if not may_open(person.role, surface):
            continue
        found = {school: client.request(surface.method, at(surface, school), json={}) for school in sorted(EVERY)}
        if all(answer.status_code == 422 for answer in found.values()):
            continue  # refused for its form before anybody asked for the school
        for school in EVERY - person.schools:
            assert found[school].status_code in (403, 404), f"{surface} {school} {found[school].status_code}"
            assert named_in(found[school].text.replace(found[school].url.path, "")) == frozenset(), (
                f"{surface} {school}"
            )
        opened += sum(found[school].status_code < 400 for school in person.schools)
    assert opened or not person.schools, "own schools were not there either: the test tries nothing"


@pytest.mark.parametrize("person", PEOPLE, ids=lambda person: f"{person.role} {person.name}")
def test_the_cards_of_a_school_say_something_only_of_ones_own(world: None, person: Person) -> None:
    client = signed_in(person)
    for service in ("sesr", "tracker"):
        cards = {school: client.get(f"/{service}/cards/school/{KEYS[school]}").text for school in EVERY}
        assert {school for school, body in cards.items() if "status-card" in body} == person.schools, service


@pytest.mark.parametrize("person", PEOPLE, ids=lambda person: f"{person.role} {person.name}")
def test_who_has_no_school_is_told_so_on_every_page_and_nobody_else_is(world: None, person: Person) -> None:
    client = signed_in(person)
    lists = [surface for surface in LISTS if may_open(person.role, surface) and not surface.path.endswith("/stream")]
    pages = [(surface, client.get(surface.path)) for surface in lists]
    shown = [(surface, page) for surface, page in pages if page.status_code == 200 and "<main" in page.text]
    assert len(shown) >= 3
    wrong = [str(surface) for surface, page in shown if (NO_SCHOOLS in page.text) != (not person.schools)]
    assert wrong == []
