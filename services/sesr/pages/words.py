"""Words and figures as the pages of sesr show them."""

from datetime import datetime
from typing import Any

from services.sesr.exports import NO_ADULT
from services.sesr.rules.counts import FLAGS, INPUTS, STAFF
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
    """A link that dials `213-555-0100 x12`: the extension after a pause."""
    main, _, extension = phone.partition(" x")
    return f"tel:{main}" + (f",{extension}" if extension else "")


WORDS: dict[str, Any] = {
    "clock": clock,
    "number": number,
    "percent": percent,
    "ratio": ratio,
    "tel": tel,
    "inputs": INPUTS,
    "staff": STAFF,
    "flag_labels": FLAGS,
}
