"""The forms that LCAP tables come in: the district's own, and the action tables of the State's template."""

import re

from services.tracker.rules.lcap.actions import FUNDS, PRINTED, UPDATES

MEASURES = "measures"
# In the order in which they are offered; the first that a plan year has is shown by itself.
FORMS = {
    "district": "District's table",
    "total_planned": "Total Planned Expenditures",
    "contributing": "Contributing Actions",
    "annual_update": "Annual Update",
    "contributing_annual_update": "Contributing Actions Annual Update",
    "carryover": "LCFF Carryover",
}
CARRYOVER_LINES = {
    "base_grant": "Estimated actual LCFF base grant",
    "supplemental_grants": "Estimated actual LCFF supplemental and concentration grants",
    "prior_carryover_percent": "LCFF carryover percentage from the year before",
    "required_percent": "Total percentage to increase or improve services",
    "contributing_actual": "Total estimated actual expenditures for contributing actions (LCFF)",
    "actual_improved_percent": "Total estimated actual percentage of improved services",
    "total_improved_percent": "Estimated actual percentage of increased or improved services",
    "carryover_amount": "LCFF carryover, dollar amount",
    "carryover_percent": "LCFF carryover, percentage",
}
_PLAN_YEAR = re.compile(r"(20\d\d)-(\d\d)")


def is_plan_year(text: str) -> bool:
    """Whether a text is a school year such as 2025-26."""
    found = _PLAN_YEAR.fullmatch(text)
    return found is not None and (int(found[1]) + 1) % 100 == int(found[2])


def year_before(year: str) -> str:
    """The school year before: `2024-25` before `2025-26`."""
    first = int(year[:4]) - 1
    return f"{first}-{(first + 1) % 100:02}"


def amount_labels(form: str, year: str) -> dict[str, str]:
    """The headings of the amounts that tables of the form have, with their years."""
    if form in UPDATES:
        return {"planned": f"Planned {year}", "estimated_actual": f"Estimated actual {year}"}
    if form != "district":
        return {"planned_next": f"Planned {year} (LCFF)"}
    before = year_before(year)
    return {
        "planned_next": f"Planned {year}",
        "planned": f"Planned {before}",
        "estimated_actual": f"Estimated actual {before}",
        "change": "Change",
    }


def fund_labels(form: str) -> dict[str, str]:
    """The headings of the funds; only the table of all planned expenditures has them."""
    return {name: PRINTED[name][0].upper() + PRINTED[name][1:] for name in FUNDS} if form == "total_planned" else {}
