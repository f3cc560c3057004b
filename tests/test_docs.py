"""Documentation that can go stale is checked: settings, commands, links, programs."""

import re
import tomllib
from datetime import date
from pathlib import Path

import pytest

from bench import __main__ as benchmarks
from bench import scale
from services.notify.pages.parts import TABS
from shared.settings import PREFIX, Settings
from shared.web.release import release
from shared.web.variables import WHAT

ROOT = Path(__file__).parent.parent
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])


def test_operations_names_every_setting_with_its_default() -> None:
    text = (ROOT / "docs" / "operations.md").read_text()
    rows = dict(re.findall(r"^\| `(SES_\w+)` \| [^|]+ \| (.*) \|$", text, re.MULTILINE))
    assert set(rows) == {f"{PREFIX}{name.upper()}" for name in Settings.model_fields}
    for name, field in Settings.model_fields.items():
        default = field.get_default(call_default_factory=True)
        if isinstance(default, (str, int)) and not isinstance(default, bool) and default != "":
            assert rows[f"{PREFIX}{name.upper()}"] == f"`{default}`", name


def test_the_page_of_the_settings_says_what_the_documentation_says() -> None:
    text = (ROOT / "docs" / "operations.md").read_text()
    rows = re.findall(r"^\| `SES_(\w+)` \| ([^|]+) \| .* \|$", text, re.MULTILINE)
    plain = {name.lower(): re.sub(r"\[[^]]*\]\(([^)]*)\)", r"docs/\1", words).replace("`", "") for name, words in rows}
    assert {name: f"{words[0].upper()}{words[1:]}." for name, words in plain.items()} == WHAT


def test_the_day_of_the_release_is_that_of_the_changelog() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    found = re.search(
        rf"^## \[?{re.escape(version)}\]? - (\d{{4}}-\d\d-\d\d)$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE
    )
    assert release() == (version, date.fromisoformat(found[1]) if found else None)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_and_picture_leads_to_a_file(page: Path) -> None:
    targets = re.findall(r"\]\(([^)#:]+?)(?:#[^)]*)?\)", page.read_text())
    assert [target for target in targets if not (page.parent / target).exists()] == []


def test_the_index_names_every_page_and_the_decisions_that_are_missing() -> None:
    index = (ROOT / "docs" / "README.md").read_text()
    pages = [page.relative_to(ROOT / "docs").as_posix() for page in PAGES if page.is_relative_to(ROOT / "docs")]
    decisions = [int(page[10:14]) for page in pages if page.startswith("decisions/")]
    others = [page for page in pages if page != "README.md" and not page.startswith("decisions/")]
    assert [page for page in others if f"]({page})" not in index] == []
    missing = sorted(set(range(1, max(decisions) + 1)) - set(decisions))
    assert f"({' and '.join(map(str, missing))} were not kept)" in index


def test_a_runbook_names_the_pages_of_the_alerts_as_they_are_called() -> None:
    named = re.findall(
        r"Alerts, page ([A-Z][a-z ]+?)(?:,| with| shows)", (ROOT / "docs/operations/alerts.md").read_text()
    )
    assert len(named) == 3
    assert set(named) <= {label for _, label in TABS}


def test_a_decision_is_short_and_says_how_it_is_checked() -> None:
    for page in sorted((ROOT / "docs" / "decisions").glob("*.md")):
        text = page.read_text()
        assert re.fullmatch(r"\d{4}-[a-z0-9-]+\.md", page.name)
        assert len(text.splitlines()) <= 40, page.name
        assert "**Check.**" in text, page.name


def test_the_pages_of_figures_are_made_from_the_kept_figures() -> None:
    assert (ROOT / "docs" / "scale.md").read_text() == scale.page()
    assert (ROOT / "docs" / "benchmarks.md").read_text() == benchmarks.page()


def test_the_readme_names_the_two_commands() -> None:
    text = (ROOT / "README.md").read_text()
    makefile = (ROOT / "Makefile").read_text()
    for command in ("run", "test"):
        assert f"make {command}" in text
        assert re.search(rf"^{command}:", makefile, re.MULTILINE)
