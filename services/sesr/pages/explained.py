"""What strike reports offer to the settings page, and what they know of the checklists: the incident, a drill."""

from sqlmodel import Session

from services.sesr.actions.plans import NewIncident
from services.sesr.pages.incidents import HERE, WINDOWS
from services.sesr.queries.incidents import current_incident, incidents
from services.sesr.tables import Incident
from shared.access import Who
from shared.access.policy import may
from shared.days import date_words
from shared.numbers import counted
from shared.web.clock import today
from shared.web.explained import CheckItem, Checklist, SettingLine

LOOKED_AT = 50
USUAL = NewIncident("", today(), today(), WINDOWS)


def setting_lines(session: Session, who: Who) -> list[SettingLine]:
    """What the incident that is open asks, for whoever opens incidents."""
    if not may(who.role, "sesr.incidents"):
        return []
    found = current_incident(session, today())
    if found is None:
        what = "Report times, minutes of grace and the form are set when an incident is opened."
        return [SettingLine("Incident", what, "none is open", link=HERE)]
    return _of_incident(found)


def _of_incident(found: Incident) -> list[SettingLine]:
    link, of = f"{HERE}/{found.incident_id}", f"{found.name}: "
    return [
        SettingLine(
            f"{of}report times",
            "The times of day at which reports are due.",
            ", ".join(found.windows),
            WINDOWS,
            f"{link}#windows",
        ),
        SettingLine(
            f"{of}days without school",
            "No report is due on them.",
            counted(len(found.days_off), "day"),
            "none",
            f"{link}#days_off",
        ),
        SettingLine(
            f"{of}minutes of grace",
            "A report is overdue so many minutes after its time.",
            str(found.grace_minutes),
            str(USUAL.grace_minutes),
            f"{link}#grace_minutes",
        ),
        SettingLine(
            f"{of}students per adult",
            "The board warns where more students are on site for each adult.",
            str(found.most_per_adult),
            str(USUAL.most_per_adult),
            f"{link}#most_per_adult",
        ),
        SettingLine(
            f"{of}phone of the duty desk",
            "Shown to schools whose report does not get through.",
            found.desk_phone or "the support phone",
            "the support phone",
            f"{link}#desk_phone",
        ),
    ]


def check_items(session: Session, who: Who, which: Checklist) -> list[CheckItem]:
    """Whether a drill was held."""
    if not may(who.role, "sesr.incidents"):
        return []
    drills = [row.incident for row in incidents(session, LOOKED_AT) if row.incident.drill]
    newest = max((drill.first_day for drill in drills), default=None)
    why = "Principals open the form once on their phone before they need it."
    known = f"The last drill began on {date_words(newest)}." if newest else "No drill was held."
    if which == "term" and newest:
        sentence = f"{known} {why} Whether another is due, the district decides."
        return [CheckItem("A drill of strike reports", "unknown", sentence, HERE)]
    return [CheckItem("A drill of strike reports", "done" if newest else "open", f"{known} {why}", HERE)]
