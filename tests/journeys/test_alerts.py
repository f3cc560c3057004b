"""Terms of alerts on the real stack and real mail servers: what each director reads after each file, and nothing else."""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx2
import pytest

from deploy.embedded.installation import Servers
from shared.settings import settings
from tests.deploy.waiting import until
from tests.files import directory
from tests.journeys.term import FRISCH, PEOPLE, SCHOOLS, VEGA, Term, school, term
from tests.notify.exim import exim
from tests.notify.sinks import sink
from tests.stack import Programs, programs, quiet, wipe

FRISCH_S = "FRISCH, SOREN L"
SETTINGS = {
    "hold_thin": "1", "wait_minutes": "15", "remind_days": "0", "escalate_after": "0", "per_minute": "0",
    "link_days": "14",
}  # fmt: skip


@pytest.fixture(scope="module")
def running(stack_servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Programs]:
    wipe()
    with programs(tmp_path_factory.mktemp("logs")) as started:
        yield started


def mail_port() -> int:
    """Where the stack's workers look for the mail server."""
    return urlsplit(settings().smtp_url).port or 25


@pytest.fixture
def alder(running: Programs) -> Iterator[Term]:
    """A term whose mails a sink takes."""
    with sink(mail_port()) as (kept, _), term(running, kept) as made:
        yield made


def test_a_term_is_told_as_it_happens_and_nothing_twice(alder: Term) -> None:
    low = [school(4001, 10), school(4002, 20), school(4003, 60), school(4004, 5, FRISCH_S)]
    alder.extract("2025-02-07", *low)
    to_vega, to_frisch = alder.told()
    assert to_vega[:2] == (VEGA, "2 schools below 25% - SES Sp25, Feb 7")
    assert to_frisch[:2] == (FRISCH, "1 school below 25% - SES Sp25, Feb 7")
    fewest_first = "Alder 4002 El (4002), Parents: 5 more needed\n    20 of 100 = 20.0%\n  * Alder 4001 El"
    assert fewest_first in to_vega.text
    assert "Alder 4004" not in to_vega.text and "Alder 4001" not in to_frisch.text

    assert alder.extract("2025-02-07", *reversed(low))["state"] == "unchanged"
    assert alder.told() == []

    alder.extract(
        "2025-02-14", school(4001, 40), school(4002, 20), school(4003, 20), school(4004, 5, FRISCH_S)
    )  # fmt: skip
    to_vega, to_frisch = alder.told()
    assert to_vega.subject == "2 schools below 25%, 1 new, 1 rose above - SES Sp25, Feb 14"
    assert (
        "NEWLY BELOW 25%\n  * Alder 4003 El (4003), Parents: 5 more needed\n    20 of 100 = 20.0%, -40 since the file before"
        in to_vega.text
    )
    assert "ROSE ABOVE 25%\n  * Alder 4001 El (4001), Parents: 40.0% (+30)" in to_vega.text
    assert "20 of 100 = 20.0%, no change, 2 files in a row" in to_vega.text
    assert to_frisch.subject == "1 school still below 25% - SES Sp25, Feb 14"

    alder.extract("2025-02-14", school(4002, 22))
    (corrected,) = alder.told()
    assert corrected[:2] == (VEGA, "Corrected: 2 schools below 25% - SES Sp25, Feb 14")
    assert "Use these numbers; discard the mail about Feb 14" in corrected.text
    assert "22 of 100 = 22.0% (was 20 of 100)" in corrected.text

    alder.extract("2025-02-10", school(4001, 10), school(4002, 20), school(4003, 60))
    assert alder.told() == []

    moved = school(4002, 22, FRISCH_S)
    alder.extract("2025-02-21", school(4001, 40), moved, school(4003, 90), school(4004, 5, FRISCH_S))
    to_vega, to_frisch = alder.told()
    assert "NO LONGER YOURS\n  * Alder 4002 El (4002), Parents: now with Frisch, Soren L" in to_vega.text
    assert to_frisch.subject == "2 schools below 25%, 1 now yours - SES Sp25, Feb 21"
    assert "from Vega, Marta" in to_frisch.text

    alder.extract("2025-02-28", school(4001, 40), moved, school(4003, 90), school(4004, 60, FRISCH_S))
    assert alder.subjects() == ["soren.frisch: 1 school still below 25%, 1 rose above - SES Sp25, Feb 28"]
    closing = [school(4001, 40), school(4002, 80, "Frisch, Soren"), school(4003, 90), school(4004, 60, FRISCH_S)]
    alder.extract("2025-03-07", *closing)
    (closed,) = alder.told()
    assert closed[:2] == (FRISCH, "All your schools are above 25% - SES Sp25")
    assert "Nothing to do. Thank you." in closed.text
    alder.extract("2025-03-14", *closing)
    assert alder.told() == []
    timeline = alder.page("/notify/schools/1400201")
    assert timeline.count(f"mail sent to {VEGA}") == 4 and timeline.count(f"mail sent to {FRISCH}") == 3
    assert '<td data-label="New surveys" class="number">58</td>' in alder.page("/notify/worked")


