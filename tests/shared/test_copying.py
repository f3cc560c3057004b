"""Lines in the text form of COPY: whatever is copied is what PostgreSQL keeps."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from shared.db import transaction
from shared.files.copying import copy_line, copy_lines

pytestmark = pytest.mark.usefixtures("stack_servers")
TEXTS = st.one_of(
    st.none(),
    st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12),
    st.text(st.sampled_from("\\N\t\n\r."), max_size=6),
)


def kept(rows: list[tuple[object, ...]]) -> list[tuple[object, ...]]:
    """What a table of two texts and a number holds once the rows are copied into it."""
    with transaction("ingest") as session:
        session.execute(text("create temp table taken (nr serial, a text, b text, c numeric) on commit drop"))
        copy_lines(session, "taken (a, b, c)", (f"{copy_line(*row)}\n" for row in rows))
        return [tuple(row) for row in session.execute(text("select a, b, c from taken order by nr"))]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(TEXTS, TEXTS, st.one_of(st.none(), st.integers(-9, 9).map(Decimal))), max_size=20))
def test_what_is_copied_is_what_is_kept(rows: list[tuple[object, ...]]) -> None:
    assert kept(rows) == rows


def test_more_rows_than_one_block_are_copied_whole() -> None:
    rows: list[tuple[object, ...]] = [(f"{number}", None, Decimal(number)) for number in range(2500)]
    assert kept(rows) == rows
