"""The forecast in the product: fitted in the worker for each extraction, stored, shown, exported, published."""

import json
import subprocess
import sys
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlmodel import Session

from services.rates.actions.extractions import compute_tiers
from services.rates.actions.forecasts import fit_forecasts
from shared.db import transaction
from shared.events import ExtractionLoaded, ExtractionRow
from tests.people import browser_of
from tests.rates.world import counts

pytestmark = pytest.mark.usefixtures("clean")
OPENS, CLOSES = date(2025, 1, 27), date(2025, 3, 17)


def loaded(term: str, opens: date, week: int, rows: list[ExtractionRow]) -> ExtractionLoaded:
    return ExtractionLoaded(
        upload_id=uuid4(),
        term=term,
        extraction_date=opens + timedelta(7 * week),
        revision=1,
        follows_revision=0,
        groups=("parents",),
        group="parents",
        part=1,
        parts=1,
        window_opens=opens,
        window_closes=opens + timedelta(49),
        rows=rows,
        removed=[],
    )


def school(number: int, week: int) -> ExtractionRow:
    """A school whose final rate is 10% and three more for each number; half of what is left comes every week."""
    final = 10 + 3 * number
    return counts(f"School {number}", round(4 * final * (1 - 0.5**week)), 400, director="VEGA, MARTA")


def load_term(term: str, opens: date, weeks: range) -> None:
    for week in weeks:
        with transaction("rates") as session:
            compute_tiers(session, loaded(term, opens, week, [school(n, week) for n in range(20)]), fit_forecasts)


def stored(term: str, day: date) -> dict[str, Any]:
    with transaction("rates") as session:
        found = session.execute(
            text("select * from school_history where term = :term and extraction_date = :day"),
            {"term": term, "day": day},
        )
        return {row.school: row for row in found}


@pytest.fixture
def two_terms(clean: None) -> date:
    """A whole earlier term, and two weeks of this one."""
    load_term("Sp24", OPENS - timedelta(364), range(1, 8))
    load_term("Sp25", OPENS, range(1, 3))
    return OPENS + timedelta(14)


def test_history_that_was_loaded_tells_where_schools_end(two_terms: date) -> None:
    rows = stored("Sp25", two_terms)
    ends = [(rows[f"School {number}"], 4 * (10 + 3 * number)) for number in range(20)]
    assert all(row.submitted <= row.final_low <= row.final_likely <= row.final_high for row, _ in ends)
    assert sum(abs(row.final_likely - final) for row, final in ends) / 20 <= 12
    assert (rows["School 0"].outlook, rows["School 0"].tier) == ("stays", 1)
    assert (rows["School 7"].outlook, rows["School 7"].tier) == ("leaves", 1)
    assert rows["School 19"].outlook == ""
    assert float(rows["School 0"].needed_per_day) == pytest.approx((100 - 30) / 25)


def test_a_late_extraction_leaves_only_the_newest_one_fitted_anew(clean: None) -> None:
    """One event costs one fit, whatever the number of extractions after it: more would outlast a task."""
    fitted: list[date] = []

    def fit(session: Session, term: str, group: str, day: date, is_newest: bool) -> None:
        if is_newest:
            fitted.append(day)
        fit_forecasts(session, term, group, day, is_newest)

    for week in (1, 3, 4, 5):
        with transaction("rates") as session:
            compute_tiers(session, loaded("Sp25", OPENS, week, [school(n, week) for n in range(20)]), fit)
    assert fitted == [OPENS + timedelta(7 * week) for week in (1, 3, 4, 5)]
    fitted.clear()
    with transaction("rates") as session:
        compute_tiers(session, loaded("Sp25", OPENS, 2, [school(n, 2) for n in range(20)]), fit)
    assert fitted == [OPENS + timedelta(35)]
    rows = {week: stored("Sp25", OPENS + timedelta(7 * week))["School 7"] for week in (1, 2, 3, 5)}
    foreseen = {week: row.final_likely for week, row in rows.items()}
    assert all(row.needed_per_day for row in rows.values() if row.tier == 1)
    assert foreseen[2] is None and foreseen[3] is None
    assert foreseen[1] is not None and foreseen[5] is not None


def test_without_a_window_ahead_or_enough_schools_nothing_is_said() -> None:
    load_term("Sp25", OPENS, range(7, 8))
    with transaction("rates") as session:
        compute_tiers(session, loaded("Su25", date(2025, 6, 2), 1, [school(1, 1)]), fit_forecasts)
    closed, alone = stored("Sp25", CLOSES)["School 1"], stored("Su25", date(2025, 6, 9))["School 1"]
    assert (closed.final_likely, closed.outlook, closed.needed_per_day) == (None, "", None)
    assert (alone.final_likely, alone.outlook) == (None, "")
    assert alone.needed_per_day > 0


def test_the_outlook_is_a_column_a_filter_an_export_and_in_the_api(two_terms: date) -> None:
    browser = browser_of("central")
    page = browser.get("/rates/?group=parents&outlook=stays&sort=per_day").text
    assert "School 0" in page and "School 19" not in page
    assert "Will end in Tier 1" in page
    rows = browser.get("/rates/api/v1/rates?group=parents&outlook=leaves&sort=forecast").json()["rows"]
    assert rows and all(row["outlook"] == "leaves" and row["final_low"] >= 100 for row in rows)
    csv = browser.get("/rates/export.csv?group=parents&outlook=stays").text
    assert "Needed_Per_School_Day" in csv and "Will end in Tier 1" in csv


def test_a_roll_up_says_how_many_will_end_in_tier_1(two_terms: date) -> None:
    kept = [row.outlook for row in stored("Sp25", two_terms).values()]
    page = browser_of("central").get("/rates/rollup?group=parents").text
    assert f"If nothing changes, {kept.count('stays')} schools will end in Tier 1 and {kept.count('may')} may." in page


def test_the_published_tiers_carry_the_outlook(two_terms: date) -> None:
    with transaction("rates") as session:
        events = session.execute(
            text("select payload from rates.outbox_event where topic = 'rates.tiers_computed' order by event_id")
        ).all()
    rows = json.loads(events[-1].payload)["rows"]
    by_school = {row[2]: row for row in rows}
    assert by_school["School 0"][11] <= by_school["School 0"][12] <= by_school["School 0"][13] < 100
    assert by_school["School 0"][14] == "stays"


def test_only_a_worker_loads_the_numerical_library() -> None:
    code = (
        "import sys; from importlib import import_module\n"
        "for name in ('ingest', 'rates', 'tracker', 'sesr', 'notify'): import_module(f'services.{name}.app')\n"
        "print('numpy' in sys.modules); import services.rates.tasks; print('numpy' in sys.modules)"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.split() == ["False", "True"]
