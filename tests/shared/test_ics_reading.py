"""Days off from calendar files: what programs write, what is odd, and what is hostile."""

from datetime import date
from zoneinfo import ZoneInfo

import pytest

from shared.errors import Invalid
from shared.files import ics_reading
from shared.files.ics_child import answer
from shared.files.ics_reading import CalendarDays, days_found, read_calendar

SINCE, UNTIL = date(2026, 1, 1), date(2027, 12, 31)
ZONE = "America/Los_Angeles"
BERLIN = "BEGIN:VTIMEZONE\nTZID:Office\nBEGIN:STANDARD\nDTSTART:19700101T000000\nTZOFFSETFROM:+0100\nTZOFFSETTO:+0100\nEND:STANDARD\nEND:VTIMEZONE\n"


def calendar(*events: str, head: str = "") -> bytes:
    """A calendar of events, each as its lines."""
    parts = [
        f"BEGIN:VEVENT\nUID:{number}\nDTSTAMP:20260101T000000Z\n{lines}\nEND:VEVENT\n"
        for number, lines in enumerate(events)
    ]
    text = f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//x//EN\n{head}{''.join(parts)}END:VCALENDAR\n"
    return text.replace("\n", "\r\n").encode()


def read(content: bytes) -> CalendarDays:
    """In this process; that a child reads what people send is tested below."""
    return days_found(answer(content, SINCE, UNTIL, ZoneInfo(ZONE)), SINCE, UNTIL)


def days(*texts: str) -> list[date]:
    return list(map(date.fromisoformat, texts))


