"""Every case of the catalogue of dirty data, on real files through the upload door."""

from collections.abc import Iterator

import pytest

from deploy.embedded.installation import Servers
from tests.files import directory
from tests.ingest import cases_cells, cases_history, cases_shapes
from tests.ingest.catalogue import CASES, DOCS, Case, written
from tests.ingest.door import Door
from tests.people import add_people
from tests.stack import wipe

MODULES = (cases_cells, cases_shapes, cases_history)
SCHOOLS = (("1585701", "5857", "107th St El", "Elementary", "S", "Fremont CoS", "VEGA, MARTA"),)
PEOPLE = (
    ("Vega, Marta", "director", "vega@lausd.example", "1585701", ""),
    ("Okafor, Ines", "central", "central@lausd.example", "", ""),
)


@pytest.fixture(scope="module")
def door(stack_servers: Servers) -> Iterator[Door]:
    wipe()
    add_people()
    made = Door()
    assert made.send(directory(PEOPLE, SCHOOLS), dry=False, kind="directory").status_code == 201
    yield made
    made.client.close()


@pytest.mark.parametrize("chosen", CASES, ids=lambda c: f"{c.number}")
def test_every_case_has_its_outcome(door: Door, chosen: Case) -> None:
    chosen.check(door)


def test_the_catalogue_is_whole_and_stands_in_the_docs() -> None:
    assert sorted(c.number for c in CASES) == list(range(1, 37))
    assert {c.check.__module__ for c in CASES} == {module.__name__ for module in MODULES}
    assert DOCS.read_text(encoding="utf-8") == written(), "write it anew: python -m tests.ingest.write_catalogue"
