"""How LCAP pages show their parts: tabs, the choice of the plan year, links."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from sqlmodel import Session

from services.tracker.queries.lcap.versions import (
    UNREADABLE,
    WAITING,
    is_arriving,
    newest_version,
    plan_years,
    versions,
)
from services.tracker.rules.lcap.forms import FORMS, amount_labels
from services.tracker.rules.lcap.shown import gap_words, shown_delta, shown_number, shown_rows
from services.tracker.rules.lcap.spending import dollars
from services.tracker.tables.lcap import LcapVersion

ROOT = "/tracker/lcap/"
TABS = (
    (ROOT, "Spending"),
    (f"{ROOT}compare", "Compare years"),
    (f"{ROOT}measures", "Measures"),
    (f"{ROOT}ses", "Survey measures"),
    (f"{ROOT}loads", "Loads"),
    (f"{ROOT}renumbering", "Renumbering"),
    (f"{ROOT}settings", "Settings"),
)
FAVORS = {"better": "success", "worse": "error"}
WORDS: dict[str, Any] = {
    "dollars": dollars,
    "gap_words": gap_words,
    "shown_number": shown_number,
    "shown_delta": shown_delta,
    "shown_rows": shown_rows,
    "favors": FAVORS,
    "forms": FORMS,
}


def tabs(path: str) -> list[dict[str, Any]]:
    return [{"href": href, "label": label, "current": href == path} for href, label in TABS]


def link(path: str, values: Mapping[str, Any]) -> str:
    """The address with those of the values that are there."""
    kept = {name: value for name, value in values.items() if value not in (None, "", 0)}
    return path + ("?" + urlencode(kept) if kept else "")


def arrivals(session: Session, table: str) -> dict[str, Any]:
    """For every page: whether a newer load is arriving, waits for a decision, or had no readable row."""
    newest = newest_version(session, table)
    return {
        "arriving": is_arriving(session, table),
        "waiting": versions(session, table, WAITING),
        "unreadable": newest is not None and newest.state == UNREADABLE,
    }


def choices(session: Session, version: LcapVersion | None) -> dict[str, Any]:
    """The plan years and the tables of the one that is shown."""
    years = plan_years(session)
    if version is None:
        return {"years": list(years), "tables": [], "version": None, "labels": {}}
    return {
        "years": list(years),
        "tables": [(one.form, FORMS[one.form]) for one in years[version.plan_year]],
        "version": version,
        "labels": amount_labels(version.form, version.plan_year),
    }