def test_a_thin_extraction_waits_for_a_person_and_a_group_that_does_not_come_is_named(alder: Term) -> None:
    students = [school(4001, 3)]
    parents = [school(4001, 10), school(4002, 20), school(4003, 15), school(4005, 60), school(4004, 5, FRISCH_S)]
    alder.extract("2025-02-07", *parents, Students=students)
    assert len(alder.told()) == 2

    alder.extract("2025-02-14", *parents[:2], parents[4])
    assert alder.told() == []
    assert "waits for other groups" in alder.page("/notify/")
    alder.change("/notify/extractions/Sp25/2025-02-14/plan")
    assert "2 alerts are held" in alder.page("/notify/extractions/Sp25/2025-02-14")
    alder.change("/notify/extractions/Sp25/2025-02-14/release")
    to_vega, to_frisch = alder.told()
    assert to_vega.subject == "2 schools still below 25%, 1 missing - SES Sp25, Feb 14"
    assert "WE CANNOT TELL\n  * Alder 4003 El (4003), Parents: last seen Feb 7 with 15.0%" in to_vega.text
    assert "Students of Feb 14 have not arrived" in to_vega.text and ", as of Feb 7" in to_vega.text
    assert to_frisch.subject == "1 school still below 25% - SES Sp25, Feb 14"

    alder.running.kill("relay")
    alder.extract("2025-02-21", *parents, Students=[school(4001, 6)], wait=False)
    lost = (
        "ingest.outbox_delivery set state = %s from ingest.outbox_event e where e.event_id = outbox_delivery.event_id"
    )
    lost += " and cast(e.payload as jsonb)->>'group' = 'students' and outbox_delivery.state = %s"
    assert alder.database.execute(f"update {lost}".encode(), ("held", "pending")).rowcount == 1
    alder.running.start("relay", "shared.delivery.relay")
    until(quiet)
    assert alder.told() == []
    assert "students" in alder.page("/rates/waiting")
    alder.one("update rates.upload set first_arrived_at = now() - interval '31 min' returning 1")
    alder.change("/rates/waiting", term="Sp25", day="2025-02-21")
    to_vega, to_frisch = alder.told()
    assert to_vega.subject == "3 schools still below 25% - SES Sp25, Feb 21"
    assert ", as of Feb 7" in to_vega.text and "3 of 100 = 3.0%" in to_vega.text

    assert alder.database.execute(f"update {lost}".encode(), ("pending", "held")).rowcount == 1
    until(lambda: alder.one("select cardinality(groups) = 2 from notify.upload order by extraction_date desc limit 1"))
    until(quiet)
    (followed,) = alder.told()
    assert followed[:2] == (VEGA, "3 schools below 25% - SES Sp25, Feb 21")
    assert "6 of 100 = 6.0%, +3" in followed.text and "not arrived" not in followed.text


def answer(term: Term, text: str, **form: str) -> None:
    """Answers a mail by the link in its text, without signing in."""
    link = re.search(r"/notify/answer/\S+", text)
    assert link is not None
    with httpx2.Client(base_url=term.running.url, headers={"accept": "text/html"}) as anybody:
        assert "Schools to snooze" in anybody.get(link.group()).text
        assert term.one("select count(*) from notify.link_use") == 0
        assert anybody.post(link.group(), data=form).status_code == 303
        assert "Your answer was saved" in anybody.get(link.group()).text
        assert anybody.post(link.group(), data=form).status_code == 409


