"""The decisions on alerts, without a database: routes, hours, answers of mail servers, links, planning in any order."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.notify.rules import delivery, links, refusals
from services.notify.rules.alerts import (
    LISTED,
    OPEN,
    AlertHistory,
    AlertLine,
    AlertState,
    LastDigest,
    MailPreference,
    history_of,
    trend_of,
)
from services.notify.rules.clock import Hours, is_reminder_due, is_snoozed, may_send, next_sending
from services.notify.rules.planning import Situation, digests_due
from services.notify.rules.routes import DirectorRoute, Route, route_of, suggestions

ZONE = "America/Los_Angeles"
LA = ZoneInfo(ZONE)
FRISCH = DirectorRoute("p1", "Frisch, Soren L", "f@lausd.example", ("Frisch, Soren L",))
DALIS = DirectorRoute("p2", "Dalis, Irma", "d@lausd.example", ("Dalis, Irma",))
TWINS = [DirectorRoute(f"k{n}", "Kim, Ana", f"k{n}@lausd.example", ("Kim, Ana",)) for n in (1, 2)]


@pytest.mark.parametrize(
    ("spelling", "person_id"),
    [
        ("FRISCH, SOREN L", "p1"),
        ("Frisch, Soren", "p1"),
        ("frisch,  soren l.", "p1"),
        ("FRISCH, SOREN M", None),
        ("DALTS. IRMA", None),
        ("Kim, Ana", None),
        ("", None),
    ],
)
def test_a_name_is_one_person_or_nobody_and_never_guessed(spelling: str, person_id: str | None) -> None:
    assert route_of(spelling, [FRISCH, DALIS, *TWINS], {}).person_id == person_id


def test_a_match_by_a_person_decides_and_a_name_alike_is_only_suggested() -> None:
    assert route_of("DALTS. IRMA", [FRISCH, DALIS], {"dalts. irma": "p2"}).person_id == "p2"
    assert route_of("DALTS. IRMA", [FRISCH], {"dalts. irma": "p2"}).person_id is None
    assert [s.person_id for s in suggestions("DALTS. IRMA", [FRISCH, DALIS])] == ["p2"]


def test_a_refused_or_missing_address_is_no_route_but_still_the_same_person() -> None:
    for person in (FRISCH._replace(refused="550 unknown"), FRISCH._replace(email="")):
        route = route_of("FRISCH, SOREN", [person], {})
        assert (route.key, route.person_id) == ("p1", None)


def at(text: str) -> datetime:
    """A wall time of the district as an instant."""
    return datetime.fromisoformat(text).replace(tzinfo=LA).astimezone(UTC)


RECESS = frozenset(date(2025, 2, 17) + timedelta(days=n) for n in range(33))
NIGHT = Hours(ZONE, quiet_from=time(20), quiet_until=time(7))


@pytest.mark.parametrize(
    ("hours", "now", "expected"),
    [
        (Hours(ZONE), "2025-02-21T03:00", "2025-02-21T03:00"),
        (NIGHT, "2025-02-21T19:59", "2025-02-21T19:59"),
        (NIGHT, "2025-02-21T20:00", "2025-02-22T07:00"),
        (NIGHT, "2025-03-09T01:30", "2025-03-09T07:00"),
        (NIGHT, "2025-11-02T01:30", "2025-11-02T07:00"),
        (Hours(ZONE, opens=time(2, 30), closes=time(4)), "2025-03-09T01:00", "2025-03-09T03:00"),
        (Hours(ZONE, opens=time(1, 30), closes=time(2)), "2025-11-02T00:50", "2025-11-02T01:30"),
        (Hours(ZONE, opens=time(8), closes=time(17), school_days_only=True), "2025-02-21T17:00", "2025-02-24T08:00"),
        (Hours(ZONE, school_days_only=True), "2025-02-22T09:10", "2025-02-24T00:00"),
        (Hours(ZONE, school_days_only=True, days_off=RECESS), "2025-02-15T09:10", "2025-03-24T00:00"),
        (
            Hours(ZONE, opens=time(8), closes=time(9), school_days_only=True, days_off=RECESS),
            "2025-02-14T12:00",
            "2025-03-24T08:00",
        ),
        (Hours(ZONE, days_off=RECESS), "2025-02-18T09:10", "2025-02-18T09:10"),
    ],
)
def test_the_next_sending_follows_the_wall_clock_over_nights_weekends_and_changes_of_time(
    hours: Hours, now: str, expected: str
) -> None:
    assert next_sending(at(now), hours) == at(expected)


def test_an_hour_that_comes_twice_is_in_the_window_twice_and_a_night_is_as_long_as_the_clock_makes_it() -> None:
    twice = Hours(ZONE, opens=time(1), closes=time(2))
    quarters = [at("2025-11-02T00:00") + timedelta(minutes=15 * step) for step in range(16)]
    assert [may_send(quarter, twice) for quarter in quarters] == [False] * 4 + [True] * 8 + [False] * 4
    assert not any(may_send(at("2025-03-09T00:00") + timedelta(minutes=15 * step), NIGHT) for step in range(24))
    assert may_send(at("2025-03-09T00:00") + timedelta(hours=6), NIGHT)
    assert not may_send(at("2025-11-02T00:00") + timedelta(hours=7, minutes=45), NIGHT)


def test_hours_that_leave_no_time_have_no_next_sending() -> None:
    never = Hours(ZONE, opens=time(8), closes=time(9), quiet_from=time(7), quiet_until=time(10))
    assert next_sending(at("2025-02-21T03:00"), never) is None


@given(
    now=st.datetimes(datetime(2025, 1, 1), datetime(2025, 12, 20), timezones=st.just(UTC)),
    quiet=st.tuples(st.times(), st.times()),
    school_days_only=st.booleans(),
)
@settings(max_examples=60, deadline=None)
def test_at_the_next_sending_a_mail_may_go_and_at_no_quarter_hour_before(
    now: datetime, quiet: tuple[time, time], school_days_only: bool
) -> None:
    hours = Hours(ZONE, quiet_from=quiet[0], quiet_until=quiet[1], school_days_only=school_days_only)
    found = next_sending(now, hours)
    if found is not None:
        assert found >= now and may_send(found, hours)
        steps = range(min(int((found - now).total_seconds() // 900), 500))
        assert not any(may_send(now + timedelta(minutes=15 * step), hours) for step in steps)


def test_snoozes_and_reminders_are_clocked_by_extractions_and_days() -> None:
    made, following, later = (date(2025, 2, day) for day in (14, 21, 28))
    # Without an end: the mail of the next extraction too, and no further; until that one comes, any correction.
    assert [is_snoozed(day, made, None, following) for day in (made, following, later)] == [True, True, False]
    assert is_snoozed(made, made, None, None)
    assert is_snoozed(following, made, following, following) and not is_snoozed(later, made, following, following)
    friday = date(2025, 2, 21)
    days = [friday + timedelta(days=n) for n in range(8)]
    due = [is_reminder_due(day, friday, 3) for day in days]
    assert due == [False] * 5 + [True] * 3  # from Wednesday on
    assert [is_reminder_due(day, friday, 3, {days[4]}) for day in days] == [False] * 6 + [True] * 2
    assert not is_reminder_due(friday + timedelta(days=8), friday, 3), "a Saturday"
    assert not any(is_reminder_due(day, friday, 0) for day in days)


def test_waits_double_to_half_an_hour_and_pools_are_for_distant_servers() -> None:
    waits = [delivery.wait_after(refusals.TEMPORARY, n) // timedelta(seconds=1) for n in range(1, 9)]
    assert waits == [30, 60, 120, 240, 480, 960, 1800, 1800]
    assert delivery.wait_after(refusals.AUTH, 10**6) == timedelta(minutes=30)
    assert [delivery.connections_for(n, 0.02) for n in (1, 7, 8, 60)] == [1, 1, 4, 6]
    assert [delivery.connections_for(n, 0.0005) for n in (7, 8, 60)] == [1, 2, 2]
    assert delivery.connections_for(60, 0.02, per_minute=30) == 1


@pytest.mark.parametrize(
    ("failure", "unknown", "final"),
    [
        (refusals.TEMPORARY, 1, False),
        (refusals.MESSAGE, 0, True),
        (refusals.UNKNOWN, 1, False),
        (refusals.UNKNOWN, 2, True),
        (refusals.FULL, 0, False),
    ],
)
def test_what_may_have_been_accepted_is_tried_once_more_after_a_quarter_of_an_hour(
    failure: str, unknown: int, final: bool
) -> None:
    assert delivery.is_final(failure, unknown, timedelta()) == final
    assert delivery.wait_after(refusals.UNKNOWN, 1) == timedelta(minutes=15)


def test_a_full_mailbox_is_waited_for_over_days_and_then_a_person_decides() -> None:
    waits = [delivery.wait_after(refusals.FULL, n) for n in (1, 2, 5, 9)]
    assert waits == [timedelta(minutes=30), timedelta(hours=1), timedelta(hours=6), timedelta(hours=6)]
    assert [delivery.is_final(refusals.FULL, 0, timedelta(days=days)) for days in (1, 3, 4)] == [False, False, True]


@given(st.integers(0, 2**62), st.integers(0, 2**31), st.text(max_size=60), st.integers(0, 400))
@settings(max_examples=150, deadline=None)
def test_only_an_unchanged_link_before_its_end_is_read(number: int, until: int, noise: str, cut: int) -> None:
    key = b"k" * 32
    link = links.Link(number, datetime.fromtimestamp(until, UTC))
    token = links.sign(key, link)
    before = link.until - timedelta(seconds=1)
    assert links.read(key, token, before) == link
    for wrong, now in (
        (token, link.until),
        (noise, before),
        (token[: cut % len(token)], before),
        (noise + token, before),
    ):
        if (wrong, now) != (token, before):
            with pytest.raises(links.BadLink):
                links.read(key, wrong, now)


def test_a_course_counts_extractions_in_tier_1_without_a_break() -> None:
    assert history_of([2, 1, 1], [40, 10, 14], [40.0, 10.0, 14.0]) == AlertHistory(2, 4, [40.0, 10.0, 14.0])
    assert history_of([1], [3], [3.0]).gained is None
    assert trend_of([0.0, None, 50.0, 24.9]) == "▁·█▄"
    assert trend_of([1.0]) == ""


NAMES = ("VEGA, MARTA", "Vega, Marta", "FRISCH, SOREN L", "NOBODY, X")
ROUTES = {
    "VEGA, MARTA": Route("v", "Vega, Marta", "v", ""),
    "Vega, Marta": Route("v", "Vega, Marta", "v", ""),
    "FRISCH, SOREN L": Route("p1", "Frisch, Soren L", "p1", ""),
    "Frisch, Soren": Route("p1", "Frisch, Soren L", "p1", ""),
    "NOBODY, X": Route("?nobody, x", "NOBODY, X", None, "nobody"),
}
Numbers = dict[int, tuple[int, str]]
extractions = st.lists(
    st.dictionaries(st.integers(0, 5), st.tuples(st.integers(0, 100), st.sampled_from(NAMES)), max_size=6),
    min_size=1, max_size=5,
)  # fmt: skip


def alert_states_of(numbers: Numbers, extraction_date: date) -> dict[tuple[str, str], AlertState]:
    return {
        (str(school), "parents"): AlertState(
            str(school), "parents", extraction_date, str(school), f"School {school}", "E", "CoS", director, 100, submitted,
            1 if submitted < 25 else 2, max(0, 25 - submitted), "",
        )
        for school, (submitted, director) in numbers.items()
    }  # fmt: skip


def situation_of(numbers: Numbers, extraction_date: date, earlier: Mapping[str, LastDigest]) -> Situation:
    """All that planning looks at where these are the numbers of the newest extraction."""
    directors = {route.key: route for route in ROUTES.values() if route.person_id is not None}
    states = alert_states_of(numbers, extraction_date)
    as_of = {"parents": extraction_date.isoformat()}
    return Situation(extraction_date, states, {}, earlier, ROUTES, directors, {}, {}, as_of)


def mailed(earlier: Mapping[str, LastDigest]) -> list[tuple[str, LastDigest]]:
    """The last digests, the newest last."""
    return sorted(earlier.items(), key=lambda pair: (pair[1].extraction_date, pair[0]))


@given(extractions)
@settings(max_examples=120, deadline=None)
def test_over_a_term_everyone_knows_the_own_schools_and_nothing_is_told_twice(history: list[Numbers]) -> None:
    earlier: dict[str, LastDigest] = {}
    for week, numbers in enumerate(history):
        extraction_date = date(2025, 2, 7) + timedelta(days=7 * week)
        situation = situation_of(numbers, extraction_date, earlier)
        due = digests_due(situation)
        assert [d.key for d in due] == [d.key for d in digests_due(situation)]
        kept = {line.school_key: key for key, last in mailed(earlier) for line in last.lines if line.mark in OPEN}
        waiting = {digest.key: digest.lines for digest in due if digest.route.person_id is None}
        for digest in due:
            if digest.key not in waiting:
                earlier[digest.key] = LastDigest(extraction_date, digest.lines, {"parents": extraction_date})
        expected: dict[str, set[str]] = {}
        for school, (submitted, director) in numbers.items():
            route = ROUTES[director]
            # Who was last mailed of a school keeps it while the newest name has no route.
            keeps = kept.get(str(school), route.key) if route.person_id is None else route.key
            for key in {route.key, keeps} if submitted < 25 else ():
                expected.setdefault(key, set()).add(str(school))
        for key, schools in expected.items():
            lines = waiting[key] if key in waiting else earlier[key].lines
            assert {line.school_key for line in lines if line.mark in LISTED} == schools
        assert {d.key for d in digests_due(situation._replace(last_digests=earlier))} == waiting.keys()
        only = digests_due(
            situation._replace(
                last_digests=earlier, preferences={key: MailPreference(only_changes=True) for key in earlier}
            )
        )
        assert {digest.key for digest in only} == waiting.keys()


def test_a_line_says_where_it_is() -> None:
    line = AlertLine("still", "1", "parents", date(2025, 2, 21), "1", "S", "E", "C", "D", 1, 0, 1, "", None, 1, "", "")
    assert line.place == ("1", "parents")
