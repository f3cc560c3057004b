"""The demo district is loaded into an empty database alone: never over a restored one, and on where it was cut off."""

from collections.abc import Callable

import pytest

from deploy.demo.state import BEGUN, LOADED, Demo, demo_state, note_demo
from deploy.embedded.installation import Servers
from services.ingest.tables import Person, School, Upload
from shared.db import transaction
from shared.settings import settings
from tests.stack import wipe

SEEN: tuple[Callable[[], Person | School | Upload], ...] = (
    lambda: Person(person_id="central:o@lausd.example", name="Okafor, Ines", email="o@lausd.example", role="central"),
    lambda: School(school_key="4001:alder el", ploc="4001", name="Alder El", name_key="alder el"),
)


def state() -> Demo:
    return demo_state(settings().database_url)


def test_an_empty_database_gets_the_demo_and_a_loaded_one_keeps_it(stack_servers: Servers) -> None:
    wipe()
    assert state() is Demo.MISSING
    note_demo(settings().database_url, BEGUN)
    assert state() is Demo.CUT_OFF
    note_demo(settings().database_url, LOADED)
    assert (state(), state().is_to_load()) == (Demo.LOADED, False)


@pytest.mark.parametrize("make", SEEN)
def test_a_database_with_anything_of_a_district_is_left_alone(
    stack_servers: Servers, make: Callable[[], Person | School | Upload]
) -> None:
    wipe()
    with transaction("ingest") as session:
        session.add(make())
    assert (state(), state().is_to_load()) == (Demo.NOT_WANTED, False)
    assert "not loaded over them" in state().value
