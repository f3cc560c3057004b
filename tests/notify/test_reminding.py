"""Reminders between extractions: who gets one, when, and of what."""

from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta

import psycopg
import pytest

from services.notify.actions.intake import store_calendar
from services.notify.actions.reminding import remind
from services.notify.tasks import bus
from shared.db import transaction
from shared.events import CalendarChanged, NamedDay
from shared.school_days import is_school_day
from shared.settings import settings
from shared.web.clock import today
from tests.notify.telling import (
    FEB14,
    FEB21,
    LOW,
    first_mails,
    mails,
    mark_sent,
    rows_of,
    tell,
    tell_directory,
)
from tests.people import api_of, browser_of

WEDNESDAY = datetime(2025, 2, 26, 20, tzinfo=UTC)
pytestmark = pytest.mark.usefixtures("clean")


class Clock:
    """The day of these tests, from a Wednesday on; school days alone pass."""

    now = WEDNESDAY

    def days_pass(self, days: int, off: Collection[date] = ()) -> None:
        """The next so many school days; what was sent until now was sent before them."""
        for column in ("sent_at", "queued_at"):
            rows_of(f"update mail set {column} = :now where {column} > :now returning 1", now=self.now)
        for _ in range(days):
            self.now += timedelta(days=1)
            while not is_school_day(self.now.date(), off):
                self.now += timedelta(days=1)

    def reminded(self) -> int:
        self.days_pass(0)
        with transaction("notify") as session:
            return remind(session, self.now)


@pytest.fixture
def clock() -> Clock:
    return Clock()


def with_reminders(days: int) -> None:
    rows_of(f"insert into alert_settings(id, remind_days) values (1, {days}) returning 1")
    rows_of("update digest set content = jsonb_set(content, '{closes}', '\"2999-01-01\"') returning 1")


def test_a_reminder_goes_once_a_slot_and_a_plan_stops_it(clock: Clock) -> None:
    digest = first_mails()
    with_reminders(3)
    api_of("director").post("/notify/api/v1/acknowledgements", json={"digest_id": digest, "plan": "Calls"})
    counts = []
    for later in (2, 1, 0, 3):
        clock.days_pass(later)
        counts.append(clock.reminded())
        mark_sent()
    assert counts == [0, 1, 0, 1]
    assert mails("sent")[2:] == [("soren.frisch@lausd.example", "Reminder: your plan for 1 school - SES Sp25")] * 2
    assert "We have no plan from you yet." in rows_of("select body from mail where kind = 'reminder'")[0].body


def test_reminders_that_were_not_sent_in_time_are_not_made_up_for(clock: Clock) -> None:
    first_mails()
    with_reminders(1)
    clock.days_pass(20)
    assert [clock.reminded() for _ in range(3)] == [2, 0, 0]
    clock.days_pass(20)
    assert clock.reminded() == 0, "the first reminder is still on its way"


def test_who_was_mailed_by_a_second_copy_only_is_reminded_like_the_others(clock: Clock) -> None:
    tell_directory()
    tell(LOW[:2], FEB14)
    with_reminders(1)
    rows_of("update mail set state = 'failed', unknown = 2, queued_at = queued_at - interval '2 days' returning 1")
    assert browser_of("central").post("/notify/mails/1/resend").status_code == 303
    mark_sent()
    clock.days_pass(2)
    assert clock.reminded() == 1


def test_after_an_undo_the_reminders_are_of_the_extraction_that_counts_again(clock: Clock) -> None:
    first_mails()
    tell(LOW, FEB21)
    mark_sent()
    with_reminders(1)
    clock.days_pass(2)
    assert clock.reminded() == 2
    mark_sent()
    tell([], FEB21, revision=2, is_undo=True, removed=[r.school_key for r in LOW])
    mark_sent()
    rows_of("update digest set content = jsonb_set(content, '{closes}', '\"2999-01-01\"') returning 1")
    clock.days_pass(2)
    assert clock.reminded() == 2
    assert {
        r.extraction_date
        for r in rows_of(
            "select d.extraction_date from mail join digest d using (digest_id) where mail.state = 'queued'"
        )
    } == {FEB14}


def test_nobody_is_reminded_of_snoozed_schools_at_a_refused_address_or_after_leaving_the_directory(
    clock: Clock,
) -> None:
    digest = first_mails()
    with_reminders(1)
    clock.days_pass(2)
    api = api_of("director")
    for key in ("1400101", "1400201"):
        body = {"digest_id": digest, "school_key": key, "reason": "strike"}
        assert api.post("/notify/api/v1/snoozes", json=body).status_code == 201
    rows_of("update director set refused_email = email where name like 'Frisch%' returning 1")
    assert clock.reminded() == 0
    rows_of("delete from snooze where school_key = '1400101' returning 1")
    rows_of("delete from director where name like 'Frisch%' returning 1")
    assert clock.reminded() == 1
    assert mails()[-1][0] == "director@lausd.example"


def test_a_slot_of_reminders_runs_once_however_many_relays_ring_for_it() -> None:
    first_mails()
    with_reminders(1)
    rows_of("update mail set sent_at = sent_at - interval '9 days' returning 1")
    with psycopg.connect(settings().database_url_of("notify"), autocommit=True) as database:
        database.execute("delete from job where name = 'notify.remind'")
        database.execute("insert into job(name, every) values ('notify.remind', interval '1 hour')")
    ring = bus.turns["notify.remind"]
    with ThreadPoolExecutor(6) as relays:
        for rung in [relays.submit(ring) for _ in range(12)]:
            rung.result()
    assert len(mails()) == (2 if is_school_day(today()) else 0)
    assert rows_of("select count(*) as n from job_log where name = 'notify.remind'")[0].n == 1


def test_nobody_is_reminded_on_a_day_without_school_and_such_days_are_not_counted(clock: Clock) -> None:
    first_mails()
    with_reminders(2)
    thursday, friday = date(2025, 2, 27), date(2025, 2, 28)
    with transaction("notify") as session:
        days = [NamedDay(thursday, "Recess"), NamedDay(friday, "")]
        event = CalendarChanged(revision=2, changed_at=clock.now, days_off=days, windows=[], extraction_days=[])
        store_calendar(session, event)
        store_calendar(session, event.model_copy(update={"revision": 1, "days_off": []}))
    clock.days_pass(0)
    due = []
    for day in range(1, 7):
        clock.now = WEDNESDAY + timedelta(days=day)
        due.append((f"{clock.now:%a}", clock.reminded()))
    assert due == [("Thu", 0), ("Fri", 0), ("Sat", 0), ("Sun", 0), ("Mon", 0), ("Tue", 2)]


def test_a_mail_counts_the_school_days_that_are_left_without_the_days_off() -> None:
    tell_directory()
    days = [FEB14 + timedelta(days=n) for n in range(3, 15)]
    with transaction("notify") as session:
        named = [NamedDay(day, "Recess") for day in days]
        changed = CalendarChanged(revision=1, changed_at=WEDNESDAY, days_off=named, windows=[], extraction_days=[])
        store_calendar(session, changed)
    tell(LOW, FEB14)
    # 15 are needed in 10 of 20 school days.
    assert (
        "Alder 4001: 15 more parents, 2 a school day"
        in rows_of("select body from mail where rcpt = 'director@lausd.example'")[0].body
    )
