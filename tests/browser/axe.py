"""Accessibility violations of a page, found by axe-core."""

from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Page

SOURCE: Final = Path(__file__).parent.parent / "data" / "look" / "axe.min.js"
RULES: Final = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def axe(page: Page) -> list[str]:
    """One line per element that breaks a rule: `rule: selector: what is wrong`.

    The page's context must be made with bypass_csp=True, for the script is put into the page.
    """
    page.add_script_tag(path=SOURCE)
    answer: dict[str, Any] = page.evaluate(
        "rules => axe.run(document, {runOnly: rules, resultTypes: ['violations']})", RULES
    )
    return [
        f"{violation['id']}: {' '.join(map(str, node['target']))}: {node['failureSummary']}"
        for violation in answer["violations"]
        for node in violation["nodes"]
    ]
