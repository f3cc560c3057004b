"""The page of a school: each group's history as chart and table, its pace, its forecast and what is still needed."""

from datetime import date, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from services.rates.pages.cells import movement_words, number, points, signed, why
from services.rates.pages.charts import history_chart
from services.rates.queries import schools, settings
from services.rates.queries.extractions import version
from services.rates.rules.outlook import OUTLOOKS
from services.rates.rules.pace import Count, needed_for_goal, pace, per_day
from services.rates.rules.tiers import TIER_LABELS, file_differs, tier_nr
from shared.access import Who
from shared.errors import NotFound
from shared.events import GROUPS
from shared.school_days import school_days
from shared.tiers import shown_rate, tier
from shared.web import Db, allow, page
from shared.web.caching import unless_known
from shared.web.charts import Chart
from shared.web.clock import today

router = APIRouter(prefix="/rates", include_in_schema=False)


@router.get("/schools/{school_key}")
def school(request: Request, session: Db, who: Annotated[Who, allow("rates.see")], school_key: str) -> Response:
    return unless_known(request, version(session), lambda: _school(request, session, school_key))


def _school(request: Request, session: Db, school_key: str) -> Response:
    rows = schools.rows_of(session, school_key)
    entry = schools.directory_entry(session, school_key)
    if not rows and entry is None:
        raise NotFound("There is no school of that code here. Search for its name in the table of rates.")
    newest = rows[-1] if rows else None
    current = schools.current_of(session, school_key)
    found = [_group(session, group, rows, current.get(group)) for group in GROUPS]
    ploc = newest.ploc if newest is not None else entry.ploc if entry is not None else ""
    return page(
        request,
        "school.html",
        name=newest.school if newest is not None else entry.name if entry is not None else "",
        newest=newest,
        entry=entry,
        ploc=ploc,
        groups=[each for each in found if each],
        without=[group for group, each in zip(GROUPS, found, strict=True) if not each],
        mails=schools.mails_about(session, school_key),
        neighbors=schools.neighbors(session, school_key, ploc),
        labels=TIER_LABELS,
        breadcrumbs=[{"label": "Response rates", "href": "/rates/"}, {"label": "School"}],
    )


def _group(session: Db, group: str, rows: Any, now: Any) -> dict[str, Any] | None:
    """All that the page says of one group; None where it has no row of it, or a term's first is still coming in."""
    own = [row for row in rows if row.respondent_group == group]
    window = settings.window_of(session, own[-1].term) if own else None
    if window is None:
        return None
    last = own[-1]
    term = [row for row in own if row.term == last.term]
    lacking = _lacking(session, last)
    # Of a school that the newest extraction lacks nothing is known since: no pace, no forecast and nothing needed.
    known = term if lacking is None else []
    counts = [(row.extraction_date, row.submitted) for row in known if row.submitted is not None]
    off = settings.days_off(session)
    # Today is left as long as the extraction is older.
    left = school_days(max(last.extraction_date, today() - timedelta(days=1)), window.closes, off)
    goal = settings.goals(session)[group]
    history = [_history(row, before) for row, before in zip(own, [None, *own[:-1]], strict=True)][::-1]
    to_goal = needed_for_goal(last.submitted, last.total, goal) if goal else None
    return {
        "group": group,
        "last": last,
        "lacking": lacking,
        "tier": last.tier if lacking is None else None,
        "now": now,
        "movement": movement_words(now) if now is not None else "",
        "changed": _changed(now) if now is not None and now.present and now.previous_date else {},
        "shown": shown_rate(last.submitted, last.total),
        "tier_nr": "Unknown" if lacking is not None else tier_nr(last.tier) or "No rate",
        "window": window,
        "needed": number(last.needed),
        "needed_per_day": per_day(last.needed, left),
        "goal": goal,
        "to_goal": to_goal,
        "goal_per_day": per_day(to_goal, left),
        "pace": _pace_words(counts, off),
        "forecast": _forecast(now if lacking is None else None, window, off),
        "chart": _chart(session, term, window, now if lacking is None else None, goal),
        "history": history,
        "varies": _varies(own, history),
    }


def _chart(session: Db, term: list[Any], window: settings.TermWindow, now: Any, goal: int | None) -> Chart:
    last = term[-1]
    missing = schools.absences(session, last.school_key, last.term, last.respondent_group)
    return history_chart(last.respondent_group, term, missing, window, now, goal)


def _lacking(session: Db, last: Any) -> date | None:
    """The day of the group's newest extraction where the school's last row is older: in a new term, too."""
    newest = schools.newest_date(session, last.respondent_group)
    return newest[0] if newest is not None and newest > (last.extraction_date, last.term) else None


def _changed(now: Any) -> dict[str, Any]:
    return {
        "since": now.previous_date,
        "surveys": signed(now.change_surveys),
        "points": points(now.change_points),
        "why": why(now),
    }


def _varies(own: list[Any], history: list[dict[str, Any]]) -> dict[str, bool]:
    """Which columns of the history do not say the same in each row; the others are left out."""
    return {
        "term": len({row.term for row in own}) > 1,
        "director": len({row.director_key for row in own}) > 1,
        "file": any(row["file"] for row in history),
    }


def _pace_words(counts: list[Count], off: dict[date, str]) -> str:
    found = pace(counts, off)
    return "" if found is None else f"{float(found):.1f}"


def _forecast(now: Any, window: settings.TermWindow, off: dict[date, str]) -> dict[str, Any] | None:
    """The forecast in words; None where nothing can be said or the window is over."""
    if now is None or now.final_likely is None or today() > window.closes:
        return None
    ends = (now.final_low, now.final_likely, now.final_high)
    low, likely, high = (shown_rate(end, now.total) for end in ends)
    return {
        "low": low,
        "likely": likely,
        "high": high,
        "tiers": [tier(end, now.total) for end in ends],
        "outlook": OUTLOOKS.get(now.outlook, ""),
        "days": school_days(now.extraction_date, window.closes, off),
        "closes": window.closes,
    }


def _history(row: Any, before: Any) -> dict[str, Any]:
    differs = file_differs(row.file_tier, row.file_rate, row.submitted, row.total)
    printed = ", ".join(part for part in (row.file_tier, row.file_rate) if part)
    same = before is not None and before.term == row.term and None not in (before.submitted, row.submitted)
    return {
        "day": row.extraction_date,
        "term": row.term,
        "total": number(row.total),
        "submitted": number(row.submitted),
        "rate": shown_rate(row.submitted, row.total),
        "tier": row.tier,
        "tier_nr": tier_nr(row.tier) or "No rate",
        "change": signed(row.submitted - before.submitted) if same else "",
        "file": printed if differs else "",
        "director": row.director,
    }
