"""Percents of survey results as districts write them: decimal commas, and cells that are suppressed."""

from decimal import Decimal

import pytest

from services.ingest.rules.findings import BadCell
from services.ingest.rules.results import read_percent
from tests.ingest.making import text_table
from tests.ingest.test_listings import RESULTS, central, codes, result, send
from tests.stack import deliver, failures

__all__ = ["central"]


@pytest.mark.parametrize(
    ("cell", "percent"),
    [
        ("76,5", Decimal("76.5")), ("76,5 %", Decimal("76.5")), ("76,50", Decimal("76.5")), ("100,000", Decimal(100)),
        ("76.5", Decimal("76.5")), ("0,5", Decimal("0.5")), ("", None), ("*", None), ("**", None), ("n<10", None),
        ("N < 10", None), ("Suppressed", None),
    ],
)  # fmt: skip
def test_a_percent_is_what_it_can_only_mean(cell: str, percent: Decimal | None) -> None:
    assert read_percent(cell) == percent


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("76,51", "percent_decimals"), ("0,765", "fraction_given"), ("1,234.5", "percent_unreadable"),
        ("765,0", "percent_unreadable"), ("7,6,5", "percent_unreadable"), ("<10", "percent_unreadable"),
        ("n/a", "percent_unreadable"), ("-", "percent_unreadable"), ("****", "percent_unreadable"),
    ],
)  # fmt: skip
def test_a_percent_that_can_mean_two_things_is_rejected(cell: str, code: str) -> None:
    with pytest.raises(BadCell) as refused:
        read_percent(cell)
    assert refused.value.code == code


@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
def test_commas_and_suppressed_cells_are_read_alike_in_every_file_and_named(central: object, delimiter: str) -> None:
    good = [result(f"Item {n}", f"7{n},5") for n in range(3)]
    rows = [RESULTS, *good, result("Hidden", "*"), result("Torn", "*"), result("Torn", "70,0")]
    answer = send(central, "survey-results", text_table(rows, delimiter=delimiter), "results.csv")  # type: ignore[arg-type]
    assert answer.status_code == 409 and answer.json()["problems"][0]["code"] == "rejected_many"
    answer = send(central, "survey-results", text_table(rows[:5], delimiter=delimiter), "results.csv")  # type: ignore[arg-type]
    assert (answer.status_code, answer.json()["counts"]) == (201, {"accepted": 4, "rejected": 0}), answer.text
    assert codes(answer) == {"percent_suppressed": 1, "percent_comma": 3}
    place = next(problem for problem in answer.json()["problems"] if problem["code"] == "percent_suppressed")
    assert (place["row"], place["value"]) == (5, "*")
    deliver()
    assert failures() == []
