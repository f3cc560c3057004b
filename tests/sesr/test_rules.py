"""The rules of strike reports, without a database."""

import random
from datetime import UTC, date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from services.sesr.rules.board import SchoolLine, estimate, sums, with_states
from services.sesr.rules.contact import Private, read_phone
from services.sesr.rules.counts import Counts, read_counts
from services.sesr.rules.reports import RecordedReport, current_report_of
from services.sesr.rules.timing import (
    counted_when,
    due_by,
    due_now,
    missed_since,
    next_due,
    punctual,
    read_times,
    windows_of,
)
from services.sesr.rules.view import timeline, view_of
from shared.phones import dialable

LA = ZoneInfo("America/Los_Angeles")
DAY = date(2026, 3, 24)
NOON = datetime(2026, 3, 24, 19, 0, tzinfo=UTC)


def at(hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 3, 24, hour, minute, tzinfo=LA)


def report(number: int, counted: datetime, present: int | None = 100, supersedes: int | None = None) -> RecordedReport:
    replaced = UUID(int=supersedes) if supersedes else None
    received = counted + timedelta(minutes=number)
    return RecordedReport(UUID(int=number), number, counted, received, replaced, {"students_present": present}, {})


def line(key: str, level: str, enrolled: int | None, *sent: RecordedReport) -> SchoolLine:
    counted = [r._replace(counts={**r.counts, "enrolled": enrolled}) for r in sent]
    return SchoolLine(key, "4001", key, level, "E", "CoS", "VEGA", enrolled, "", current_report_of(counted))


def test_any_order_and_repetition_of_reports_amounts_to_the_same() -> None:
    reports = [
        report(1, at(8)),
        report(2, at(10)),
        report(3, at(9)),
        report(4, at(10), 90, 2),
        report(5, at(10), 80, 4),
    ]
    expected = current_report_of(reports)
    assert expected is not None
    assert (expected.number, expected.counts["students_present"], len(expected.times)) == (5, 80, 3)
    rng = random.Random(7)
    for _ in range(200):
        arrived = [rng.choice(reports) for _ in range(rng.randrange(10))] + reports
        rng.shuffle(arrived)
        assert current_report_of(arrived) == expected


def test_a_correction_that_arrives_before_its_original_counts_once() -> None:
    early = current_report_of([report(2, at(8), 90, 1)])
    both = current_report_of([report(2, at(8), 90, 1), report(1, at(8))])
    assert early == both


def test_blank_is_not_zero_and_not_a_number_is_told_by_field() -> None:
    counts, problems = read_counts({"students_present": " 0310 ", "walkout": " ", "volunteers": "0", "strangers": 1})
    assert (counts["students_present"], counts["walkout"], counts["volunteers"]) == (310, None, 0)
    assert [problem["field"] for problem in problems] == ["strangers"]


@pytest.mark.parametrize(
    ("text", "kept", "is_known", "dialed"),
    [
        ("(213) 555-0100", "213-555-0100", True, "213-555-0100"),
        ("1 213 555 0100 ext 7", "213-555-0100 x7", True, "213-555-0100,7"),
        ("213.555.0100 x7", "213-555-0100 x7", True, "213-555-0100,7"),
        ("", "", True, ""),
        ("555-0187", "555-0187", True, "555-0187"),
        ("213-555-0187 / 0188", "213-555-0187 / 0188", False, "213-555-0187"),
        ("213-555-0187/213-555-0188", "213-555-0187/213-555-0188", False, "213-555-0187"),
        ("front desk 213-555-0187", "front desk 213-555-0187", False, "213-555-0187"),
        ("12345678901234", "12345678901234", False, "1234567-890-1234"),
        ("call me", "call me", False, ""),
        ("x12", "x12", False, ""),
        ("\u0662\u0661\u0663", "\u0662\u0661\u0663", False, ""),
        ("5" * 20000, "5" * 60, False, "5" * 53 + "-555-5555"),
        ("x" + " " * 20000 + "1", "x", False, ""),
    ],
)
def test_a_phone_is_kept_whatever_it_is_and_dialed_where_it_can_be(
    text: str, kept: str, is_known: bool, dialed: str
) -> None:
    phone, found = read_phone(text)
    assert (phone.reveal(), found) == (kept, is_known)
    assert dialable(phone.reveal()) == dialed


def test_a_private_text_does_not_show_itself() -> None:
    secret = Private("213-555-0100")
    assert "555" not in f"{secret} {secret!r} {[secret]} {secret!s}"


@pytest.mark.parametrize(("wrong", "way"), [(60, "60 minutes fast"), (-60, "60 minutes slow")])
def test_a_wrong_clock_does_not_move_the_time_of_counting(wrong: int, way: str) -> None:
    shift = timedelta(minutes=wrong)
    counted = counted_when(NOON, NOON + shift - timedelta(minutes=20), NOON + shift)
    assert counted.at == NOON - timedelta(minutes=20)
    assert way in counted.note


def test_a_time_in_the_future_without_the_time_of_sending_becomes_now() -> None:
    counted = counted_when(NOON, NOON + timedelta(hours=1), None)
    assert counted.at == NOON
    assert counted.note


def test_windows_follow_the_districts_clock_through_the_change_to_summer_time() -> None:
    before, after = (windows_of(date(2026, 3, day), ["08:30"], LA, timedelta())[0].due for day in (7, 8))
    assert (before.hour, after.hour) == (16, 15)


