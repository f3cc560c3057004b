"""Alerts in a browser: read before release, answered from a phone without signing in, matched by a click, for everybody."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from services.notify.actions.sending import answer_token
from tests.browser.axe import axe
from tests.browser.site import opened, served
from tests.notify.telling import (
    DIRECTORS,
    FEB14,
    FEB21,
    FRISCH,
    VEGA,
    mails,
    mark_sent,
    person,
    row,
    rows_of,
    tell,
    tell_directory,
)

LOW = [row("Alder 4001", 10, 100), row("Birch 4002", 20, 100), row("Cedar 4003", 5, 100, FRISCH)]
CENTRAL = (
    "/notify/", "/notify/extractions/Sp25/2025-02-21", "/notify/unroutable", "/notify/mails", "/notify/mails/1",
    "/notify/snoozes", "/notify/worked", "/notify/directors", "/notify/settings", "/notify/schools/1400101",
    "/notify/schools?q=alder",
)  # fmt: skip


@pytest.fixture
def site(clean: None) -> Iterator[str]:
    """Two extractions: one mailed, the newer one held, with a name that nobody has."""
    long = person("a.director.with.an.address.longer.than.a.phone@lausd.example", "Maldonado Vega, Camille")
    tell_directory([*(person(email, name) for email, name in DIRECTORS), long])
    tell(LOW, FEB14)
    mark_sent()
    tell([*LOW[:2], row("Dogwood 4004", 3, 100), row("Elm 4005", 3, 100, "FRSCH. SOREN")], FEB21, thin=True)
    with served() as address:
        yield address


def link() -> str:
    mail = rows_of("select m.* from mail m join digest d using (digest_id) where d.director = :d order by 1", d=VEGA)[0]
    return f"/notify/answer/{answer_token(mail.mail_id, mail.queued_at, 14)}"


def test_held_mails_are_read_and_released(site: str, browser: Browser) -> None:
    with opened(browser, site, "central", "/notify/") as page:
        page.get_by_role("link", name="Sp25, Feb 21, 2025").click()
        page.get_by_role("link", name="3 schools below 25%, 1 new - SES Sp25, Feb 21").click()
        expect(page.get_by_text("NEWLY BELOW 25%")).to_be_visible()
        page.go_back()
        page.get_by_text("Release all held mails").click()
        page.get_by_role("button", name=re.compile(r"Release \d+ mails?")).click()
        expect(page.get_by_text("Release all held mails")).to_have_count(0)
    assert len(mails("held")) == 0


def test_a_name_is_matched_by_a_click(site: str, browser: Browser) -> None:
    with opened(browser, site, "central", "/notify/unroutable", java_script_enabled=False) as page:
        page.get_by_text("This is Frisch, Soren L").click()
        page.get_by_role("button", name="Yes, send to Frisch, Soren L").click()
        expect(page.get_by_text("Every alert has a route")).to_be_visible()


def test_a_mail_is_answered_on_a_phone_without_signing_in(site: str, browser: Browser) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844}, bypass_csp=True)
    page = context.new_page()
    page.goto(site + link())
    assert axe(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.get_by_label("Alder 4001").check()
    page.get_by_role("button", name="Send answer").click()
    expect(page.get_by_role("link", name="Give a reason for the snooze")).to_be_visible()
    assert page.get_by_label("Alder 4001").is_checked()
    page.get_by_label("Reason for the snooze").fill("closed for repairs")
    page.get_by_role("button", name="Send answer").click()
    expect(page.get_by_text("Your answer was saved")).to_be_visible()
    context.close()
    assert [s.reason for s in rows_of("select reason from snooze")] == ["closed for repairs"]


def test_a_director_opens_the_own_page_and_that_is_noticed(site: str, browser: Browser) -> None:
    phone = {"width": 375, "height": 800}
    with opened(browser, site, "director", "/notify/mine", bypass_csp=True, viewport=phone) as page:
        assert page.evaluate("document.documentElement.scrollWidth") <= 375
        with page.expect_response("**/notify/mine/seen"):
            page.reload()
        assert axe(page) == []
    assert [v.person_id for v in rows_of("select person_id from visit")] == ["director:director@lausd.example"]


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 390)])
def test_everybody_can_use_every_page(site: str, browser: Browser, scheme: str, width: int) -> None:
    size = {"width": width, "height": 900}
    with opened(browser, site, "central", "/notify/", color_scheme=scheme, viewport=size, bypass_csp=True) as page:
        for path in CENTRAL:
            page.goto(site + path)
            assert (path, axe(page)) == (path, [])
            assert page.evaluate("document.documentElement.scrollWidth") <= width, path


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1000])
def test_a_mail_reads_well_on_phone_and_desktop(
    site: str, browser: Browser, scheme: str, width: int, tmp_path: Path
) -> None:
    (tmp_path / "mail.html").write_text(rows_of("select html from mail where state = 'held' order by 1 desc")[0].html)
    context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme, bypass_csp=True)  # type: ignore[arg-type]
    page = context.new_page()
    page.goto((tmp_path / "mail.html").as_uri())
    assert [found for found in axe(page) if not found.startswith(("region", "landmark-one-main"))] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    context.close()
