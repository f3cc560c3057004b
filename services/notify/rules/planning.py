"""Planning as one pure decision: from the newest states and the last digests, the digests that are due."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from typing import NamedTuple

from services.notify.rules.alerts import (
    HANDED,
    MOVED,
    NEW,
    OPEN,
    AlertHistory,
    AlertLine,
    AlertState,
    AlertStates,
    LastDigest,
    MailPreference,
    Place,
    SchoolOwner,
    line_of,
    open_places,
)
from services.notify.rules.news import (
    closed_lines,
    in_order,
    is_correction,
    open_lines,
    reason_of,
    taken_back,
    with_what_was,
)
from services.notify.rules.plans import GivenPlan, PlanOutcome, outcome_of, with_since
from services.notify.rules.routes import HEAD, NOBODY, Route
from shared.tiers import ALERT_TIER


class Situation(NamedTuple):
    """All that planning looks at.

    `last_digests`, `snoozed` and `preferences` are by director key, `directors` are the routes of the directory's people
    by key, `routes` those of the spellings, `as_of` is by group. `earlier_spellings` has, for schools whose newest
    director has no route, the directors of their earlier rows, newest first. `retired` schools are not followed.
    `plans` are the last plans that directors sent in the term, by director key.
    `unreadable` are directors whose last digest this program cannot read: nothing is guessed about them.
    """

    extraction_date: date
    now: AlertStates
    histories: Mapping[Place, AlertHistory]
    last_digests: Mapping[str, LastDigest]
    routes: Mapping[str, Route]
    directors: Mapping[str, Route]
    snoozed: Mapping[str, Mapping[Place, str]]
    preferences: Mapping[str, MailPreference]
    as_of: Mapping[str, str]
    earlier_spellings: Mapping[str, Sequence[str]] = {}
    retired: Collection[str] = ()
    unreadable: Collection[str] = ()
    plans: Mapping[str, GivenPlan] = {}


class DueDigest(NamedTuple):
    """One digest that is due. `taken_back`: the day of an extraction that was mailed and is not there any more.

    `plans`: what the director planned last time and what came in since; for the head of a region, of each director.
    """

    key: str
    spelling: str
    route: Route
    reason: str
    correction: bool
    lines: list[AlertLine]
    taken_back: date | None = None
    plans: Sequence[PlanOutcome] = ()


def without_retired(situation: Situation) -> Situation:
    """The situation as if the retired schools had never been in it."""
    retired = set(situation.retired)
    last = {
        key: digest._replace(lines=[line for line in digest.lines if line.school_key not in retired])
        for key, digest in situation.last_digests.items()
    }
    now = {place: state for place, state in situation.now.items() if state.school_key not in retired}
    return situation._replace(now=now, last_digests=last)


def owners_of(situation: Situation) -> dict[Place, SchoolOwner]:
    """Who gets the mails about each place: the director on the school's latest row, also for a group of an older one.

    A spelling without a route moves nothing: the school stays with its last director until the new name has one.
    """
    latest: dict[str, AlertState] = {}
    for state in situation.now.values():
        known = latest.setdefault(state.school_key, state)
        if (state.extraction_date, state.group) > (known.extraction_date, known.group):
            latest[state.school_key] = state
    owners = {}
    for place, state in situation.now.items():
        newest = latest[state.school_key]
        spelling = (state if state.extraction_date == newest.extraction_date else newest).director
        owners[place] = _owner(situation, state.school_key, spelling)
    return owners


def _owner(situation: Situation, school_key: str, spelling: str) -> SchoolOwner:
    route = situation.routes[spelling]
    if route.person_id is not None:
        return SchoolOwner(route.key, route.name)
    stays_with = _last_director(situation, school_key)
    if stays_with is None or stays_with == route.key:
        return SchoolOwner(route.key, route.name)
    named = f'"{spelling}"' if spelling.strip() else "nobody"
    note = f"director unclear in the newest file, which names {named}"
    return SchoolOwner(stays_with, situation.directors[stays_with].name, note, route.key)


def _last_director(situation: Situation, school_key: str) -> str | None:
    """Who was last mailed of the school as open, or else whom its newest earlier row with a route names."""
    mailed = [
        (digest.extraction_date, key)
        for key, digest in situation.last_digests.items()
        if key in situation.directors and any(line.school_key == school_key for line in open_places(digest).values())
    ]
    if mailed:
        return max(mailed)[1]
    earlier = (situation.routes[spelling] for spelling in situation.earlier_spellings.get(school_key, ()))
    return next((route.key for route in earlier if route.person_id is not None), None)


def _handed(situation: Situation, key: str) -> dict[Place, str]:
    """The places that another director was last mailed of as open, with that director's name."""
    found: dict[Place, str] = {}
    for other, digest in situation.last_digests.items():
        if other != key and not other.startswith((HEAD, NOBODY)):
            route = situation.directors.get(other)
            for place, line in open_places(digest).items():
                found[place] = line.director if route is None else route.name
    return found


