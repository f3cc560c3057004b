"""The status cards of rates: schools in Tier 1, what moved, who will not make it; of a school its three rates."""

from dataclasses import replace
from datetime import date, timedelta
from urllib.parse import quote

from sqlmodel import Session

from services.rates.queries import schools, settings, status_cards
from services.rates.queries.filters import RateFilter
from services.rates.queries.own import own_schools
from services.rates.queries.status_cards import GroupNow, Own
from services.rates.rules.pace import per_day
from services.rates.rules.tiers import tier_nr
from services.rates.tables import SchoolHistory
from shared.access import Who
from shared.days import date_words
from shared.events import GROUPS
from shared.numbers import counted
from shared.school_days import school_days
from shared.tiers import ALERT_TIER, shown_rate
from shared.web.cards import StatusCard
from shared.web.clock import today

# Whose home page shows the rates of each school, instead of counts over all of them.
ONE_BY_ONE = ("principal", "designee")
SCHOOLS_SHOWN = 3


def home_cards(session: Session, who: Who) -> list[StatusCard]:
    """What a person should know of the rates of their schools; central staff of all schools."""
    own = own_schools(who)
    if who.role in ONE_BY_ONE and own is not None:
        keys = status_cards.own_school_keys(session, own, SCHOOLS_SHOWN)
        return [card for key in keys for card in _school_cards(session, key, with_name=len(keys) > 1)]
    found = status_cards.groups_now(session, own)
    cards = [_in_tier_1(session, each, own) for each in found if each.schools]
    return cards + [_will_end(session, each, own) for each in found if each.stays]


def school_cards(session: Session, who: Who, school_key: str) -> list[StatusCard]:
    """The three rates of one school; rates are open to everybody who is signed in."""
    return _school_cards(session, school_key, with_name=False)


def _in_tier_1(session: Session, now: GroupNow, own: Own | None) -> StatusCard:
    rows = RateFilter(group=now.extraction.respondent_group, listed={"tier": ("1",)}, mine=own is not None)
    closest = status_cards.next_out(session, now.extraction, own)
    moved = [f"{count:,} {words}" for count, words in ((now.left, "left"), (now.newly_in, "newly in")) if count]
    sentences = [f"{', '.join(moved) or 'No move'} at the extraction of {date_words(now.extraction.extraction_date)}."]
    if closest:
        names = ", ".join(f"{each.school} ({each.needed:,} more)" for each in closest)
        sentences.append(f"Closest to leaving: {names}.")
    return StatusCard(
        f"{now.extraction.respondent_group.capitalize()}: in Tier 1",
        f"{now.in_tier_1:,} of {counted(now.schools, 'school')}",
        " ".join(sentences),
        replace(rows, sorts=("needed",)).address(),
        "attention" if now.in_tier_1 else "good",
    )


def _will_end(session: Session, now: GroupNow, own: Own | None) -> StatusCard:
    group = now.extraction.respondent_group
    sentence = "By the forecast these do not leave Tier 1 before the window closes."
    if own is None:
        regions = status_cards.ends_by_region(session, now.extraction)
        sentence = "By region: " + ", ".join(f"{each.region or '(none)'} {each.schools:,}" for each in regions) + "."
    rows = RateFilter(group=group, listed={"outlook": ("stays",)}, mine=own is not None)
    return StatusCard(
        f"{group.capitalize()}: will end in Tier 1", counted(now.stays, "school"), sentence, rows.address(), "attention"
    )


def _school_cards(session: Session, school_key: str, *, with_name: bool) -> list[StatusCard]:
    current = schools.current_of(session, school_key)
    return [_group_card(session, current[group], with_name=with_name) for group in GROUPS if group in current]


def _group_card(session: Session, now: SchoolHistory, *, with_name: bool) -> StatusCard:
    title = f"{now.respondent_group.capitalize()} response rate"
    day = date_words(now.extraction_date)
    link = f"/rates/schools/{quote(now.school_key, safe=':')}#group-{now.respondent_group}"
    if not now.present:
        sentence = f"The extraction of {day} does not include this school; last seen {date_words(now.last_seen)}."
        return StatusCard(_titled(title, now, with_name), "Unknown", sentence, link, "attention")
    sentence = f"{tier_nr(now.tier) or 'No tier'} on {day}.{_needed(session, now)}"
    return StatusCard(
        _titled(title, now, with_name),
        shown_rate(now.submitted, now.total) or "No rate",
        sentence,
        link,
        "attention" if now.tier == ALERT_TIER else "",
    )


def _titled(title: str, now: SchoolHistory, with_name: bool) -> str:
    return f"{now.school}: {title.lower()}" if with_name else title


def _needed(session: Session, now: SchoolHistory) -> str:
    """What is still needed for the next tier, and for each school day that is left."""
    window = settings.window_of(session, now.term)
    if now.needed is None or now.tier is None or window is None:
        return ""
    words = f" {counted(now.needed, 'more survey')} for Tier {now.tier + 1}"
    each = per_day(now.needed, _days_left(now.extraction_date, window.closes, settings.days_off(session)))
    if each is None:
        return f"{words}; the window closed on {date_words(window.closes)}."
    return f"{words}: {each:,} each school day until {date_words(window.closes)}."


def _days_left(day: date, closes: date, off: dict[date, str]) -> int:
    """School days left until the close: from today on, today among them, or from a later extraction."""
    return school_days(max(day, today() - timedelta(days=1)), closes, off)
