"""Days off by a calendar file: what it would change, what is saved, what is undone, and who learns of it."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from services.rates.rules.days import LONGEST_NAME, day_changes, days_of, list_text, listed_ranges
from services.rates.tasks import bus
from shared.db import transaction
from shared.web.clock import today
from tests.people import browser_of
from tests.rates.test_pages import seen
from tests.rates.world import FEB_21, counts, load
from tests.shared.test_ics_reading import calendar
from tests.stack import deliver

DAYS = st.dictionaries(
    st.dates(date(2026, 1, 1), date(2028, 1, 1)).filter(lambda day: day.weekday() < 5),
    st.sampled_from(["", "Winter", "to 2027-01-01", "until June", "- x", "A, b; c", "x" * LONGEST_NAME]),
    max_size=40,
)


def kept() -> dict[str, str]:
    with transaction("rates") as session:
        return {row.day.isoformat(): row.name for row in session.execute(text("select * from day_off order by day"))}


def post(path: str, **form: Any) -> Any:
    return browser_of("central").post(f"/rates/settings/{path}", data=form)


def send(content: bytes, name: str = "holidays.ics") -> Any:
    return browser_of("central").post("/rates/settings/days-off/file", files={"file": (name, content)})


def next_weekday(after: int) -> date:
    """The first Tuesday so many days from now or later."""
    day = today() + timedelta(days=after)
    return day + timedelta(days=(1 - day.weekday()) % 7)


@given(DAYS)
def test_days_written_as_a_list_are_read_as_the_same_days(days: dict[date, str]) -> None:
    found, wrong = listed_ranges(list_text(days))
    assert wrong == []
    assert days_of(found).keys() == days.keys()
    assert all(name.strip(" ,;:") == days_of(found)[day] for day, name in days.items())


@given(DAYS, DAYS, st.booleans())
def test_the_preview_says_exactly_what_becomes_of_the_calendar(
    now: dict[date, str], listed: dict[date, str], replaces: bool
) -> None:
    changes = day_changes(now, listed, replaces=replaces)
    then = {day: name for day, name in now.items() if day not in changes.removed} | changes.added
    then |= {day: names[1] for day, names in changes.renamed.items()}
    outside = {day for day in now if listed and min(listed) <= day <= max(listed)} - listed.keys()
    assert then == {day: name for day, name in now.items() if not (replaces and day in outside)} | listed


@pytest.mark.usefixtures("clean")
def test_a_calendar_file_shows_what_changes_before_it_is_saved_and_an_undo_takes_it_back() -> None:
    first = next_weekday(20)
    second, between, after = (first + timedelta(days=n) for n in (7, 1, 30))
    for day in (between, after):
        assert post("days-off", day=day, name="Own").status_code == 303
    content = calendar(
        f"DTSTART;VALUE=DATE:{first:%Y%m%d}\nSUMMARY:Founders Day",
        f"DTSTART;VALUE=DATE:{second:%Y%m%d}\nDTEND;VALUE=DATE:{second + timedelta(days=2):%Y%m%d}\nSUMMARY:Recess",
        f"DTSTART:{first:%Y%m%d}T180000\nDTEND:{first:%Y%m%d}T190000\nSUMMARY:Concert",
    )
    page = send(content)
    assert page.status_code == 200
    assert "3 added" in page.text and "1 not in the list" in page.text
    assert f"“Concert” on {first} is not for a whole day." in page.text
    lines = f"{first} Founders Day\n{second} to {second + timedelta(days=1)} Recess"
    assert f">{lines}</textarea>" in page.text
    own = {str(between): "Own", str(after): "Own"}
    assert kept() == own, "nothing is saved by the preview"
    assert post("days-off/save", days=lines, source="holidays.ics", replaces="true").status_code == 303
    loaded = {str(first): "Founders Day", str(second): "Recess", str(second + timedelta(days=1)): "Recess"}
    assert kept() == dict(sorted({**loaded, str(after): "Own"}.items()))
    settings = browser_of("central").get("/rates/settings").text
    assert "4 days by holidays.ics" in settings
    with transaction("rates") as session:
        change = session.execute(text("select max(change_id) from day_off_change")).scalar_one()
    assert post("days-off", day=second, name="Renamed").status_code == 303
    central = browser_of("central")
    undone = central.post("/rates/settings/days-off/undo", data={"change_id": change})
    assert "1 day changed again since, and stays as it is." in central.get(undone.headers["location"]).text
    assert kept() == dict(sorted({**own, str(second): "Renamed"}.items()))
    assert post("days-off/undo", change_id=change).status_code == 409
    assert post("days-off/undo", change_id=change + 9).status_code == 404


@pytest.mark.usefixtures("clean")
def test_a_file_that_is_no_calendar_and_a_list_with_a_wrong_line_say_so_and_save_nothing() -> None:
    refused = send(b"PK\x03\x04 a workbook")
    assert refused.status_code == 422
    assert "This is not a calendar file (.ics)." in refused.text
    preview = post("days-off/preview", days="2026-11-26 A\nsome day", source="x")
    assert preview.status_code == 422 and "Line 2, “some day”" in preview.text and "Save these days" not in preview.text
    assert post("days-off/save", days="some day", source="x").status_code == 422
    many = "\n".join(f"2026-{month:02}-01 to 2026-{month:02}-28" for month in range(1, 8))
    assert "2026 would have 140 weekdays without school" in post("days-off/preview", days=many).text
    assert kept() == {}
    assert browser_of("principal").post("/rates/settings/days-off/file", files={"file": ("x", b"x")}).status_code == 403


@pytest.mark.usefixtures("clean")
def test_notify_and_sesr_learn_the_calendar_once_for_each_state_of_it() -> None:
    load(FEB_21, counts("Alder El", 10))
    day = next_weekday(3)
    assert post("days-off", day=day, name="Holiday").status_code == 303
    bus.turns["rates.publish_calendar"]()
    assert post("days-off", day=day, name="Holiday").status_code == 303
    deliver()
    with transaction("notify") as session:
        assert session.execute(text("select revision, days_off from school_calendar")).all() == [(1, [day])]
    with transaction("sesr") as session:
        rows = session.execute(text("select kind, term, first_day, last_day, revision from calendar_entry order by 1"))
        assert rows.all() == [
            ("extraction", "Sp25", FEB_21, FEB_21, 1),
            ("window", "Sp25", date(2025, 1, 27), date(2025, 3, 14), 1),
        ]
    load(FEB_21 + timedelta(days=7), counts("Alder El", 20))
    for _ in range(2):
        bus.turns["rates.publish_calendar"]()
    assert post("days-off/remove", day=day).status_code == 303
    deliver()
    with transaction("notify") as session:
        assert session.execute(text("select revision, days_off from school_calendar")).all() == [(3, [])]
    with transaction("sesr") as session:
        newer = session.execute(text("select first_day from calendar_entry where revision = 2")).scalars().all()
        assert newer == [FEB_21 + timedelta(days=7)]
    assert "Holiday" not in seen("/rates/settings").partition("Last changes")[0]
