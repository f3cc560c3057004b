"""Own schools and foreign ones: on every route that names a school, the foreign one is not there."""

import re
from collections.abc import Sequence

import pytest

from shared.access.policy import PERMISSIONS
from tests.people import PEOPLE
from tests.security.asgi import ask, headers_of
from tests.security.routes import SURFACES, Surface
from tests.sesr.world import load_schools, open_incident

OWN, FOREIGN = "1400101", "1400301"
OWN_PLOC, FOREIGN_PLOC = "4001", "4003"
OPEN_TO_ALL = ("rates.see",)  # as in the district's own tool
SCOPED = ("director", "principal", "designee", "desk")
NAMED = re.compile(r"\{(school_key|key|ploc)\}")
ROUTES = [
    surface
    for surface in SURFACES
    if NAMED.search(surface.path)
    and surface.permission not in OPEN_TO_ALL
    and set(SCOPED) & PERMISSIONS.get(str(surface.permission), frozenset())
]


def at(surface: Surface, school: str, ploc: str) -> str:
    """The route's address for a school, and for the first item of any list."""
    named = {"school_key": school, "key": school, "ploc": ploc}
    return re.sub(r"\{(\w+)(:\w+)?\}", lambda found: named.get(found[1], "1"), surface.path)


def roles_on(surface: Surface) -> Sequence[str]:
    return [role for role in SCOPED if role in PERMISSIONS[str(surface.permission)]]


@pytest.mark.usefixtures("clean")
def test_a_foreign_school_is_not_there_and_ones_own_is() -> None:
    load_schools()
    open_incident()
    assert PEOPLE["principal"][1] == (OWN,)
    opened = 0
    for surface in ROUTES:
        for role in roles_on(surface):
            headers = {**headers_of(role), "content-type": "application/json"}
            own = ask(surface.method, at(surface, OWN, OWN_PLOC), headers)
            foreign = ask(surface.method, at(surface, FOREIGN, FOREIGN_PLOC), headers)
            if own.status == foreign.status == 422:
                continue  # refused for its form before anybody asked for the school
            assert foreign.status in (403, 404), f"{role} {surface} {foreign.status}"
            assert "Cedar" not in foreign.body, f"{role} {surface}"
            opened += own.status < 400
    assert opened >= 4, "own schools were not there either: the test tries nothing"


@pytest.mark.usefixtures("clean")
@pytest.mark.parametrize("role", SCOPED)
def test_no_list_export_or_choice_of_a_scoped_role_names_a_foreign_school(role: str) -> None:
    load_schools()
    open_incident()
    headers = headers_of(role, "text/html")
    lists = [
        surface
        for surface in SURFACES
        if surface.method == "GET"
        and "{" not in surface.path
        and str(surface.permission).startswith(("tracker.", "sesr.", "alerts."))
        and role in PERMISSIONS[str(surface.permission)]
    ]
    named = [str(surface) for surface in lists if "Cedar HS" in ask("GET", surface.path, headers).body]
    assert lists and named == []
