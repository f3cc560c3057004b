"""What a part of the tests needs from the system: found in the tests themselves, so that nobody keeps a list."""

import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from deploy import setup
from deploy.setup import BREW, PACKAGES, ROOT, UV, needed_by


@pytest.mark.parametrize(
    ("part", "needed"),
    [
        ("tests/browser", ["chromium", "firefox-esr", "WebKitWebDriver", "Xvfb"]),
        ("tests/rates/test_exports.py", ["soffice"]),
        ("tests/rates/test_rules.py", []),
        ("tests/notify/test_exim.py", ["exim4"]),
        ("tests/journeys/test_behind_caddy.py", ["caddy"]),
    ],
)
def test_a_part_needs_the_programs_that_its_tests_and_what_they_import_name(part: str, needed: Sequence[str]) -> None:
    assert set(needed) <= set(needed_by([ROOT / part])), part
    if not needed:
        assert needed_by([ROOT / part]) == []


def test_every_program_that_is_installed_is_needed_by_a_test() -> None:
    others = [file for file in (ROOT / "tests").rglob("*.py") if file != Path(__file__)]
    assert needed_by(others) == list(PACKAGES)


def test_without_apt_one_line_for_homebrew_is_printed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    brew = tmp_path / "brew"
    brew.touch(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(setup, "SEARCH", str(tmp_path))
    with pytest.raises(SystemExit) as stopped:
        setup.system(["tests/browser/chromium.py", "tests/journeys/test_behind_caddy.py"])
    assert str(stopped.value).endswith("brew install caddy && brew install --cask chromium")
    assert BREW.keys() == PACKAGES.keys()


def test_what_installs_everything_else_is_itself_of_one_version() -> None:
    assert re.fullmatch(r"uv==\d+\.\d+\.\d+", UV)
    places = [
        ROOT / "Makefile",
        *(ROOT / ".ci").rglob("*"),
        *ROOT.glob("*.md"),
        *(ROOT / "docs").rglob("*.md"),
        *(ROOT / "deploy").rglob("*.py"),
    ]
    lines = [line for place in places if place.is_file() for line in place.read_text().splitlines()]
    assert [line for line in lines if re.search(r"pip install (?:-\w+ )*uv(?!==)\b", line)] == []
