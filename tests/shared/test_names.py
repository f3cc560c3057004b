"""Names as keys and as they are said."""

import pytest

from shared.names import spoken_name


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("Frisch, Soren L", "Soren L Frisch"),
        ("  Thornton-Sallis,  Judith ", "Judith Thornton-Sallis"),
        ("Planning office", "Planning office"),
        ("Frisch,", "Frisch,"),
        ("", ""),
    ],
)
def test_a_name_is_said_first_name_first(written: str, said: str) -> None:
    assert spoken_name(written) == said
