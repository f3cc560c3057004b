"""Names as keys and as they are said."""

import pytest

from shared.names import spoken_name


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("Franco, Sergio L", "Sergio L Franco"),
        ("  Theodore-Sullivan,  Jennifer ", "Jennifer Theodore-Sullivan"),
        ("Planning office", "Planning office"),
        ("Franco,", "Franco,"),
        ("", ""),
    ],
)
def test_a_name_is_said_first_name_first(written: str, said: str) -> None:
    assert spoken_name(written) == said