def digests_due(situation: Situation, only: Collection[str] | None = None) -> list[DueDigest]:
    """The digests that are due, for all directors or for some keys only; two spellings of one person are one.

    Where the newest row's director has no route, a digest under that spelling waits for central staff as well.
    """
    situation = without_retired(situation)
    owners = owners_of(situation)
    mine: dict[str, list[AlertState]] = defaultdict(list)
    for place, state in situation.now.items():
        for key in {owners[place].key, owners[place].waiting_key} - {""}:
            mine[key].append(state)
    names = _names(situation)
    found = []
    for key in sorted({*mine, *situation.last_digests}):
        if (only is None or key in only) and key in names and key not in situation.unreadable:
            due = _due(situation, owners, key, *names[key], mine[key], only is not None)
            found += [] if due is None else [due]
    return sorted(found, key=lambda due: (due.spelling.casefold(), due.key))


def _names(situation: Situation) -> dict[str, tuple[str, Route]]:
    """By key, the spelling under which a digest is listed, and the route: the newest file's, or else the directory's."""
    newest = {s.director for s in situation.now.values() if s.extraction_date == situation.extraction_date}
    known = {route.key: (route.name, route) for route in situation.directors.values()}
    elsewhere = {route.key: (spelling, route) for spelling, route in situation.routes.items()}
    in_file = {situation.routes[spelling].key: (spelling, situation.routes[spelling]) for spelling in sorted(newest)}
    return elsewhere | known | in_file


def _due(
    situation: Situation,
    owners: Mapping[Place, SchoolOwner],
    key: str,
    spelling: str,
    route: Route,
    mine: Iterable[AlertState],
    is_only: bool,
) -> DueDigest | None:
    last = situation.last_digests.get(key)
    lines = open_lines(mine, last, situation.histories, situation.snoozed.get(key, {}), _handed(situation, key), owners)
    if last is not None:
        lines += closed_lines(last, situation.now, owners, key)
    lines = in_order(lines)
    reason = reason_of(lines, last, situation.extraction_date, situation.preferences.get(key, MailPreference()))
    if reason is None:
        return None
    # Where only a route was mended, a school that came with it or went corrects no number.
    counted = [line for line in lines if not is_only or line.mark not in (NEW, HANDED, MOVED)]
    corrects = is_correction(counted, last, situation.extraction_date, situation.as_of)
    if corrects and last is not None:
        lines = with_what_was(lines, last)
    given = situation.plans.get(key)
    if given is None or given.extraction_date >= situation.extraction_date:
        return DueDigest(key, spelling, route, reason, corrects, lines, taken_back(last, situation.as_of))
    outcome = outcome_of(route.name, given, situation.now)
    lines = with_since(lines, given)
    return DueDigest(key, spelling, route, reason, corrects, lines, taken_back(last, situation.as_of), [outcome])


def escalations_due(situation: Situation, heads: Mapping[str, Route], after: int) -> list[DueDigest]:
    """One digest per region with a known head: the places in Tier 1 for `after` extractions or more, once new ones come."""
    situation = without_retired(situation)
    owners = owners_of(situation) if heads and after else {}
    found = []
    for region, route in sorted(heads.items()):
        last = situation.last_digests.get(route.key)
        known = set() if last is None else {line.place for line in last.lines if line.mark in OPEN}
        lines = [
            line_of(state, "still" if place in known else "new", situation.histories[place])
            for place, state in situation.now.items()
            if state.region == region and state.tier == ALERT_TIER and place in situation.histories
            and situation.histories[place].lasted >= after
        ]  # fmt: skip
        if after and any(line.mark == "new" for line in lines):
            answers = _answers(situation, {(owners[line.place].key, owners[line.place].name) for line in lines})
            spelling = f"Head of region {region}"
            due = DueDigest(route.key, spelling, route, "escalated", False, in_order(lines), plans=answers)
            found.append(due)
    return found


def _answers(situation: Situation, directors: Collection[tuple[str, str]]) -> list[PlanOutcome]:
    """What each director of the region's listed schools last planned, or that there is no plan yet; by name."""
    return [
        PlanOutcome(name) if (given := situation.plans.get(key)) is None else outcome_of(name, given, situation.now)
        for key, name in sorted(directors, key=lambda director: (director[1].casefold(), director[0]))
    ]
