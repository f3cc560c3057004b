"""The status cards of tracker: of each own school the values that wait for a person, and how its items stand."""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple
from urllib.parse import quote, urlencode

from sqlmodel import Session

from services.tracker.queries import progress
from services.tracker.queries.offers import file_offers, rate_offers
from services.tracker.queries.plan import level_named, plan_of
from services.tracker.queries.progress import ItemLine
from services.tracker.queries.schools import school_named, schools
from services.tracker.rules.progress import AWAITING, NOT_MET, OFF_TRACK
from services.tracker.tables.schools import School
from shared.access import Who
from shared.access.policy import may
from shared.errors import NotFound
from shared.numbers import counted
from shared.web.cards import StatusCard
from shared.web.clock import today

SCHOOLS_SHOWN = 3
# Whose home page shows each school; others look at the district's view.
ONE_BY_ONE = ("principal", "designee")


class _Sheet(NamedTuple):
    """A school's items at its own level of the current plan."""

    school: School
    plan_id: str
    level: str
    lines: Sequence[ItemLine]

    @property
    def link(self) -> str:
        return f"/tracker/schools/{quote(self.school.school_key)}?" + urlencode({"level": self.level})


def home_cards(session: Session, who: Who) -> list[StatusCard]:
    """The own schools of a principal or designee; nothing for others."""
    if who.role not in ONE_BY_ONE:
        return []
    rows = schools(session, who, None, plan_of(session, None).plan_id, SCHOOLS_SHOWN, 0)
    found = [row.School for row in rows]
    return [card for each in found for card in _cards(session, who, each, with_name=len(found) > 1)]


def school_cards(session: Session, who: Who, school_key: str) -> list[StatusCard]:
    """One school that is in the person's scope; nothing of any other."""
    if not may(who.role, "tracker.see"):
        return []
    try:
        found = school_named(session, who, school_key)
    except NotFound:
        return []
    return _cards(session, who, found, with_name=False)


def _cards(session: Session, who: Who, school: School, *, with_name: bool) -> list[StatusCard]:
    plan_id = plan_of(session, None).plan_id
    level = level_named(session, plan_id, school, None)
    sheet = _Sheet(school, plan_id, level, progress.lines(session, school.school_key, plan_id, level))
    title = f"{school.name}: progress tracker" if with_name else "Progress tracker"
    return [*_waiting(session, who, sheet, title), _standing(sheet, title)]


def _waiting(session: Session, who: Who, sheet: _Sheet, title: str) -> list[StatusCard]:
    """What files and rates offer and nobody has taken or dismissed yet."""
    if not may(who.role, "tracker.write"):
        return []
    key = sheet.school.school_key
    rates, _ = rate_offers(session, key, sheet.plan_id, sheet.lines, today())
    count = len(file_offers(session, key, sheet.level, sheet.lines)) + len(rates)
    if not count:
        return []
    sentence = "Offered by a results file or by the response rates: take each over or leave yours."
    return [StatusCard(f"{title}: waiting for you", counted(count, "value"), sentence, sheet.link, "attention")]


def _standing(sheet: _Sheet, title: str) -> StatusCard:
    counts = Counter(line.facts.status for line in sheet.lines)
    known, behind = len(sheet.lines) - counts[AWAITING], counts[OFF_TRACK] + counts[NOT_MET]
    words = ", ".join(f"{count} {status}" for status, count in counts.most_common())
    figure = f"{known} of {len(sheet.lines)} items filled in"
    return StatusCard(title, figure, f"{words.capitalize()}.", sheet.link, "attention" if behind else "")
