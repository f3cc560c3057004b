"""A bulk file of survey results goes in at ingest and comes out as progress in the tracker, for every school in it."""

from pathlib import Path

import pytest

from deploy.demo.district import district
from deploy.demo.files import write_directory, write_results
from deploy.demo.results import ITEMS, results
from shared.access import issue_token
from tests.people import api_of
from tests.stack import deliver, failures


@pytest.mark.usefixtures("clean")
def test_a_results_file_fills_the_tracker_of_every_school(tmp_path: Path) -> None:
    found = district("small")
    write_directory(tmp_path / "directory.xlsx", found)
    write_results(tmp_path / "results.csv", found)
    central = api_of(None)
    central.headers["authorization"] = f"Bearer {issue_token('central')}"
    for kind, name in (("directory", "directory.xlsx"), ("survey-results", "results.csv")):
        file = {"file": (name, (tmp_path / name).read_bytes())}
        answer = central.post("/ingest/api/v1/uploads", params={"kind": kind}, files=file)
        assert answer.status_code in (201, 202), answer.text
    deliver(times=2)
    assert failures() == []
    told = list(results(found))
    schools = {row.code for row in told}
    items = central.get("/tracker/api/v1/district").json()["items"]
    assert len(items) == len(ITEMS)
    assert all(item["known"] > 0.8 * len(schools) for item in items)
    first = told[0]
    line = next(
        item
        for item in central.get(f"/tracker/api/v1/schools/{first.code}/items").json()["items"]
        if item["item"] == first.item
    )
    mine = {row.period: str(row.percent) for row in told if (row.code, row.item) == (first.code, first.item)}
    assert dict(zip(line["periods"], [line["baseline"], *line["results"]], strict=True)) == {
        period: mine.get(period) for period in line["periods"]
    }
