"""Cells that hold an error of Excel (#REF!, #N/A) instead of a value: told, never read as a blank count."""

from typing import Any

import pytest

from services.ingest.actions.extraction import read_extraction
from services.ingest.actions.reading import Watch
from services.ingest.rules.extraction import Extraction
from tests.ingest.making import book, row, text_table, with_header

HURT = [
    row("4001", "Alder El", submitted="#REF!"),
    row("4002", "Birch El", total="#N/A"),
    row("4003", "#NAME?"),
    row("4004", "Cedar El", extraction_date="#VALUE!"),
    row("4005", "Dogwood El", director="#N/A"),
    row("4006", "Elm El", rate="#DIV/0!"),
    row("4007", "Fir El"),
]


def below(made: Any) -> None:
    """Moves the table down and to the right, as in a file with a title."""
    made.active.insert_rows(1, 2)
    made.active.insert_cols(1, 2)


@pytest.mark.parametrize(
    "content",
    [book(with_header(HURT)), book(with_header(HURT), below), text_table(with_header(HURT))],
    ids=["xlsx", "xlsx, moved", "csv"],
)
def test_an_error_in_a_count_is_told_and_not_read_as_blank(content: bytes) -> None:
    found = read_extraction(content, Watch(30))
    assert [kept.site.school for kept in found.rows] == ["Dogwood El", "Elm El", "Fir El"]
    assert hurt(found) == {
        ("Surveys_Submitted", "#REF!"), ("Total_Surveys", "#N/A"), ("School", "#NAME?"), ("Date_of_Extraction", "#VALUE!"),
    }  # fmt: skip
    assert found.report.count("text_error") == 1
    assert found.report.count("submitted_blank") == 0


def hurt(found: Extraction) -> set[tuple[str, str]]:
    """(column, value) of the cells for which a row was rejected."""
    tallies = [tally for tally in found.report.tallies.values() if tally.code == "cell_error"]
    return {(place.column, place.value) for tally in tallies for place in tally.places}


def test_a_name_longer_than_a_name_is_rejects_its_row() -> None:
    long = "x" * 201
    rows = [row("4001", long), row("4002", "A El", cos=long), row("4003", "B El", director=long), row("4004", "C El")]
    found = read_extraction(text_table(with_header([*rows, row("4005", "D El", region=long)])), Watch(90))
    assert [kept.site.school for kept in found.rows] == ["C El"]
    assert found.report.count("text_too_long") == 4