def test_snoozed_schools_are_counted_until_the_snooze_ends_and_the_head_of_the_region_hears_of_what_lasts(
    alder: Term,
) -> None:
    low = [school(4001, 10), school(4002, 20), school(4004, 5, FRISCH_S)]
    alder.extract("2025-02-07", *low)
    to_vega, _ = alder.told()
    asked = {"plan": "Paper surveys on Monday", "place": "1400101|parents", "reason": "closed", "until": "2025-02-21"}
    answer(alder, to_vega.text, **asked)
    assert "Paper surveys on Monday" in alder.page("/notify/snoozes")
    alder.change("/notify/settings", **{**SETTINGS, "escalate_after": "2"})
    alder.change("/notify/settings/heads", name_E="Ito, Kenji", email_E="head.e@lausd.example")
    assert alder.told() == []

    alder.extract("2025-02-14", *low)
    to_vega, to_head, _ = alder.told()
    assert to_vega.subject == "1 school still below 25% - SES Sp25, Feb 14"
    assert "1 snoozed school is not listed" in to_vega.text and "Alder 4001" not in to_vega.text
    assert to_head[:2] == (
        "head.e@lausd.example",
        "Region E: 3 schools below 25% for 2 extractions or more - SES Sp25",
    )
    assert to_head.text.count("(2 extractions)") == 3
    assert "director VEGA, MARTA" in to_head.text and "director FRISCH, SOREN L" in to_head.text
    assert "/notify/answer/" not in to_head.text

    alder.extract("2025-02-21", *low)
    assert alder.subjects() == [
        "director: 1 school still below 25% - SES Sp25, Feb 21",
        "soren.frisch: 1 school still below 25% - SES Sp25, Feb 21",
    ]
    alder.extract("2025-02-28", *low)
    to_vega, _ = alder.told()
    assert to_vega.subject == "2 schools still below 25% - SES Sp25, Feb 28"
    assert "snoozed" not in to_vega.text

    digest = alder.one(
        "select max(digest_id) from notify.digest where director_key = 'director:director@lausd.example'"
    )
    with alder.signed_in("director", VEGA) as director:
        for place in ("1400101|parents", "1400201|parents"):
            form = {"digest_id": str(digest), "place": place, "reason": "strike", "until": "2025-04-04"}
            assert director.post("/notify/mine/answer", data=form).status_code == 303
    alder.extract("2025-03-07", *low)
    assert alder.subjects() == ["soren.frisch: 1 school still below 25% - SES Sp25, Mar 7"]
    alder.extract("2025-03-14", school(4001, 60), school(4002, 60), low[2])
    assert alder.subjects() == [
        "director: All your schools are above 25% - SES Sp25",
        "soren.frisch: 1 school still below 25% - SES Sp25, Mar 14",
    ]


def test_what_a_foreign_mail_server_refuses_waits_and_goes_once_the_address_is_mended(running: Programs) -> None:
    low = [school(4001, 10), school(4002, 20), school(4004, 5, FRISCH_S), school(4005, 7, "DALTS. IRMA")]
    with exim(mail_port(), "soren.frisch", "head.gone") as server, term(running, server) as alder:
        alder.extract("2025-02-07", *low)
        assert alder.subjects() == ["director: 2 schools below 25% - SES Sp25, Feb 7"]
        queue = alder.page("/notify/unroutable")
        assert f"the address {FRISCH} was refused: 550 5.1.1 unknown person" in queue or "5.1.1 unknown person" in queue
        assert "nobody in the directory has this name" in queue

        people = [PEOPLE[0], ("Frisch, Soren L", "director", "s.frisch@lausd.example", "", ""), PEOPLE[2]]
        dalis = ("Dalis, Irma", "director", "irma.dalis@lausd.example", "", "")
        alder.load(directory([*people, dalis], SCHOOLS), "directory")
        assert alder.subjects() == ["s.frisch: 1 school below 25% - SES Sp25, Feb 7"]
        match = {"alias": "DALTS. IRMA", "person_id": "director:irma.dalis@lausd.example"}
        alder.change("/notify/unroutable/match", **match)
        assert alder.subjects() == ["irma.dalis: 1 school below 25% - SES Sp25, Feb 7"]

        alder.change("/notify/settings", **{**SETTINGS, "escalate_after": "2"})
        alder.change("/notify/settings/heads", name_E="Ito, Kenji", email_E="head.gone@lausd.example")
        alder.extract("2025-02-14", school(4001, 60), school(4002, 60), *low[2:])
        assert alder.subjects() == [
            "director: All your schools are above 25% - SES Sp25",
            "irma.dalis: 1 school still below 25% - SES Sp25, Feb 14",
            "s.frisch: 1 school still below 25% - SES Sp25, Feb 14",
        ]
        assert "head.gone@lausd.example" in alder.page("/notify/unroutable")
        alder.change("/notify/settings/heads", name_E="Ito, Kenji", email_E="head.e@lausd.example")
        assert alder.subjects() == ["head.e: Region E: 2 schools below 25% for 2 extractions or more - SES Sp25"]
        assert "Every alert has a route" in alder.page("/notify/unroutable")
