"""What rates offers to the settings page, and what it knows of the checklists: windows, days off, goals, first tiers."""

from sqlmodel import Session

from services.rates.pages.settings import HERE
from services.rates.queries import settings
from services.rates.queries.settings import TermWindow
from shared.access import Who
from shared.access.policy import may
from shared.days import date_words
from shared.events import GROUPS
from shared.numbers import counted
from shared.web.explained import CheckItem, Checklist, SettingLine, State


def setting_lines(session: Session, who: Who) -> list[SettingLine]:
    """Window, days off and goals, for whoever sets them."""
    if not may(who.role, "rates.set"):
        return []
    windows = [window for term in settings.terms(session) if (window := settings.window_of(session, term))]
    off, goals = settings.days_off(session), settings.goals(session)
    what = "From the first to the last day of the survey. Needed surveys per day and forecasts go to its end."
    return [
        *(SettingLine(f"Window of {each.term}", what, _days(each), link=f"{HERE}#windows") for each in windows),
        SettingLine(
            "Days without school",
            "Monday to Friday are school days, except these; needed surveys per school day leave them out.",
            counted(len(off), "day"),
            "none",
            f"{HERE}#off",
        ),
        *(
            SettingLine(
                f"Goal of {group}",
                "The response rate that each school should reach, beside the tiers.",
                "none" if goals[group] is None else f"{goals[group]} %",
                "none",
                f"{HERE}#goal-{group}",
            )
            for group in GROUPS
        ),
    ]


def check_items(session: Session, who: Who, which: Checklist) -> list[CheckItem]:
    """Days off and goals of a term; on the first day whether tiers were computed."""
    if not may(who.role, "rates.set"):
        return []
    terms = settings.terms(session)
    if which == "start":
        known = f"The newest term is {terms[0]}." if terms else "There are none."
        link = "/rates/extractions"
        return [CheckItem("First tiers", "done" if terms else "open", f"{known} They follow an extraction.", link)]
    return [_days_off(session, terms), _goals(session)]


def _days_off(session: Session, terms: list[str]) -> CheckItem:
    window = settings.window_of(session, terms[0]) if terms else None
    title, why = "Days without school", "Needed surveys per school day leave these days out."
    if window is None:
        return CheckItem(title, "unknown", f"The window is known with the first extraction. {why}", f"{HERE}#off")
    inside = [day for day in settings.days_off(session) if window.opens <= day <= window.closes]
    state: State = "done" if inside else "unknown"
    known = f"{counted(len(inside), 'day')} in the window of {window.term}."
    rest = "" if inside else " Perhaps there is none; nobody has said so."
    return CheckItem(title, state, f"{known}{rest} {why}", f"{HERE}#off")


def _goals(session: Session) -> CheckItem:
    goals = settings.goals(session)
    named = [f"{group} {percent} %" for group, percent in goals.items() if percent is not None]
    state: State = "done" if len(named) == len(GROUPS) else "open"
    known = f"Set: {', '.join(named)}." if named else "No group has one."
    return CheckItem(
        "Goals of the groups", state, f"{known} Tables show how far each school is from them.", f"{HERE}#goals"
    )


def _days(window: TermWindow) -> str:
    return (
        f"{date_words(window.opens)} to {date_words(window.closes)}{'' if window.is_set else ', from the extractions'}"
    )
