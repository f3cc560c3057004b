"""How LCAP pages show their parts: tabs, coverage, the chart of planned against actual, links that keep the filters."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from sqlmodel import Session

from services.tracker.queries import lcap
from services.tracker.rules.lcap_shown import gap_words, millions, shown_delta, shown_number, shown_rows
from services.tracker.rules.lcap_spending import Totals, dollars
from shared.web.charts import bars

ROOT = "/tracker/lcap/"
TABS = (
    (ROOT, "Spending"),
    (f"{ROOT}measures", "Measures"),
    (f"{ROOT}ses", "Survey measures"),
    (f"{ROOT}settings", "Settings"),
)
FAVOURS = {"better": "success", "worse": "error"}
WORDS: dict[str, Any] = {
    "dollars": dollars,
    "gap_words": gap_words,
    "shown_number": shown_number,
    "shown_delta": shown_delta,
    "shown_rows": shown_rows,
    "favours": FAVOURS,
}
_LEFT, _WIDTH, _HEIGHT, _GAP = 250, 330, 13, 3
_BLOCK = 2 * (_HEIGHT + _GAP) + 12


def tabs(path: str) -> list[dict[str, Any]]:
    return [{"href": href, "label": label, "current": href == path} for href, label in TABS]


def link(path: str, values: Mapping[str, Any]) -> str:
    """The address with those of the values that are there."""
    kept = {name: value for name, value in values.items() if value not in (None, "", 0)}
    return path + ("?" + urlencode(kept) if kept else "")


def loads(session: Session) -> dict[str, Any]:
    """For every page: what each table was read from, and whether a newer load is on its way or had no readable row."""
    return {
        "actions_load": lcap.load(session, "actions"),
        "measures_load": lcap.load(session, "measures"),
        "waiting": lcap.is_waiting(session, "actions") or lcap.is_waiting(session, "measures"),
        "unreadable": [table for table in ("actions", "measures") if lcap.is_unreadable(session, table)],
    }


def chart(goals: Sequence[tuple[int, str, Totals]]) -> dict[str, Any]:
    """Two bars for each goal that has amounts: planned 2023-24, and estimated actual as an outline below it."""
    told = [(number, name, sums) for number, name, sums in goals if sums.counted]
    amounts = [amount for _, _, sums in told for amount in (sums.planned_2023_24, sums.est_actual_2023_24)]
    drawn = bars(amounts, left=_LEFT, width=_WIDTH, height=_HEIGHT, gap=_GAP)
    rows = []
    for place, (number, name, sums) in enumerate(told):
        rows.append(
            {
                "top": place * _BLOCK,
                "name": f"{number} {name}",
                "planned": drawn[2 * place]._replace(y="0"),
                "actual": drawn[2 * place + 1]._replace(y=str(_HEIGHT + _GAP)),
                "planned_words": millions(sums.planned_2023_24),
                "actual_words": millions(sums.est_actual_2023_24),
            }
        )
    return {"rows": rows, "left": _LEFT, "bar": _HEIGHT, "step": _HEIGHT + _GAP, "height": len(rows) * _BLOCK}
