"""What ingest offers to the settings page, and what it knows of the checklists: windows, directory, extractions, access."""

from datetime import date, datetime, timedelta

from sqlmodel import Session

from services.ingest.queries import status_cards
from services.ingest.queries.checklist import last_backup, last_loaded
from services.ingest.queries.windows import survey_windows
from services.ingest.tables import SurveyWindow
from shared.access import Who
from shared.access.confirmations import has_confirmer
from shared.access.policy import may
from shared.days import date_words
from shared.numbers import counted
from shared.settings import settings
from shared.web.clock import district_zone, today
from shared.web.explained import CheckItem, Checklist, SettingLine, State
from shared.web.variables import WHAT, variable_lines

WINDOWS = "/ingest/windows"
# A directory that is older than this when its window opens was loaded for another term.
FOR_THE_TERM = timedelta(days=60)
# What operations set and central staff ask about, because files or names wait or go by it.
OF_CENTRAL = tuple(name for name in WHAT if name.startswith(("hold_", "upload_", "support_")) or name.endswith("_days"))


def setting_lines(session: Session, who: Who) -> list[SettingLine]:
    """The survey windows with what operations set for files and retention; every variable for operations."""
    if may(who.role, "ops.see"):
        return variable_lines()
    if not may(who.role, "windows.write"):
        return []
    what = "The days of the term's survey. An extraction belongs to the window that its date falls in."
    windows = [
        SettingLine(f"Survey window {each.term}", what, _days(each), link=f"{WINDOWS}?term={each.term}#edit")
        for each in survey_windows(session)
    ]
    others = [SettingLine("Survey windows", what, "none", link=WINDOWS)] if not windows else []
    return [*windows, *others, *variable_lines(OF_CENTRAL)]


def check_items(session: Session, who: Who, which: Checklist) -> list[CheckItem]:
    """What central staff and operations do before a term, or on the first day."""
    return _term(session) if which == "term" else _start(session, who)


def _term(session: Session) -> list[CheckItem]:
    found = [each for each in survey_windows(session) if each.closes >= today()]
    window = found[-1] if found else None
    why = "An extraction from outside every window belongs to no term, or waits for a decision."
    known = f"{window.term}, {_days(window)}." if window else "There is no window that has not closed."
    return [
        CheckItem("Survey window", "done" if window else "open", f"{known} {why}", WINDOWS),
        _directory(session, window),
        _extraction(session, window),
    ]


def _directory(session: Session, window: SurveyWindow | None) -> CheckItem:
    loaded = _day(last_loaded(session, "directory"))
    state: State = "open"
    if loaded is not None:
        state = "unknown" if window is None else "done" if loaded >= window.opens - FOR_THE_TERM else "open"
    known = f"Last loaded on {date_words(loaded)}." if loaded else "None is loaded."
    why = "Directors, addresses, enrollment and staff come from it; a change since then goes to the wrong person."
    return CheckItem("Directory of the term", state, f"{known} {why}", "/ingest/")


def _extraction(session: Session, window: SurveyWindow | None) -> CheckItem:
    last = status_cards.last_extraction(session)
    if window is None:
        return CheckItem("First extraction", "unknown", "Which term is meant is known with its window.", "/ingest/")
    state: State = "done" if last and window.opens <= last.extraction_date <= window.closes else "open"
    known = f"The last one is of {date_words(last.extraction_date)}." if last else "There is none yet."
    return CheckItem("First extraction", state, f"{known} Rates and alerts of the term begin with it.", "/ingest/")


def _start(session: Session, who: Who) -> list[CheckItem]:
    files = [
        _loaded(session, "directory", "Directory", "Schools, people and their roles come from it."),
        _loaded(session, "participation", "First extraction", "Rates, tiers and alerts begin with it."),
        CheckItem(
            "Survey window",
            "done" if survey_windows(session) else "open",
            "Without one an extraction belongs to the half year of its date.",
            WINDOWS,
        ),
    ]
    return files if not may(who.role, "ops.see") else [*_installation(session), *files]


def _loaded(session: Session, kind: str, title: str, why: str) -> CheckItem:
    loaded = _day(last_loaded(session, kind))
    known = f"Last loaded on {date_words(loaded)}." if loaded else "None is loaded."
    return CheckItem(title, "done" if loaded else "open", f"{known} {why}", "/ingest/")


def _installation(session: Session) -> list[CheckItem]:
    """What the settings and the audit log say of the installation itself."""
    current, backup = settings(), _day(last_backup(session))
    own = current.not_own()
    backed = f"The newest is of {date_words(backup)}." if backup else "`ses backup` has made none."
    here = "/settings?q="
    return [
        CheckItem(
            "Your own names and addresses",
            "open" if own else "done",
            f"{', '.join(own)} still name an example; mails would go out in its name."
            if own
            else "No example is left.",
            f"{here}support",
        ),
        CheckItem(
            "Single sign-on",
            "done" if current.oidc_issuer else "open",
            "Without it nobody can sign in in production.",
            f"{here}oidc",
        ),
        CheckItem(
            "Somebody of the central office",
            "done" if has_confirmer(session) else "open",
            "Tokens and roles that operations give to others wait until such a person confirms them.",
            "/access/people",
        ),
        CheckItem("Backup", "done" if backup else "open", f"{backed} Try a restore too.", "/ingest/ops"),
    ]


def _days(window: SurveyWindow) -> str:
    return f"{date_words(window.opens)} to {date_words(window.closes)} ({counted(_length(window), 'day')})"


def _length(window: SurveyWindow) -> int:
    first: date = window.opens
    return (window.closes - first).days + 1


def _day(at: datetime | None) -> date | None:
    return None if at is None else at.astimezone(district_zone()).date()
