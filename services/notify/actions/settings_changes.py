"""Changing the settings of alerts and the heads of the regions; each change leaves an audit row."""

from datetime import UTC, datetime
from typing import Any

from sqlmodel import Session, col, select

from services.notify.actions.routing import route_waiting
from services.notify.mailer.messages import HeaderRefused, one_address
from services.notify.queries.alert_settings import hours_of, settings_of
from services.notify.rules.clock import next_sending
from services.notify.tables.settings import AlertSettings, RegionHead
from shared.access import audit
from shared.errors import Invalid
from shared.settings import settings

NUMBERS = {
    "wait_minutes": (1, 240, "Minutes to wait for all groups"),
    "remind_days": (0, 60, "School days between reminders"),
    "escalate_after": (0, 50, "Extractions before escalation"),
    "per_minute": (0, 6000, "Mails a minute"),
    "link_days": (1, 90, "Days that a link works"),
}


def change_settings(session: Session, new: dict[str, Any], actor: str) -> AlertSettings:
    """Keeps new settings, all fields of the settings but the id. Invalid with every problem, each with its field."""
    problems = []
    for field, (least, most, label) in NUMBERS.items():
        value = new.get(field)
        if not isinstance(value, int) or not least <= value <= most:
            problems.append(_problem(field, f"{label}: enter a whole number from {least} to {most}."))
    for start, end, label in (("opens", "closes", "Sending window"), ("quiet_from", "quiet_until", "Quiet hours")):
        if (new.get(start) is None) != (new.get(end) is None):
            problems.append(_problem(start, f"{label}: enter both times, or leave both empty."))
    made = AlertSettings(id=1, **new)
    if not problems and next_sending(datetime.now(UTC), hours_of(made, settings().timezone, ())) is None:
        problems.append(_problem("opens", "With these hours no mail could ever go. Leave some time open."))
    if problems:
        raise Invalid("The settings were not changed.", code="settings_invalid", problems=problems)
    before = settings_of(session).model_dump()
    session.merge(made)
    session.flush()
    changed = {name: value for name, value in made.model_dump().items() if value != before.get(name)}
    audit(session, actor, "change alert settings", "settings", changed)
    return made


def name_heads(session: Session, new: dict[str, tuple[str, str]], actor: str) -> None:
    """Keeps the head of each region (name, address), and sends what waited; an empty address removes a head."""
    known = {head.region: head for head in session.exec(select(RegionHead).order_by(col(RegionHead.region)))}
    problems = [
        _problem(f"email_{region}", f"Region {region}: enter one e-mail address.")
        for region, (name, email) in new.items()
        if (email and not _is_address(email)) or (name and not email and region not in known)
    ]
    if problems:
        raise Invalid("The heads of the regions were not changed.", code="heads_invalid", problems=problems)
    for region, (name, email) in sorted(new.items()):
        head = known.get(region)
        if (name, email) == ((head.name, head.email) if head else ("", "")):
            continue
        if not email and head is not None:
            session.delete(head)
        elif email:
            named = head or RegionHead(region=region, name=name, email=email)
            named.name, named.email = name or f"Head of region {region}", email
            session.add(named)
        audit(session, actor, "name region head", region, {"name": name, "email": email})
    session.flush()
    route_waiting(session)


def _is_address(email: str) -> bool:
    try:
        return bool(one_address(email))
    except HeaderRefused:
        return False


def _problem(field: str, message: str) -> dict[str, str]:
    return {"field": field, "code": f"{field}_invalid", "message": message}
