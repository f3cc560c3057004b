"""Words and figures as the pages of sesr show them."""

from datetime import datetime
from typing import Any

from services.sesr.exports import NO_ADULT
from services.sesr.queries.boards import FeedChange
from services.sesr.rules.board import adults_of, gave_adults
from services.sesr.rules.counts import ADULTS, EXTRAS, FLAGS, INPUTS, STAFF, STATUSES, status_of
from services.sesr.rules.reports import CountChange
from shared.phones import dialable
from shared.web.clock import district_zone


def clock(instant: datetime | None) -> str:
    """`10:42 AM` in the district's time zone; nothing for no instant."""
    if instant is None:
        return ""
    local = instant.astimezone(district_zone())
    return f"{local.hour % 12 or 12}:{local:%M %p}"


def number(value: float | None) -> str:
    """`1,234`; a dash for what is not known, which is not zero."""
    return "–" if value is None else f"{value:,.0f}"


def percent(value: float | None) -> str:
    return "–" if value is None else f"{value:.0f}%"


def ratio(value: float | None) -> str:
    """Students per adult."""
    if value is None:
        return "–"
    return NO_ADULT if value == float("inf") else f"{value:.1f}"


def tel(phone: str) -> str:
    """A link that dials `213-555-0100 x12`: the extension after a pause; empty for what holds no number."""
    number = dialable(phone)
    return f"tel:{number}" if number else ""


def schools_words(count: int, one: str = "", more: str = "") -> str:
    """`1 school`, `12 schools`, with what they do after it."""
    return f"{number(count)} {'school' if count == 1 else 'schools'} {one if count == 1 else more}".rstrip()


def change_words(change: FeedChange) -> str:
    """`310 present, was 290; 12 staff, was 31; media on site`: what a report changed, all of it for the first one."""
    counts = change.row.counts
    parts = [_amount(counts.get("students_present"), "present", change.counts.get("students_present"), change.is_first)]
    if "walkout" in change.counts and change.counts["walkout"].now is not None:
        parts.append(_amount(counts.get("walkout"), "in a walkout", change.counts["walkout"], change.is_first))
    if any(name in change.counts for name in ADULTS) and gave_adults(counts):
        before = {name: change.counts[name].before if name in change.counts else counts.get(name) for name in ADULTS}
        staff = CountChange(adults_of(before), adults_of(counts))
        parts.append(_amount(staff.now, "staff", staff, change.is_first))
    parts += [FLAGS[name].lower() + ("" if is_on else " is over") for name, is_on in change.flags.items()]
    return "; ".join(parts)


def _amount(now: int | None, label: str, change: CountChange | None, is_first: bool) -> str:
    was = (
        ""
        if is_first or change is None or change.before is None or change.before == now
        else f", was {number(change.before)}"
    )
    return f"{number(now)} {label}{was}"


WORDS: dict[str, Any] = {
    "clock": clock,
    "number": number,
    "percent": percent,
    "ratio": ratio,
    "tel": tel,
    "schools_words": schools_words,
    "change_words": change_words,
    "inputs": INPUTS,
    "extras": EXTRAS,
    "statuses": STATUSES,
    "status_of": status_of,
    "staff": STAFF,
    "flag_labels": FLAGS,
}
