"""One bounded reader for numbers from outside, and no other way to read them in the tree."""

import re
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.numbers import MOST, decimal, whole

ROOT = Path(__file__).parent.parent.parent


@pytest.mark.parametrize(
    "text", ["", " ", "-1", "+1", "1e9", "²", "٣", "1_0", "1.0", "9" * 19, "9" * 5000, "0x1", "1\n"]
)
def test_what_is_no_plain_whole_number_is_none(text: str) -> None:
    assert whole(text) is None


@pytest.mark.parametrize(
    "text", ["", ".", "1e9999999", "nan", "inf", "1,2", "٣", "9" * 16, "1." + "0" * 16, "--1", "1\n"]
)
def test_what_is_no_plain_decimal_is_none(text: str) -> None:
    assert decimal(text) is None


@given(st.integers(0, 10**18 - 1), st.integers(0, MOST))
def test_a_whole_number_is_read_up_to_the_most(number: int, most: int) -> None:
    assert whole(str(number), most) == (number if number <= most else None)


@given(st.decimals(-(10**15) + 1, 10**15 - 1, places=4))
def test_a_decimal_is_read_exactly(number: Decimal) -> None:
    assert decimal(f"{number:f}") == number


@given(st.text())
def test_no_text_is_a_surprise(text: str) -> None:
    assert whole(text) is None or text.isdigit()
    assert decimal(text) is None or decimal(text) == Decimal(text)


def test_digits_are_asked_for_nowhere_else_without_asking_for_ascii() -> None:
    """`²`.isdigit() is true, and int of it fails."""
    asks = re.compile(r"\.(isdigit|isdecimal|isnumeric)\(\)")
    wrong = [
        f"{path.relative_to(ROOT)}:{number}"
        for folder in ("services", "shared")
        for path in sorted((ROOT / folder).rglob("*.py"))
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if asks.search(line) and ".isascii()" not in line
    ]
    assert wrong == []
