"""Directors' answers: by signed links, on the page and by the API; what they change in the next digests."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from services.notify.actions.sending import answer_token
from services.notify.rules.links import Link, sign
from shared.settings import settings
from tests.notify.telling import (
    FEB14,
    FEB21,
    FEB28,
    FRISCH,
    LOW,
    VEGA,
    digests,
    first_mails,
    mails,
    mark_sent,
    marks,
    row,
    rows_of,
    tell,
    tell_directory,
)
from tests.people import api_of, browser_of

pytestmark = pytest.mark.usefixtures("clean")


def link_of(director: str) -> str:
    mail = rows_of(
        "select m.* from mail m join digest d using (digest_id) where d.director = :d order by 1", d=director
    )[0]
    return f"/notify/answer/{answer_token(mail.mail_id, mail.queued_at, 14)}"


def test_a_link_shows_by_get_and_answers_by_post_once() -> None:
    first_mails()
    link = link_of(VEGA)
    nobody = browser_of(None)
    shown = nobody.get(link)
    assert shown.status_code == 200
    assert "Alder 4001" in shown.text
    assert "Cedar" not in shown.text
    assert rows_of("select count(*) as n from acknowledgement")[0].n == 0
    sent = nobody.post(
        link, data={"plan": "Paper surveys on Monday", "place": "1400101|parents", "reason": "EEC is closed"}
    )
    assert (sent.status_code, sent.headers["location"]) == (303, link)
    assert "Your answer was saved" in nobody.get(link).text
    again = nobody.post(link, data={"plan": "again"})
    assert (again.status_code, "Not saved a second time" in again.text) == (409, True)
    assert [(r.plan, r.author) for r in rows_of("select * from acknowledgement")] == [
        ("Paper surveys on Monday", "director@lausd.example by mail link")
    ]
    assert [(r.school, r.respondent_group, r.reason) for r in rows_of("select * from snooze")] == [
        ("Alder 4001", "parents", "EEC is closed")
    ]
    assert [r.action for r in rows_of("select action from audit order by id")] == ["snooze", "acknowledge alert"]


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"plan": " "}, "plan"),
        ({"plan": "x" * 2001}, "plan"),
        ({"plan": "x" * 2001, "place": "1400101|parents", "reason": "x"}, "plan"),
        ({"place": "1400101|parents"}, "reason"),
        ({"place": "1400301|parents", "reason": "not mine"}, "places"),
        ({"place": "1400101|parents", "reason": "x", "until": "2025-02-14"}, "until"),
        ({"place": "1400101|parents", "reason": "x", "until": "soon"}, "until"),
    ],
)
def test_an_answer_that_is_not_one_is_asked_again_and_the_link_still_works(data: dict[str, str], field: str) -> None:
    first_mails()
    answer = browser_of(None).post(link_of(VEGA), data=data)
    assert answer.status_code == 422
    assert f'href="#{field}"' in answer.text
    assert [
        rows_of(f"select count(*) as n from {t}")[0].n for t in ("link_use", "snooze", "acknowledgement", "audit")
    ] == [0] * 4


def test_a_plan_may_have_as_many_lines_as_the_browser_let_in() -> None:
    first_mails()
    plan = "\r\n".join(["x" * 99] * 20)
    assert browser_of(None).post(link_of(VEGA), data={"plan": plan}).status_code == 303
    assert [len(r.plan) for r in rows_of("select plan from acknowledgement")] == [1999]


def test_links_that_were_changed_made_elsewhere_or_have_expired_are_refused() -> None:
    first_mails()
    link = link_of(VEGA)
    number, until, signature = link.rpartition("/")[2].split(".")
    key = settings().link_key.get_secret_value().encode()
    for token in (
        f"{int(number) + 1}.{until}.{signature}",
        f"{number}.{int(until) + 1}.{signature}",
        f"{number}.{until}",
        f"{number}.{until}.",
        "x" * 300,
        sign(b"another key", Link(int(number), datetime.now(UTC) + timedelta(days=1))),
        sign(key, Link(int(number), datetime.now(UTC) - timedelta(seconds=1))),
        sign(key, Link(10**9, datetime.now(UTC) + timedelta(days=1))),
    ):
        for answer in (
            browser_of(None).get(f"/notify/answer/{token}"),
            browser_of(None).post(f"/notify/answer/{token}", data={"plan": "x"}),
        ):
            assert answer.status_code == 404
    assert rows_of("select count(*) as n from acknowledgement")[0].n == 0


def test_a_double_click_saves_one_answer_and_says_that_it_was_saved() -> None:
    first_mails()
    link, anybody = link_of(VEGA), browser_of(None)
    with ThreadPoolExecutor(2) as clicks:
        answers = [clicks.submit(anybody.post, link, data={"plan": "Calls"}) for _ in range(2)]
        first, second = sorted((answer.result() for answer in answers), key=lambda answer: answer.status_code)
    assert (first.status_code, second.status_code) == (303, 409)
    assert "Your answer was saved" in second.text
    assert rows_of("select count(*) as n from acknowledgement")[0].n == 1


def test_the_link_of_an_older_mail_leads_to_the_newer_one_once_that_was_sent() -> None:
    first_mails()
    old = link_of(VEGA)
    tell(LOW, FEB21)
    assert "Schools to snooze" in browser_of(None).get(old).text, "the newer mail is not sent yet"
    mark_sent()
    shown = browser_of(None).get(old).text
    assert "You have a newer mail" in shown and "Feb 21" in shown and "<textarea" not in shown
    assert browser_of(None).post(old, data={"plan": "Calls"}).status_code == 409
    assert rows_of("select * from acknowledgement") == []


def test_a_link_lives_from_the_release_of_its_mail() -> None:
    tell_directory()
    tell(LOW, FEB14, thin=True)
    rows_of("update mail set queued_at = now() - interval '20 days' returning 1")
    release = "/notify/extractions/Sp25/2025-02-14/release"
    assert browser_of("central").post(release).status_code == 303
    assert browser_of(None).get(link_of(VEGA)).status_code == 200


def test_another_site_cannot_send_an_answer() -> None:
    first_mails()
    answer = browser_of(None).post(link_of(VEGA), data={"plan": "x"}, headers={"sec-fetch-site": "cross-site"})
    assert answer.status_code == 403


def test_a_snoozed_school_is_counted_and_not_listed_until_its_end() -> None:
    digest = first_mails()
    made = api_of("director").post(
        "/notify/api/v1/snoozes",
        json={
            "digest_id": digest,
            "school_key": "1400101",
            "group": "parents",
            "reason": "closed",
            "until": "2025-02-21",
        },
    )
    assert made.status_code == 201, made.text
    tell(LOW, FEB21)
    assert marks() == {"4001/parents": "snoozed", "4002/parents": "still"}
    assert "1 snoozed school is not listed" in rows_of("select body from mail order by mail_id desc limit 1")[0].body
    mark_sent()
    tell(LOW, FEB28)
    assert marks() == {"4001/parents": "still", "4002/parents": "still"}


def test_a_snoozed_school_that_goes_missing_says_when_it_was_last_seen() -> None:
    digest = first_mails()
    body = {"digest_id": digest, "school_key": "1400101", "reason": "closed", "until": "2025-02-28"}
    assert api_of("director").post("/notify/api/v1/snoozes", json=body).status_code == 201
    tell(LOW, FEB21)
    mark_sent()
    tell(LOW[1:], FEB28)
    assert marks() == {"4001/parents": "missing", "4002/parents": "still"}
    told_now = rows_of("select body from mail where state = 'queued' and rcpt like 'director@%'")[0].body
    assert "Alder 4001 (4001), Parents: last seen Feb 21 with 10.0%" in told_now
    assert "snoozed until" not in told_now


def test_a_snooze_without_an_end_ends_after_the_mail_of_the_next_extraction() -> None:
    digest = first_mails()
    body = {"digest_id": digest, "school_key": "1400101", "reason": "closed"}
    assert api_of("director").post("/notify/api/v1/snoozes", json=body).status_code == 201
    tell(LOW, FEB21)
    assert marks() == {"4001/parents": "snoozed", "4002/parents": "still"}
    mark_sent()
    tell(LOW, FEB28)
    assert marks() == {"4001/parents": "still", "4002/parents": "still"}


def test_snoozes_in_force_are_listed_once_each_until_an_extraction_is_past_their_end() -> None:
    digest = first_mails()
    api = api_of("director")

    def snooze(key: str, until: str | None) -> None:
        body = {"digest_id": digest, "school_key": key, "reason": "closed", "until": until}
        assert api.post("/notify/api/v1/snoozes", json=body).status_code == 201

    def listed(ended: bool = False) -> list[tuple[str, str | None]]:
        rows = api.get("/notify/api/v1/snoozes", params={"ended": ended}).json()["snoozes"]
        return [(r["school"], r["until"]) for r in rows]

    for key, until in (("1400101", None), ("1400201", "2025-02-21"), ("1400201", "2025-02-28")):
        snooze(key, until)
    assert listed() == [("Alder 4001", None), ("Birch 4002", "2025-02-28")]
    tell(LOW, FEB28)
    assert listed() == [("Alder 4001", None), ("Birch 4002", "2025-02-28")]
    tell(LOW, FEB28 + timedelta(days=1))
    assert listed() == []
    assert len(listed(ended=True)) == 3
    assert "Nothing is snoozed" in browser_of("central").get("/notify/snoozes").text


def test_all_left_is_told_also_when_snoozed() -> None:
    digest = first_mails()
    for key in ("1400101", "1400201"):
        body = {"digest_id": digest, "school_key": key, "reason": "closed", "until": "2025-03-07"}
        assert api_of("director").post("/notify/api/v1/snoozes", json=body).status_code == 201
    tell(LOW, FEB21)
    assert digests()[2:] == [(FRISCH, "still", "planned")]
    mark_sent()
    tell([row("Alder 4001", 90, 100), row("Birch 4002", 90, 100)], FEB28)
    assert (VEGA, "all left", "planned") in digests()


def test_a_director_answers_only_the_own_alerts() -> None:
    first_mails()
    foreign = int(rows_of("select digest_id from digest where director = :d", d=FRISCH)[0].digest_id)
    api = api_of("director")
    assert api.post("/notify/api/v1/acknowledgements", json={"digest_id": foreign, "plan": "x"}).status_code == 404
    body = {"digest_id": foreign, "school_key": "1400301", "reason": "x"}
    assert api.post("/notify/api/v1/snoozes", json=body).status_code == 404
    assert api_of("central").post("/notify/api/v1/snoozes", json=body).status_code == 201
    assert api.get("/notify/api/v1/snoozes").json()["snoozes"] == []
    number = rows_of("select snooze_id from snooze")[0].snooze_id
    assert api.delete(f"/notify/api/v1/snoozes/{number}").status_code == 404
    assert api_of("central").delete(f"/notify/api/v1/snoozes/{number}").status_code == 204
    assert rows_of("select ended_by from snooze")[0].ended_by.endswith("as central")


def test_the_own_page_lists_answers_and_keeps_how_to_be_told() -> None:
    digest = first_mails()
    browser = browser_of("director")
    assert "/rates/schools/" in (page := browser.get("/notify/mine").text) and "Birch 4002</a>" in page
    assert browser.post("/notify/mine/answer", data={"digest_id": str(digest), "plan": "Calls home"}).status_code == 303
    assert browser.post("/notify/mine/answer", data={"digest_id": str(digest), "plan": "Calls home"}).status_code == 303
    assert rows_of("select count(*) as n from acknowledgement")[0].n == 1
    assert browser.post("/notify/mine/answer", data={"digest_id": str(digest)}).status_code == 422
    assert browser.post("/notify/mine/preference", data={"only_changes": "1"}).status_code == 303
    assert browser.post("/notify/mine/seen").status_code == 204
    assert "Calls home" in browser.get("/notify/mine").text
    tell(LOW, FEB21)
    assert digests()[2:] == [(FRISCH, "still", "planned")]
    assert rows_of("select person_id from visit")[0].person_id == "director:director@lausd.example"


def test_an_answer_from_a_page_left_open_is_asked_again_on_the_newer_alert() -> None:
    old, browser = first_mails(), browser_of("director")
    tell(LOW, FEB21)
    sent = {"plan": "Calls home", "place": "1400101|parents", "reason": "EEC is closed"}
    again = browser.post("/notify/mine/answer", data={**sent, "digest_id": str(old)})
    assert (again.status_code, "A newer alert has come" in again.text) == (422, True)
    assert all(f'value="{word}"' in again.text for word in ("1400101|parents", "EEC is closed"))
    assert ">Calls home</textarea>" in again.text
    assert [rows_of(f"select count(*) as n from {t}")[0].n for t in ("snooze", "acknowledgement")] == [0, 0]
    newest = rows_of("select max(digest_id) as n from digest where director = :d", d=VEGA)[0].n
    assert browser.post("/notify/mine/answer", data={**sent, "digest_id": str(newest)}).status_code == 303
    assert "EEC is closed" in browser.get("/notify/mine").text


def test_who_wants_it_is_also_told_when_nothing_is_in_tier_1() -> None:
    first_mails()
    tell([row("Alder 4001", 90, 100), row("Birch 4002", 90, 100)], FEB21)
    mark_sent()
    central = browser_of("central")
    preference = {"also_when_none": "1"}
    assert (
        central.post("/notify/directors/director:director@lausd.example/preference", data=preference).status_code == 303
    )
    tell([row("Alder 4001", 90, 100), row("Birch 4002", 90, 100)], FEB28)
    assert digests()[-1] == (VEGA, "none in Tier 1", "planned")
    assert mails()[-1][1] == "None of your schools is below 25% - SES Sp25, Feb 28"
