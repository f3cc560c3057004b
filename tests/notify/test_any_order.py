"""Whatever the order in which tiers are told, and however often: the same digests, nothing twice, nothing backwards."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from services.notify.actions import planning
from services.notify.rules.alerts import LISTED, OPEN, LastDigest
from services.notify.rules.planning import digests_due
from services.notify.tasks import plan_digests, store_directory
from shared.db import transaction
from shared.events import DirectoryLoaded, Event, Group, TiersComputed
from tests.notify.telling import DIRECTORS, FEB7, FRISCH, VEGA, mark_sent, person, row, rows_of, tiers
from tests.notify.test_rules import ROUTES, situation_of
from tests.stack import owner

SPELLINGS = (VEGA, FRISCH, "Frisch, Soren")
KEYS = {VEGA: f"director:{DIRECTORS[0][0]}", FRISCH: f"director:{DIRECTORS[1][0]}"}
KEYS["Frisch, Soren"] = KEYS[FRISCH]
Numbers = dict[int, tuple[int, str]]
Place = tuple[int, Group]
both: tuple[Group, ...] = ("students", "parents")
numbers = st.dictionaries(
    st.integers(4001, 4003), st.tuples(st.sampled_from((5, 20, 30, 60)), st.sampled_from(SPELLINGS)), min_size=1
)
loads = st.dictionaries(st.sampled_from(both), numbers, min_size=1)
QUICK = settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))


def fresh() -> None:
    """Nothing was ever told to notify."""
    with owner() as connection:
        connection.execute(
            "truncate notify.digest, notify.mail_note, notify.tier_state, notify.upload, notify.arrival,"
            " notify.director, notify.directory_arrival, notify.outbox_event, notify.mail_pause cascade"
        )


def directory(revision: int = 1) -> DirectoryLoaded:
    people = [person(email, name) for email, name in DIRECTORS]
    return DirectoryLoaded(revision=revision, part=1, parts=1, schools=[], people=people)


def hear(*events: Event) -> None:
    """Each event by notify's own listener; the inbox would stop most repetitions before."""
    for event in events:
        with transaction("notify") as session:
            if isinstance(event, TiersComputed):
                plan_digests(session, event)
            elif isinstance(event, DirectoryLoaded):
                store_directory(session, event)


class Rates:
    """What rates would tell: each load becomes the whole state of its groups at a day, under the day's next revision."""

    def __init__(self) -> None:
        self.state: dict[tuple[date, Group], Numbers] = {}
        self.revisions: dict[date, int] = {}

    def load(self, extraction_date: date, loaded: dict[Group, Numbers]) -> list[TiersComputed]:
        """The events of a load, a group's rows in two parts where it has two schools."""
        revision = self.revisions[extraction_date] = self.revisions.get(extraction_date, 0) + 1
        groups = tuple(sorted(loaded))
        earlier: list[TiersComputed] = []
        upload = tiers([], extraction_date).upload_id
        for group in groups:
            state = self.state[extraction_date, group] = {
                **self.state.get((extraction_date, group), {}),
                **loaded[group],
            }
            rows = [row(f"Alder {ploc}", submitted, 100, name) for ploc, (submitted, name) in sorted(state.items())]
            parts = [rows[:1], rows[1:]] if len(rows) > 1 else [rows]
            made: dict[str, Any] = {"group": group, "groups": groups, "revision": revision, "upload_id": upload}
            earlier += [
                tiers(part, extraction_date, part=number, parts=len(parts), **made) for number, part in enumerate(parts, 1)
            ]  # fmt: skip
        return earlier

    def in_tier_1(self) -> dict[str, set[Place]]:
        """The places in Tier 1 at the newest day of each group, by the director on the school's latest row."""
        found: dict[str, set[Place]] = {key: set() for key in KEYS.values()}
        newest = {
            group: max(extraction_date for extraction_date, of in self.state if of == group)
            for group in {of for _, of in self.state}
        }
        rows = [
            (extraction_date, group, *row)
            for group, extraction_date in newest.items()
            for row in self.state[extraction_date, group].items()
        ]
        for extraction_date, group, ploc, (submitted, name) in rows:
            later = [names[1] for day, _, other, names in rows if other == ploc and day > extraction_date]
            if submitted < 25:
                found[KEYS[later[0] if later else name]].add((ploc, group))
        return found


def lines_in(content: dict[str, Any], marks: Iterable[str]) -> set[Place]:
    return {(int(line["ploc"]), line["group"]) for line in content["lines"] if line["mark"] in marks}


def standing_digests() -> set[tuple[Any, ...]]:
    """What directors are to be told: everything of a digest but its number."""
    rows = rows_of("select * from digest where state <> 'superseded'")
    return {
        (
            r.director_key,
            r.extraction_date,
            r.revision,
            r.reason,
            r.correction,
            r.state,
            str(sorted(map(str, r.content["lines"]))),
        )
        for r in rows
    }


def test_what_was_taken_back_stays_so_when_an_older_state_comes_late(stack_servers: object) -> None:
    fresh()
    alder, birch = row("Alder 4001", 10, 100), row("Birch 4002", 10, 100)
    newer = tiers([birch], FEB7, revision=2, state=2, removed=[alder.school_key])
    hear(directory(), newer, tiers([alder, birch], FEB7, revision=1, state=1))
    assert [r.school_key for r in rows_of("select school_key from tier_state where not removed")] == [birch.school_key]
    listed = rows_of("select content from digest where state <> 'superseded'")
    assert {line["school"] for r in listed for line in r.content["lines"]} == {"Birch 4002"}