@pytest.mark.parametrize(
    ("counted", "now", "state"),
    [
        ([], at(8), "not_yet"),
        ([at(7)], at(8), "reported"),
        ([], at(8, 45), "overdue"),
        ([at(7)], at(8, 45), "on_time"),
        ([at(8, 39)], at(8, 45), "on_time"),
        ([at(8, 44)], at(8, 45), "late"),
        ([at(8, 44)], at(11, 5), "late"),
        ([at(8, 44)], at(11, 11), "overdue"),
        ([at(8, 44), at(10, 30)], at(11, 11), "on_time"),
    ],
)
def test_how_far_a_school_met_the_window(counted: list[datetime], now: datetime, state: str) -> None:
    windows = windows_of(DAY, ["08:30", "11:00"], LA, timedelta(minutes=10))
    due = due_by(windows, now)
    assert punctual(counted, due[-1] if due else None) == state


def test_a_school_is_overdue_since_the_first_report_that_it_owes() -> None:
    due = windows_of(DAY, ["08:30", "11:00", "13:30"], LA, timedelta(minutes=10))
    owed = [missed_since(times, due) for times in ([], [at(8)], [at(8), at(10, 30)], [at(12, 45)])]
    assert owed == [at(8, 30), at(11), at(13, 30), None]


def test_the_next_window_is_still_to_come_and_the_one_in_its_grace_is_due_now() -> None:
    windows = windows_of(DAY, read_times("11:00; 8:30 am, 8:30"), LA, timedelta(minutes=10))
    moments = [at(8, 29), at(8, 30), at(8, 35), at(8, 40), at(12)]
    found = [(next_due(windows, now), due_now(windows, now)) for now in moments]
    assert [(coming and coming.label, due and due.label) for coming, due in found] == [
        ("08:30", None),
        ("11:00", "08:30"),
        ("11:00", "08:30"),
        ("11:00", None),
        (None, None),
    ]


@pytest.mark.parametrize(
    ("text", "times"),
    [
        ("8:30 am, 1:30PM", ["08:30", "13:30"]),
        ("8:30 a.m.; 12 pm", ["08:30", "12:00"]),
        ("08.30, 1330", ["08:30", "13:30"]),
        ("12:00 AM", ["00:00"]),
    ],
)
def test_times_are_read_as_people_write_them(text: str, times: list[str]) -> None:
    assert read_times(text) == times


@pytest.mark.parametrize("text", ["25:00", "8:61", "noon", "13:30 pm", "8", "-1:00"])
def test_what_is_no_time_of_day_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a time of day"):
        read_times(text)


def test_sums_cover_reporting_schools_only_and_the_estimate_stands_apart() -> None:
    lines = with_states(
        [
            line("a", "El", 200, report(1, at(8), 50)),
            line("b", "El", 400),
            line("c", "HS", 1000, report(2, at(8), 100)),
            line("d", "HS", None),
            line("e", "Span", 100),
        ],
        [],
    )
    total = sums("All", lines)
    assert (total.expected, total.reported, total.not_yet) == (5, 2, 3)
    assert (total.totals["students_present"], total.totals["enrolled"]) == (150, 1200)
    assert estimate(lines) == (2, 100 + round(100 * 150 / 1200), 1)


def test_a_share_has_the_same_schools_above_and_below_the_line() -> None:
    full: Counts = {"students_present": 100, "volunteers": 10, "certificated_admin": 2, "certificated_admin_total": 4}
    bare: Counts = {"students_present": 900, "certificated_admin_total": 6}
    known = report(1, at(8))
    total = sums(
        "All", [line("a", "El", 200, known._replace(counts=full)), line("b", "El", None, known._replace(counts=bare))]
    )
    assert (total.ratio, total.with_adults) == (100 / 12, 1)
    assert (total.percent, total.given["enrolled"]) == (50, 1)
    assert (total.totals["certificated_admin"], total.totals["certificated_admin_total"]) == (2, 4)
    missing = line("c", "El", 400)
    lines = [line("a", "El", 200, known), line("b", "El", None, known._replace(counts=bare)), missing]
    assert estimate(lines).students == 200


def test_a_school_that_reported_and_gave_no_adult_has_no_ratio() -> None:
    known = report(1, at(8), 90)
    without = line("a", "El", 200, known)
    none_there = line("b", "El", 200, known._replace(counts={"students_present": 90, "volunteers": 0}))
    some = line("c", "El", 200, known._replace(counts={"students_present": 90, "volunteers": 2}))
    assert (without.ratio, none_there.ratio, some.ratio) == (None, float("inf"), 45)
    view = view_of([without, none_there, some], [], NOON, "region", 30)
    assert [alarm.school_key for alarm in view.alarms] == ["b", "c"]


def test_yesterday_is_compared_over_the_same_schools() -> None:
    today = [line("a", "El", 200, report(1, at(8), 50)), line("b", "El", 400, report(2, at(8), 70))]
    assert view_of(today, [], NOON, "region", 30, {"a": 60, "c": 10}).same == (1, 60, 50)


def test_the_timeline_shows_what_was_known_then() -> None:
    reports = [("a", report(1, at(8), 50)), ("b", report(2, at(8, 40), 70)), ("a", report(3, at(8, 50), 10))]
    slots = timeline(reports, timedelta(minutes=30), at(12))
    assert [(slot.at.astimezone(LA).strftime("%H:%M"), slot.reported, slot.present) for slot in slots] == [
        ("08:30", 1, 50),
        ("09:00", 2, 80),
    ]
