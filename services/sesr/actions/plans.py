"""What is read from the form or the body of an incident: its name, days, times and numbers."""

from dataclasses import dataclass, field, fields
from datetime import date
from typing import Any

from services.sesr.rules.counts import OPTIONS
from services.sesr.rules.timing import read_times
from services.sesr.tables import Incident
from shared.errors import Invalid

MOST_DAYS = 60
YEARS = range(2000, 2101)
MOST_TEXT = 100


@dataclass(frozen=True)
class NewIncident:
    """What a new incident is to be; empty `regions` and `levels` mean all schools, `days_off` such as `2026-03-30`.

    `extras` are the optional fields of its form (the keys of OPTIONS).
    """

    name: str
    first_day: date
    last_day: date
    windows: str
    drill: bool = False
    grace_minutes: int = 10
    most_per_adult: int = 30
    regions: list[str] = field(default_factory=list)
    levels: list[str] = field(default_factory=list)
    weekends: bool = False
    days_off: str = ""
    desk_phone: str = ""
    extras: list[str] = field(default_factory=list)


def read_incident(plan: NewIncident) -> dict[str, Any]:
    """The columns of the table `incident` that a person sets. Raises Invalid with the field and what to enter."""
    return {
        "name": _name(plan.name),
        "drill": plan.drill,
        "first_day": _first_day(plan),
        "last_day": _last_day(plan),
        "windows": _windows(plan.windows),
        "grace_minutes": _within(plan.grace_minutes, 0, 120, "grace_minutes", "Minutes of grace"),
        "most_per_adult": _within(plan.most_per_adult, 1, 1000, "most_per_adult", "Students per adult"),
        "regions": sorted(set(plan.regions)),
        "levels": sorted(set(plan.levels)),
        "weekends": plan.weekends,
        "days_off": _days(plan.days_off),
        "desk_phone": " ".join(plan.desk_phone.split())[:MOST_TEXT],
        "extras": _extras(plan.extras),
    }


def plan_fields(incident: Incident) -> dict[str, Any]:
    """An incident as its form holds it: times and days off as text."""
    names = [each.name for each in fields(NewIncident)]
    texts = {"windows": ", ".join(incident.windows), "days_off": ", ".join(map(str, incident.days_off))}
    return {**{name: getattr(incident, name) for name in names}, **texts}


def _name(text: str) -> str:
    name = " ".join(text.split())
    if not name or len(name) > MOST_TEXT:
        problem = field_problem("name", f"Enter a name of at most {MOST_TEXT} characters")
        raise Invalid("The incident needs a name.", problems=[problem])
    return name


def _first_day(plan: NewIncident) -> date:
    if plan.first_day.year not in YEARS:
        raise Invalid(
            "The year cannot be right.", problems=[field_problem("first_day", "Enter a day such as 2026-03-24")]
        )
    return plan.first_day


def _last_day(plan: NewIncident) -> date:
    if not plan.first_day <= plan.last_day or (plan.last_day - plan.first_day).days >= MOST_DAYS:
        problem = field_problem("last_day", f"The last day is not before the first, and within {MOST_DAYS} days")
        raise Invalid("The days of the incident are not in order.", problems=[problem])
    return plan.last_day


def _windows(text: str) -> list[str]:
    try:
        windows = read_times(text)
    except ValueError as error:
        problems = [field_problem("windows", str(error))]
        raise Invalid("The times of the reports could not be read.", problems=problems) from None
    if not windows:
        problem = field_problem("windows", "Enter at least one time, such as 8:30")
        raise Invalid("Say when reports are due.", problems=[problem])
    return windows


def _extras(names: list[str]) -> list[str]:
    unknown = sorted(set(names) - set(OPTIONS))
    if unknown:
        problem = field_problem(
            "extras", f"There is no optional field {unknown[0][:40]}; there are {', '.join(OPTIONS)}"
        )
        raise Invalid("An optional field of the incident is not known.", problems=[problem])
    return [name for name in OPTIONS if name in names]


def _days(text: str) -> list[date]:
    try:
        return sorted({date.fromisoformat(part.strip()) for part in text.split(",") if part.strip()})
    except ValueError:
        problem = field_problem("days_off", "Write days as 2026-03-30, with commas between them")
        raise Invalid("The days off could not be read.", problems=[problem]) from None


def _within(value: int, least: int, most: int, name: str, label: str) -> int:
    if not least <= value <= most:
        problem = field_problem(name, f"{label}: from {least} to {most}")
        raise Invalid("A number of the incident is out of range.", problems=[problem])
    return value


def field_problem(name: str, message: str) -> dict[str, str]:
    return {"code": "invalid_field", "field": name, "message": message}
