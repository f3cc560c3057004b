"""Accessibility violations of a page, found by axe-core."""

from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Page

SOURCE: Final = Path(__file__).parent.parent / "data" / "look" / "axe.min.js"
RULES: Final = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def axe(page: Page, *only: str) -> list[str]:
    """One line per element that breaks a rule: `rule: selector: what is wrong`; of the rules named, or of RULES.

    The page's context must be made with bypass_csp=True, for the script is put into the page.
    """
    if not page.evaluate("'axe' in window"):
        page.add_script_tag(path=SOURCE)
    run = {"type": "rule", "values": list(only)} if only else {"type": "tag", "values": RULES}
    answer: dict[str, Any] = page.evaluate("run => axe.run(document, {runOnly: run, resultTypes: ['violations']})", run)
    return [
        f"{violation['id']}: {' '.join(map(str, node['target']))}: {node['failureSummary']}"
        for violation in answer["violations"]
        for node in violation["nodes"]
    ]
