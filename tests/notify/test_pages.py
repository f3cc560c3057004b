"""The pages of central staff: preview, release and hold, the queue, the log, looking back, settings."""

import re

import pytest

from tests.notify.telling import (
    FEB14,
    FEB21,
    FRISCH,
    digests,
    mails,
    mark_sent,
    row,
    rows_of,
    tell,
    tell_directory,
)
from tests.people import browser_of

pytestmark = pytest.mark.usefixtures("clean")

LOW = [row("Alder 4001", 10, 100), row("Birch <b> 4002", 20, 100), row("Cedar 4003", 5, 100, FRISCH)]
PAGES = (
    "/notify/",
    "/notify/unroutable",
    "/notify/mails",
    "/notify/snoozes",
    "/notify/worked",
    "/notify/schools",
    "/notify/directors",
    "/notify/settings",
)


@pytest.mark.parametrize("path", PAGES)
def test_every_page_is_there_before_anything_happened(path: str) -> None:
    assert browser_of("central").get(path).status_code == 200
    assert browser_of("principal").get(path).status_code == 403


def test_held_mails_are_read_and_released_on_the_page() -> None:
    tell_directory()
    central = browser_of("central")
    assert central.post("/notify/settings", data={**DEFAULTS, "hold_all": "1"}).status_code == 303
    tell(LOW)
    preview = central.get("/notify/extractions/Sp25/2025-02-21").text
    assert "2 alerts are held" in preview
    assert "the settings ask for a preview" in preview
    number = rows_of("select max(mail_id) as n from mail")[0].n
    shown = central.get(f"/notify/mails/{number}/page")
    assert "Birch &lt;b&gt; 4002" in shown.text
    assert "unsafe-inline" in shown.headers["content-security-policy"]
    assert "script" not in shown.headers["content-security-policy"]
    assert central.post("/notify/extractions/Sp25/2025-02-21/release").status_code == 303
    assert len(mails()) == 2
    assert central.post("/notify/extractions/Sp25/2025-02-21/hold", data={"why": "wait"}).status_code == 303
    assert len(mails("held")) == 2
    assert browser_of("ops").post("/notify/extractions/Sp25/2025-02-21/release").status_code == 403


def test_the_queue_suggests_and_a_click_sends() -> None:
    tell_directory()
    tell([row("Cedar 4003", 5, 100, "FRSCH. SOREN")])
    central = browser_of("central")
    queue = central.get("/notify/unroutable").text
    assert "This is Frisch, Soren L" in queue
    assert '<option value="" selected>Choose a director</option>' in queue
    assert central.post("/notify/unroutable/match", data={"alias": "FRSCH. SOREN", "person_id": ""}).status_code == 422
    assert mails() == []
    match = {"alias": "FRSCH. SOREN", "person_id": "director:soren.frisch@lausd.example"}
    assert central.post("/notify/unroutable/match", data=match).status_code == 303
    assert len(mails()) == 1
    assert "Every alert has a route" in central.get("/notify/unroutable").text


def test_a_mail_is_read_in_the_log_and_sent_again_without_giving_its_link_away() -> None:
    tell_directory()
    tell(LOW[:1])
    central = browser_of("central")
    assert central.post("/notify/mails/1/resend").status_code == 409
    mark_sent()
    assert central.get("/notify/mails?state=sent&q=director").text.count("director@lausd.example") == 1
    page = central.get("/notify/mails/1").text
    assert "ANSWER-LINK" in page
    again = central.post("/notify/mails/1/resend")
    assert again.headers["location"] == "/notify/mails/2"
    ids = [r.message_id for r in rows_of("select message_id from mail")]
    assert len(set(ids)) == 2
    assert '<td data-label="Planned" class="number">1</td>' in central.get("/notify/").text


def test_a_mail_whose_numbers_were_replaced_is_not_sent_again() -> None:
    tell_directory()
    tell(LOW[:1])
    tell([row("Alder 4001", 12, 100)], revision=2)
    central = browser_of("central")
    assert "Send again" not in central.get("/notify/mails/1").text
    assert central.post("/notify/mails/1/resend").status_code == 409
    assert len(mails()) == 1


def test_a_director_does_not_see_what_is_held() -> None:
    tell_directory()
    tell(LOW, thin=True)
    shown = browser_of("director").get("/notify/mine").text
    assert "No alert yet" in shown and "Tier 1 (Feb 21)" not in shown


def test_a_school_has_its_timeline_and_mails_show_what_came_after() -> None:
    tell_directory()
    tell(LOW, FEB14)
    mark_sent()
    tell([row("Alder 4001", 60, 100), *LOW[1:]], FEB21)
    central = browser_of("central")
    assert central.post("/notify/mails/1/resend").status_code == 303
    mark_sent()
    earlier = central.get("/notify/schools/1400101").text
    assert earlier.count("still (parents), 10 of 100; mail sent to director@lausd.example<") == 1
    assert "left (parents), 60 of 100" in earlier
    assert central.get("/notify/schools/9999999").status_code == 404
    assert '<a href="/notify/schools/1400101">Alder 4001</a>' in central.get("/notify/schools?q=alder").text
    assert "/notify/schools/1400201" in central.get("/notify/schools?q=4002").text
    assert "No school found" in central.get("/notify/schools?q=%25").text
    worked = central.get("/notify/worked").text
    assert '<td data-label="New surveys" class="number">50</td>' in worked


