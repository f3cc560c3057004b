"""What notify offers to the settings page, and what it knows of the checklists: when mails go, heads, routes, the server."""

from collections.abc import Callable
from datetime import time
from typing import Any, Final, NamedTuple

from sqlmodel import Session

from services.notify.pages.settings import HERE
from services.notify.queries import alert_settings, answers, lists, reports
from services.notify.tables.settings import AlertSettings
from shared.access import Who
from shared.access.policy import may
from shared.numbers import counted
from shared.web.clock import instant_words
from shared.web.explained import CheckItem, Checklist, SettingLine, State

MINE: Final = "/notify/mine#preference"


class Wording(NamedTuple):
    """How a column of the settings is called and said."""

    name: str
    what: str
    say: Callable[[Any], str] = str


def _yes(value: Any) -> str:
    return "yes" if value else "no"


def _at(value: time | None) -> str:
    return "at any time" if value is None else value.isoformat("minutes")


def _off(value: int) -> str:
    return str(value) if value else "off"


WORDS: Final = {
    "hold_all": Wording("Hold all mails", "Mails of an extraction wait until a person has seen and released them.", _yes),
    "hold_thin": Wording(
        "Hold mails of a thin extraction", "Mails wait where a group has fewer than 80% of its schools.", _yes
    ),
    "wait_minutes": Wording("Minutes to wait for all groups", "Then the mails go out and name the group that has not arrived."),
    "opens": Wording("Sending window from", "No mail goes before this time of day.", _at),
    "closes": Wording("Sending window to", "No mail goes after this time of day.", _at),
    "quiet_from": Wording("Quiet hours from", "No mail goes from this time of day on.", _at),
    "quiet_until": Wording("Quiet hours until", "Mails go again from this time of day on.", _at),
    "school_days_only": Wording(
        "School days only", "No mail goes on a Saturday or Sunday, or on a day without school.", _yes
    ),
    "remind_days": Wording("School days between reminders", "A plan of the director stops them.", _off),
    "escalate_after": Wording(
        "Extractions in Tier 1 before escalation", "After so many the head of the region gets a mail.", _off
    ),
    "link_days": Wording("Days that the answer link works", "After them a director signs in to answer."),
    "per_minute": Wording(
        "Most mails per minute",
        "For a mail server that takes only so many.",
        lambda value: str(value) if value else "as many as the mail server takes",
    ),
}  # fmt: skip


def setting_lines(session: Session, who: Who) -> list[SettingLine]:
    """When and how mails go, for the central office; which mails a director gets, for that director."""
    if may(who.role, "digests.write"):
        now, usual = alert_settings.settings_of(session), AlertSettings()
        return [
            *(
                SettingLine(
                    words.name,
                    words.what,
                    words.say(getattr(now, name)),
                    words.say(getattr(usual, name)),
                    f"{HERE}#{name}",
                )
                for name, words in WORDS.items()
            ),
            SettingLine(
                "Heads of the regions",
                "They get a mail about schools that stay in Tier 1.",
                counted(len(alert_settings.heads(session)), "head"),
                "none",
                f"{HERE}#heads",
            ),
        ]
    return _of_director(session, who) if may(who.role, "alerts.mine") else []


def _of_director(session: Session, who: Who) -> list[SettingLine]:
    director = answers.director_of(session, who.email)
    if director is None:
        return []
    kept = answers.preference_of(session, director.person_id)
    return [
        SettingLine(
            "Mails only when something changed",
            "Not the whole list at each extraction.",
            _yes(kept.only_changes),
            "no",
            MINE,
        ),
        SettingLine(
            "Mails also when none of my schools is in Tier 1",
            "So that you know.",
            _yes(kept.also_when_none),
            "no",
            MINE,
        ),
    ]


def check_items(session: Session, who: Who, which: Checklist) -> list[CheckItem]:
    """Who gets mails, and whether the mail server takes them."""
    if not may(who.role, "digests.see"):
        return []
    return [_routes(session), _heads(session), *([_server(session)] if which == "start" else [])]


def _routes(session: Session) -> CheckItem:
    count = lists.unroutable(session)
    known = f"{counted(count, 'alert')} without a route." if count else "No alert waits for one."
    why = "A name that matches no one in the directory, or an address that was refused, gets no mail."
    return CheckItem("Routes of alerts", "open" if count else "done", f"{known} {why}", "/notify/unroutable")


def _heads(session: Session) -> CheckItem:
    regions, named = reports.regions(session), {head.region for head in alert_settings.heads(session)}
    lacking = [region for region in regions if region not in named]
    why = "Schools that stay in Tier 1 are escalated to them."
    if not regions:
        sentence = f"The regions are known with the first directory. {why}"
        return CheckItem("Heads of the regions", "unknown", sentence, f"{HERE}#heads")
    known = f"None for {', '.join(lacking)}." if lacking else "Every region has one."
    return CheckItem("Heads of the regions", "open" if lacking else "done", f"{known} {why}", f"{HERE}#heads")


def _server(session: Session) -> CheckItem:
    pause = alert_settings.mail_pause(session)
    if pause is not None and pause.since is not None:
        sentence = f"It accepts no mail since {instant_words(pause.since)}: {pause.words}."
        return CheckItem("Mail server", "open", sentence, "/notify/")
    sent = bool(lists.mails(session, "sent", None, None, 1))
    state: State = "done" if sent else "unknown"
    known = "It has accepted mail." if sent else "No mail was sent yet, so nothing is known of it."
    return CheckItem("Mail server", state, known, "/notify/mails")