ALL_DAY = "DTSTART;VALUE=DATE:20261126\nSUMMARY:Thanksgiving"
TAKEN = {
    "a whole day": ([ALL_DAY], ["2026-11-26"]),
    "a week, its end not counted, its weekend no school anyway": (
        ["DTSTART;VALUE=DATE:20261121\nDTEND;VALUE=DATE:20261128\nSUMMARY:Break"],
        ["2026-11-23", "2026-11-24", "2026-11-25", "2026-11-26", "2026-11-27"],
    ),
    "a length instead of an end": (["DTSTART;VALUE=DATE:20261126\nDURATION:P2D\nSUMMARY:x"], ["2026-11-26", "2026-11-27"]),
    "every year without an end": (
        ["DTSTART;VALUE=DATE:19990704\nRRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=4TH\nSUMMARY:Thanksgiving"],
        ["2026-11-26", "2027-11-25"],
    ),
    "an exception, and one that was moved": (
        ["DTSTART;VALUE=DATE:20261102\nRRULE:FREQ=WEEKLY;COUNT=4\nEXDATE;VALUE=DATE:20261109\nSUMMARY:Monday"],
        ["2026-11-02", "2026-11-16", "2026-11-23"],
    ),
    "more days by a list": (
        ["DTSTART;VALUE=DATE:20261102\nRDATE;VALUE=DATE:20261104,20261110\nSUMMARY:x"],
        ["2026-11-02", "2026-11-04", "2026-11-10"],
    ),
    "midnight to midnight on the district's clock": (
        ["DTSTART:20261126T080000Z\nDTEND:20261128T080000Z\nSUMMARY:In UTC"], ["2026-11-26", "2026-11-27"],
    ),
    "midnight to a minute before it, without a zone": (
        ["DTSTART:20261126T000000\nDTEND:20261126T235900\nSUMMARY:x"], ["2026-11-26"],
    ),
    "midnight in a zone of its own that is not the district's": (
        [ALL_DAY, "DTSTART;TZID=Office:20261201T090000\nDTEND;TZID=Office:20261202T090000\nSUMMARY:x"],
        ["2026-11-26", "2026-12-01"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", TAKEN)
def test_a_day_off_is_a_weekday_that_an_event_takes_whole(case: str) -> None:
    events, expected = TAKEN[case]
    assert list(read(calendar(*events, head=BERLIN)).days) == days(*expected)


LEFT_OUT = {
    "DTSTART:20261112T180000\nDTEND:20261112T200000\nSUMMARY:Board meeting": "“Board meeting” on 2026-11-12 is not for a whole day.",
    "DTSTART:20261112T000000Z\nDTEND:20261113T000000Z\nSUMMARY:Midnight elsewhere": "“Midnight elsewhere” on 2026-11-11 is not for a whole day.",
    "DTSTART;VALUE=DATE:20261113\nSTATUS:CANCELLED\nSUMMARY:Fair": "“Fair” on 2026-11-13 is canceled.",
    "DTSTART;VALUE=DATE:20261113\nSTATUS:TENTATIVE\nSUMMARY:Fair": "“Fair” on 2026-11-13 is not confirmed.",
    "DTSTART;VALUE=DATE:20261114\nSUMMARY:Fair": "“Fair” on 2026-11-14 is on a weekend.",
    "DTSTART;VALUE=DATE:20260801\nDTEND;VALUE=DATE:20270615\nSUMMARY:School year": "“School year” on 2026-08-01 lasts more than 120 days.",
    "DTSTART;TZID=Nowhere:20261113T000000\nDTEND;TZID=Nowhere:20261114T000000\nSUMMARY:x": "“x” names a time zone that is not known.",
    "DTSTART;VALUE=DATE:20261113\nRRULE:FREQ=SOMETIMES\nSUMMARY:x": "“x” cannot be read.",
    "SUMMARY:No day": "“No day” cannot be read.",
    "DTSTART:20261112T180000\nDTEND:20261112T200000\nRRULE:FREQ=DAILY;COUNT=3": "“An event without a name” on 2026-11-12 and 2 more times is not for a whole day.",
}  # fmt: skip


@pytest.mark.parametrize("event", LEFT_OUT)
def test_what_is_left_out_is_named_with_the_reason(event: str) -> None:
    found = read(calendar(ALL_DAY, event))
    assert (list(found.days), found.left_out) == (days("2026-11-26"), [LEFT_OUT[event]])


def test_one_of_a_series_that_was_canceled_is_a_school_day() -> None:
    series = "DTSTART;VALUE=DATE:20261102\nRRULE:FREQ=WEEKLY;COUNT=3\nSUMMARY:Monday"
    other = "RECURRENCE-ID;VALUE=DATE:20261109\nDTSTART;VALUE=DATE:20261109\nSTATUS:CANCELLED\nSUMMARY:Monday"
    content = calendar(series, other).replace(b"UID:1\r\n", b"UID:0\r\n")
    found = read(content)
    assert list(found.days) == days("2026-11-02", "2026-11-16")
    assert found.left_out == ["“Monday” on 2026-11-09 is canceled."]


def test_two_events_of_a_day_give_it_both_names_and_a_long_name_shows_that_it_goes_on() -> None:
    found = read(
        calendar(
            ALL_DAY,
            "DTSTART;VALUE=DATE:20261126\nSUMMARY:Día\\, de \u202egracias",
            "DTSTART;VALUE=DATE:20261130\nSUMMARY:" + "x" * 99,
        )
    )
    assert found.days == {date(2026, 11, 26): "Thanksgiving, Día, de gracias", date(2026, 11, 30): "x" * 79 + "…"}


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
def test_a_calendar_is_read_in_the_encodings_that_programs_write(encoding: str) -> None:
    content = calendar("DTSTART;VALUE=DATE:20261126\nSUMMARY:Día").decode().encode(encoding)
    assert read(content).days == {date(2026, 11, 26): "Día"}


FOREVER = "DTSTART;VALUE=DATE:20260101\nRRULE:FREQ=DAILY\nSUMMARY:x"
EVERY_SECOND = "DTSTART:00010101T000000\nRRULE:FREQ=SECONDLY\nSUMMARY:Tick"
EVERY_MINUTE = f"DTSTART:20260101T000000\nSUMMARY:Tick\nRRULE:FREQ=DAILY;BYMINUTE={','.join(map(str, range(60)))}"
HOSTILE = {
    "no_events": calendar(),
    "rule_within_a_day": calendar(EVERY_SECOND),
    "rule_within_a_day too": calendar(EVERY_MINUTE),
    "too_many": calendar(*[FOREVER] * 9),
    "nothing": calendar("DTSTART;VALUE=DATE:19990704\nSUMMARY:Long ago"),
    "not_a_calendar": b"BEGIN:VCARD\r\nFN:BEGIN:VCALENDAR\r\nEND:VCARD\r\n",
}


@pytest.mark.parametrize("code", HOSTILE)
def test_a_file_that_is_no_calendar_of_holidays_is_refused_in_a_sentence(code: str) -> None:
    with pytest.raises(Invalid) as refused:
        read(HOSTILE[code])
    assert refused.value.code == f"calendar_{code.split()[0]}"
    assert refused.value.sentence.endswith(".") and "{" not in refused.value.sentence


def test_a_rule_without_an_end_is_read_to_the_end_of_the_days() -> None:
    found = read(calendar(FOREVER))
    assert (min(found.days), max(found.days), len(found.days)) == (SINCE, UNTIL, 522)


LARGE = calendar(*["SUMMARY:x"] * 20_000)


@pytest.mark.parametrize("content, code", [(LARGE, "large"), (b"<html>Sign in</html>", "not_a_calendar")])
def test_what_is_too_large_or_something_else_is_refused_before_anything_reads_it(content: bytes, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        read_calendar(content, SINCE, UNTIL, ZONE)
    assert refused.value.code == f"calendar_{code}"


def test_a_child_reads_what_people_send_and_is_stopped_by_its_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    assert read_calendar(calendar(ALL_DAY), SINCE, UNTIL, ZONE).days == {date(2026, 11, 26): "Thanksgiving"}
    monkeypatch.setattr(ics_reading, "BOUNDS", ics_reading.BOUNDS._replace(seconds=0.05))
    with pytest.raises(Invalid, match="could not be read within its time"):
        read_calendar(calendar(ALL_DAY), SINCE, UNTIL, ZONE)


@pytest.mark.parametrize("cut", range(0, 400, 37))
def test_a_file_that_breaks_off_is_read_or_refused_and_nothing_else(cut: int) -> None:
    whole = calendar(ALL_DAY, "DTSTART;VALUE=DATE:20261102\nRRULE:FREQ=WEEKLY;COUNT=4\nSUMMARY:Monday")
    try:
        assert set(read(whole[: len(whole) - cut]).days) <= set(read(whole).days)
    except Invalid as refused:
        assert refused.sentence.endswith(".")