@QUICK
@given(history=st.lists(loads, min_size=2, max_size=3), shuffle=st.randoms(use_true_random=False))
def test_the_events_of_an_extraction_lead_to_the_same_digests_in_any_order_and_any_number(
    stack_servers: object, history: Sequence[dict[Group, Numbers]], shuffle: Any
) -> None:
    rates = Rates()
    events: list[Event] = [event for loaded in history for event in rates.load(FEB7, loaded)]
    fresh()
    hear(directory(), *events)
    in_order = standing_digests()
    fresh()
    again = [*events, *shuffle.choices(events, k=3), directory(), directory()]
    shuffle.shuffle(again)
    hear(*again)
    assert standing_digests() == in_order
    for table, key in (("digest", "director_key"), ("mail", "rcpt")):
        many = rows_of(f"select 1 from {table} where state <> 'superseded' group by {key} having count(*) > 1")
        assert many == []
    assert {(key, place) for key, *_ in in_order for place in rates.in_tier_1()[key]} == {
        (r.director_key, place)
        for r in rows_of("select * from digest where state = 'planned'")
        for place in lines_in(r.content, OPEN)
    }


def plan_overdue() -> None:
    """As if the time in which the groups of the extraction before are waited for were over."""
    with transaction("notify") as session:
        session.connection().exec_driver_sql("update upload set arrived_at = now() - interval '31 min'")
        planning.plan_overdue(session)


class Term(RuleBasedStateMachine):
    """Files of four weeks, loaded, corrected, late or old, told in any order on the real tables, mails sent in between."""

    def __init__(self) -> None:
        super().__init__()
        self.rates = Rates()
        self.waiting: list[TiersComputed] = []
        self.heard: list[TiersComputed] = []
        fresh()
        hear(directory())

    @rule(week=st.integers(0, 3), loaded=loads)
    def load(self, week: int, loaded: dict[Group, Numbers]) -> None:
        self.waiting += self.rates.load(FEB7 + timedelta(days=7 * week), loaded)

    @precondition(lambda self: self.waiting)
    @rule(which=st.integers(0, 20))
    def arrive(self, which: int) -> None:
        event = self.waiting.pop(which % len(self.waiting))
        hear(event)
        self.heard.append(event)

    @precondition(lambda self: self.heard)
    @rule(which=st.integers(0, 20))
    def arrive_again(self, which: int) -> None:
        hear(self.heard[which % len(self.heard)])

    @rule()
    def directory_again(self) -> None:
        hear(directory())

    @rule()
    def send(self) -> None:
        mark_sent()

    @invariant()
    def nobody_has_two_of_one_upload(self) -> None:
        twice = (
            "select director_key, upload_id from digest where state <> 'superseded' group by 1, 2 having count(*) > 1"
        )
        assert rows_of(twice) == []

    @invariant()
    def nothing_goes_backwards(self) -> None:
        earlier = (
            "select director_key, extraction_date from digest where state = 'planned' order by director_key, digest_id"
        )
        listed = [(r.director_key, r.extraction_date) for r in rows_of(earlier)]
        assert listed == sorted(listed)

    def teardown(self) -> None:
        hear(*self.waiting)
        plan_overdue()
        mark_sent()
        earlier = {
            r.director_key: r.content
            for r in rows_of("select * from digest where state = 'planned' order by digest_id")
        }
        known = {key: lines_in(earlier[key], LISTED) if key in earlier else set() for key in KEYS.values()}
        assert known == self.rates.in_tier_1()
        before = rows_of("select count(*) as n from digest")
        hear(*reversed([*self.heard, *self.waiting]))
        assert rows_of("select count(*) as n from digest") == before


def test_over_a_term_on_the_real_tables_everyone_knows_the_own_schools_and_nothing_comes_twice(
    stack_servers: object,
) -> None:
    Term.TestCase.settings = settings(QUICK, max_examples=12, stateful_step_count=16)
    Term.TestCase().runTest()


class Planner(RuleBasedStateMachine):
    """The decision alone: numbers by week and version in any order, and what everybody knows after each."""

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[int, tuple[int, Numbers]] = {}
        self.truth: dict[tuple[int, int], Numbers] = {}
        self.last: dict[str, LastDigest] = {}

    @rule(week=st.integers(0, 4), version=st.integers(1, 3), loaded=numbers)
    def hear(self, week: int, version: int, loaded: Numbers) -> None:
        said = self.truth.setdefault((week, version), loaded)
        if version > self.kept.get(week, (0, {}))[0]:
            self.kept[week] = (version, said)
        newest = max(self.kept)
        extraction_date = FEB7 + timedelta(days=7 * newest)
        if week == newest:
            due = digests_due(situation_of(self.kept[newest][1], extraction_date, self.last))
            assert len({digest.key for digest in due}) == len(due)
            for digest in due:
                assert digest.key not in self.last or self.last[digest.key].extraction_date <= extraction_date
                self.last[digest.key] = LastDigest(extraction_date, digest.lines, {"parents": extraction_date})
        assert digests_due(situation_of(self.kept[newest][1], extraction_date, self.last)) == []

    @invariant()
    def everyone_knows_the_own_schools(self) -> None:
        expected: dict[str, set[str]] = {}
        for ploc, (submitted, name) in self.kept[max(self.kept)][1].items() if self.kept else ():
            if submitted < 25:
                expected.setdefault(ROUTES[name].key, set()).add(str(ploc))
        known = {
            key: {line.school_key for line in earlier.lines if line.mark in LISTED}
            for key, earlier in self.last.items()
        }
        assert {key: schools for key, schools in known.items() if schools} == expected


def test_the_planner_tells_everybody_the_newest_state_once_in_any_order() -> None:
    Planner.TestCase.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
    Planner.TestCase().runTest()
