"""The measurements of bench/ still fit the tables they fill: small ones of each that writes rows by itself."""

import psycopg
import pytest

from bench import rates, tracker
from deploy.embedded.installation import Servers
from services.tracker.rules.known import ITEMS
from shared.settings import settings


def count(table: str) -> int:
    with psycopg.connect(settings().database_url, autocommit=True) as owner:
        row = owner.execute(f"select count(*) from {table}".encode()).fetchone()
    assert row is not None
    return int(row[0])


def test_the_history_of_rates_is_made_of_whole_rows(clean: Servers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rates, "SCHOOLS", 4)
    assert [len(figure.values) for figure in rates.stored()] == [len(rates.DAYS)] * 2
    there = count("rates.rate")
    rates.fill(3 * rates.A_TERM)
    assert count("rates.rate") == 4 * there
    assert count("rates.school_history") == 4 * count("rates.school_history where term = 'Sp25'")
    assert rates.page_queries(times=1)


def test_the_targets_of_the_tracker_are_computed_and_copied(clean: Servers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracker, "SCHOOLS", 2)
    tracker.fill()
    tracker.add_schools()
    assert len(tracker.targets()) == 2
    assert count("tracker.item_progress") == 2 * len(ITEMS)
