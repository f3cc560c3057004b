"""School days, against a count by hand."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from shared.school_days import is_school_day, school_days

DAYS = st.dates(date(2024, 1, 1), date(2028, 12, 31))


@given(
    after=DAYS,
    length=st.integers(-20, 400),
    off=st.sets(DAYS, max_size=5),
    near=st.sets(st.integers(0, 40), max_size=9),
)
def test_school_days_are_those_that_a_person_counts_on_a_calendar(
    after: date, length: int, off: set[date], near: set[int]
) -> None:
    off |= {after + timedelta(days=n) for n in near}
    until = after + timedelta(days=length)
    by_hand = [after + timedelta(days=n) for n in range(1, length + 1)]
    assert school_days(after, until, off) == len([d for d in by_hand if d.isoweekday() <= 5 and d not in off])
    assert is_school_day(until, off) == (until.isoweekday() <= 5 and until not in off)