def test_a_mail_stands_beside_like_schools_that_were_not_mailed_and_no_word_says_why() -> None:
    tell_directory()
    lone = [row(f"Dogwood {4010 + n}", submitted, 100, "NOBODY, NO") for n, submitted in enumerate((8, 14, 24))]
    mailed = [row("Alder 4001", 10, 100), row("Birch 4002", 20, 100), row("Cedar 4003", 5, 100, FRISCH)]
    tell([*mailed, *lone], FEB14)
    mark_sent()
    after = [lone[0]._replace(submitted=9), lone[1]._replace(submitted=17), lone[2]._replace(submitted=90)]
    tell([row("Alder 4001", 16, 100), *mailed[1:], *after], FEB21)
    page = browser_of("central").get("/notify/worked").text
    words = " ".join(re.sub("<[^>]+>", " ", page).lower().split())
    # Alder (10%, +6) has Dogwood 1 and 2 (+1, +3) beside it, Birch (20%, 0) the third (+66); Cedar (5%) the first.
    assert '<td data-label="Points gained" class="number">+3.0</td>' in page
    assert '<td data-label="Similar schools, not mailed" class="number">+34.0 (3 rows)</td>' in page
    assert '<td data-label="Similar schools, not mailed" class="number">+1.0 (1 row)</td>' in page
    assert not re.search(r"because|thanks to|caused|led to|effect", words)


def test_a_mail_that_only_its_second_copy_brought_shows_what_came_after_once() -> None:
    tell_directory()
    tell(LOW[:1], FEB14)
    rows_of("update mail set state = 'failed', failure = 'unknown outcome', unknown = 2 returning 1")
    central = browser_of("central")
    for mail_id in (1, 2):
        assert central.post(f"/notify/mails/{mail_id}/resend").status_code == 303
        mark_sent()
    tell([row("Alder 4001", 60, 100)], FEB21)
    worked = central.get("/notify/worked").text
    assert worked.count('<td data-label="New surveys" class="number">50</td>') == 1


DEFAULTS = {
    "hold_thin": "1", "wait_minutes": "15", "remind_days": "0", "escalate_after": "3", "per_minute": "0",
    "link_days": "14",
}  # fmt: skip


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"wait_minutes": "0"}, "wait_minutes"),
        ({"opens": "08:00"}, "opens"),
        ({"opens": "08:00", "closes": "09:00", "quiet_from": "07:00", "quiet_until": "10:00"}, "opens"),
        ({"quiet_from": "late", "quiet_until": "07:00"}, "quiet_from"),
        ({"per_minute": "-1"}, "per_minute"),
    ],
)
def test_settings_that_make_no_sense_are_refused_with_their_field(wrong: dict[str, str], field: str) -> None:
    answer = browser_of("central").post("/notify/settings", data={**DEFAULTS, **wrong})
    assert answer.status_code == 422
    assert f'href="#{field}"' in answer.text
    assert rows_of("select count(*) as n from alert_settings")[0].n == 0


@pytest.mark.parametrize("email", ["ann smith@lausd.example", ""])
def test_a_head_without_a_good_address_is_refused_and_stays_typed(email: str) -> None:
    tell(LOW)
    refused = browser_of("central").post("/notify/settings/heads", data={"name_E": "Ann Smith", "email_E": email})
    assert (refused.status_code, "Region E: enter one e-mail address." in refused.text) == (422, True)
    assert 'value="Ann Smith"' in refused.text and f'value="{email}" id="email_E"' in refused.text
    assert rows_of("select count(*) as n from audit where action = 'name region head'")[0].n == 0


def test_settings_and_heads_are_kept_and_leave_a_trace() -> None:
    tell_directory()
    tell(LOW)
    central = browser_of("central")
    hours = {"quiet_from": "20:00", "quiet_until": "07:00"}
    assert central.post("/notify/settings", data={**DEFAULTS, **hours}).status_code == 303
    assert 'value="20:00"' in central.get("/notify/settings").text
    head = {"name_E": "Ito, Kenji", "email_E": "head.e@lausd.example"}
    assert central.post("/notify/settings/heads", data=head).status_code == 303
    assert central.post("/notify/settings/heads", data={"name_E": "", "email_E": "a@b, c@d"}).status_code == 422
    assert "head.e@lausd.example" in central.get("/notify/settings").text
    assert central.post("/notify/settings/heads", data={"name_E": "", "email_E": ""}).status_code == 303
    assert rows_of("select count(*) as n from region_head")[0].n == 0
    assert [r.action for r in rows_of("select action from audit order by id")] == [
        "change alert settings", "name region head", "name region head",
    ]  # fmt: skip
    assert digests()[0][2] == "planned"
