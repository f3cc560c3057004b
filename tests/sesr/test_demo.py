"""The demo's drill of a strike goes through the real API once."""

import pytest

from deploy.demo.district import district
from deploy.demo.drill import NAME, first_reports, open_drill
from shared.access import issue_token
from shared.events import DirectorySchool
from shared.web.clock import today
from tests.people import api_of
from tests.sesr.world import load_schools
from tests.stack import deliver

pytestmark = pytest.mark.usefixtures("clean")


def test_the_drill_is_opened_once_with_its_reports() -> None:
    load_schools(
        [
            DirectorySchool(
                school.code, school.ploc, school.code, school.name, school.level, school.region, school.cos,
                school.director.last, school.enrolled, school.classified_classroom, school.classified_other,
                school.certificated_admin, school.certificated_other, school.principal, school.landline,
            )
            for school in district("small").schools
        ]
    )  # fmt: skip
    central = api_of(None)
    central.headers["authorization"] = f"Bearer {issue_token('central')}"
    expected = len(first_reports("small"))
    assert open_drill(central, "small", today()) == f"opened with {expected} reports"
    assert open_drill(central, "small", today()) == "open already"
    deliver()
    board = central.get("/sesr/api/v1/board").json()
    assert board["drill"] is True
    assert [row["name"] for row in central.get("/sesr/api/v1/incidents").json()["rows"]] == [NAME]
    assert board["total"]["reported"] == expected
