"""Planning as one pure decision: from what stands now and what was told, the digests that are due."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import NamedTuple

from services.notify.rules.news import (
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
    closed_lines,
    in_order,
    is_correction,
    line_of,
    open_lines,
    reason_of,
    taken_back,
)
from services.notify.rules.routes import Route


class Situation(NamedTuple):
    """All that planning looks at. `last_digests`, `snoozed`, `wishes` are by director key; `routes` by spelling; `as_of` by group."""

    extraction_date: date
    now: AlertStates
    histories: Mapping[Place, AlertHistory]
    last_digests: Mapping[str, LastDigest]
    routes: Mapping[str, Route]
    snoozed: Mapping[str, Mapping[Place, str]]
    preferences: Mapping[str, MailPreference]
    as_of: Mapping[str, str]


class DueDigest(NamedTuple):
    """One digest that is due. `taken_back`: the day of an extraction that was told and is not there any more."""

    key: str
    spelling: str
    route: Route
    reason: str
    correction: bool
    lines: list[AlertLine]
    taken_back: date | None = None


def owners_of(situation: Situation) -> dict[Place, SchoolOwner]:
    """Who each place belongs to now: the director on the school's latest row, also for a group of an older one."""
    latest: dict[str, AlertState] = {}
    for alert in situation.now.values():
        known = latest.setdefault(alert.school_key, alert)
        if (alert.extraction_date, alert.group) > (known.extraction_date, known.group):
            latest[alert.school_key] = alert
    owners = {}
    for place, alert in situation.now.items():
        newest = latest[alert.school_key]
        spelling = (alert if alert.extraction_date == newest.extraction_date else newest).director
        owners[place] = SchoolOwner(situation.routes[spelling].key, spelling)
    return owners


def digests_due(situation: Situation, only: Collection[str] | None = None) -> list[DueDigest]:
    """The digests that are due, for all directors or for some keys only; two spellings of one person are one."""
    owners = owners_of(situation)
    mine: dict[str, list[AlertState]] = defaultdict(list)
    for place, alert in situation.now.items():
        mine[owners[place].key].append(alert)
    in_file = {owner.spelling for owner in owners.values()}
    best_last = sorted(situation.routes.items(), key=lambda item: (item[0] in in_file, item[0]))
    spelled = {route.key: (spelling, route) for spelling, route in best_last}
    found = []
    for key in sorted({*mine, *situation.last_digests}):
        if (only is not None and key not in only) or key not in spelled:
            continue
        last = situation.last_digests.get(key)
        lines = open_lines(mine[key], last, situation.histories, situation.snoozed.get(key, {}))
        if last is not None:
            lines += closed_lines(last, situation.now, owners, key)
        lines = in_order(lines)
        reason = reason_of(lines, last, situation.extraction_date, situation.preferences.get(key, MailPreference()))
        if reason is not None:
            # Where only a route was mended, a school that came with it or went corrects no number.
            counted = [line for line in lines if only is None or line.mark not in (NEW, MOVED)]
            corrects = is_correction(counted, last, situation.extraction_date, situation.as_of)
            found.append(DueDigest(key, *spelled[key], reason, corrects, lines, taken_back(last, situation.as_of)))
    return sorted(found, key=lambda due: (due.spelling.casefold(), due.key))


def escalations_due(situation: Situation, heads: Mapping[str, Route], after: int) -> list[DueDigest]:
    """One digest per region with a known head: the places in Tier 1 for `after` extractions or more, once new ones come."""
    found = []
    for region, route in sorted(heads.items()):
        last = situation.last_digests.get(route.key)
        known = set() if last is None else {line.place for line in last.lines if line.mark in OPEN}
        lines = [
            line_of(alert, "still" if place in known else "new", situation.histories[place])
            for place, alert in situation.now.items()
            if alert.region == region and alert.tier == 1 and place in situation.histories
            and situation.histories[place].lasted >= after
        ]  # fmt: skip
        if after and any(line.mark == "new" for line in lines):
            found.append(DueDigest(route.key, f"Head of region {region}", route, "escalated", False, in_order(lines)))
    return found


def counts_of(lines: Sequence[AlertLine]) -> dict[str, int]:
    """How many lines carry each mark."""
    found: dict[str, int] = defaultdict(int)
    for line in lines:
        found[line.mark] += 1
    return dict(found)
