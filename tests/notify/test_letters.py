"""The words of a mail, and everything that must not get into its headers."""

import io
import re
from datetime import UTC, date, datetime
from email import message_from_bytes, policy

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.notify.mailer.attachments import workbook
from services.notify.mailer.letters import DigestFacts, MailSite, write
from services.notify.mailer.messages import HEADERS, Attachment, HeaderRefused, Letter, message
from services.notify.rules.news import AlertLine

SITE = MailSite("https://ses.lausd.example", "lausd.example", "ses-support@lausd.example", "213-555-0100")
ON = date(2025, 2, 21)
SENDER, REPLY = "School Experience Survey <ses@lausd.example>", "ses-support@lausd.example"


def line(mark: str = "still", school: str = "Alder El", **changed: object) -> AlertLine:
    made = AlertLine(
        mark, "1400101", "parents", ON, "4001", school, "E", "C", "VEGA, MARTA", 100, 20, 5, "20.0 %", 3, 2, "▁▂", ""
    )
    return made._replace(**changed)  # type: ignore[arg-type]


def facts(*lines: AlertLine, reason: str = "still", **changed: object) -> DigestFacts:
    made = DigestFacts(
        "digest", "Vega, Marta", "VEGA, MARTA", "Sp25", ON, ON, reason, False, lines, {"parents": ON}, []
    )
    return made._replace(**changed)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("shown", "subject"),
    [
        (facts(line(), reason="first"), "SES Sp25: 1 school in Tier 1 (Feb 21)"),
        (facts(line()), "SES Sp25: 1 school still in Tier 1 (Feb 21)"),
        (
            facts(line(), line("left", school_key="2"), reason="some left"),
            "SES Sp25: 1 school still in Tier 1, 1 left (Feb 21)",
        ),
        (facts(line("left"), reason="all left"), "SES Sp25: all your schools have left Tier 1 (Feb 21)"),
        (
            facts(line(), line("left", group="staff"), line("moved", school_key="3"), reason="some left"),
            "SES Sp25: 1 school still in Tier 1, 1 moved (Feb 21)",
        ),
        (facts(line("moved"), reason="moved"), "SES Sp25: 1 school moved to another director (Feb 21)"),
        (facts(line("missing"), reason="missing"), "SES Sp25: 1 school missing from the extraction (Feb 21)"),
        (facts(line(), correction=True), "Correction - SES Sp25: 1 school still in Tier 1 (Feb 21)"),
    ],
)
def test_the_subject_has_the_counts_the_term_and_the_day(shown: DigestFacts, subject: str) -> None:
    assert write(shown, SITE, "key").subject == subject


def test_a_mail_is_the_same_for_the_same_digest_and_fetches_nothing() -> None:
    first, again = write(facts(line()), SITE, "key"), write(facts(line()), SITE, "key")
    assert first == again
    assert write(facts(line()), SITE, "other").message_id != first.message_id
    assert "<img" not in first.html and "src=" not in first.html and "<script" not in first.html
    assert "https://ses.lausd.example/rates/?group=parents&tier=1&director=VEGA%2C+MARTA&on=2025-02-21" in first.body
    assert "Why you get this" in first.body and "Why you get this" in first.html


@pytest.mark.parametrize(
    ("shown", "sentence"),
    [
        (
            facts(line()),
            "1 of your schools has fewer than 25 % of the expected surveys as of Feb 21. The survey closes Feb 21.",
        ),
        (facts(line(), closes=date(2025, 2, 20)), "The survey closed Feb 20."),
        (facts(line("left"), line("snoozed", school_key="2"), reason="some left"), "as of Feb 21 are snoozed."),
        (facts(line("missing"), reason="missing"), "1 school is missing from it, so its state is unknown."),
        (facts(line("moved"), reason="moved"), "None of your schools is on the Tier 1 list as of Feb 21."),
        (facts(line("left", gained=1), reason="all left"), "20.0 % (+1 survey)"),
        (
            facts(line(), kind="escalation", spelling="Head of region E", reason="escalated"),
            "This school of region E has been in Tier 1 for several extractions",
        ),
    ],
)
def test_the_mail_says_what_is_so_and_in_the_right_number(shown: DigestFacts, sentence: str) -> None:
    written = write(shown, SITE, "key")
    assert sentence in written.body and sentence in html_text(written.html)
    assert ("Needed: surveys until" in written.html) == ("MORE NEEDED" in written.body.upper())


def html_text(page: str) -> str:
    """The words of a page, each space a plain one."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", page)).replace("\xa0", " ")


def test_a_mail_of_150_schools_is_not_cut_by_its_reader_and_the_workbook_has_them_all() -> None:
    def schools(mark: str, group: str = "parents") -> list[AlertLine]:
        name = "Alder Avenue Elementary School of Arts "
        return [line(mark, f"{name}{n}", school_key=f"{mark}{n}", group=group, needed=n) for n in range(150)]

    shown = [*schools("left"), *schools("new"), *schools("still", "students"), *schools("still", "staff")]
    written = write(facts(*shown, reason="new schools"), SITE, "key")
    assert written.subject == "SES Sp25: 300 schools in Tier 1, 150 new, 150 left (Feb 21)"
    assert len(written.html.encode()) < 102_000
    assert written.html.count("120 more, in the attached workbook") == 5
    assert written.body.count("120 more, in the attached workbook") == 5
    assert written.html.index("Arts 29<") < written.html.index("ANSWER-LINK")
    book = openpyxl.load_workbook(io.BytesIO(workbook(shown, "Tier 1", datetime(2025, 2, 21, 9, tzinfo=UTC))))
    assert book.worksheets[0].max_row == 601


def test_rates_in_the_workbook_are_numbers_that_never_read_25_percent_in_tier_1() -> None:
    lines = [line(total=10_000, submitted=2499), line("missing", total=None, submitted=None)]
    sheet = openpyxl.load_workbook(io.BytesIO(workbook(lines, "Tier 1", datetime(2025, 2, 21, tzinfo=UTC)))).worksheets[
        0
    ]
    assert [(sheet.cell(row, 10).value, sheet.cell(row, 10).number_format) for row in (2, 3)] == [
        (0.249, "0.0%"), (None, "0.0%"),
    ]  # fmt: skip


def test_the_workbook_says_surveys_needed_only_for_schools_in_tier_1() -> None:
    lines = [line(needed=5), line("left", needed=32), line("moved", needed=5)]
    sheet = openpyxl.load_workbook(io.BytesIO(workbook(lines, "Tier 1", datetime(2025, 2, 21, tzinfo=UTC)))).worksheets[
        0
    ]
    assert [sheet.cell(row, 11).value for row in (2, 3, 4)] == [5, None, None]


def test_names_from_a_file_are_text_in_the_page() -> None:
    html = write(facts(line(school="<script>alert(1)</script>")), SITE, "key").html
    assert "<script" not in html
    assert "&lt;script&gt;" in html


def test_the_workbook_of_a_digest_is_the_same_bytes_each_time() -> None:
    at = datetime(2025, 2, 21, 9, tzinfo=UTC)
    lines = [line(), line("left", school="=HYPERLINK(1)")]
    assert workbook(lines, "Tier 1", at) == workbook(lines, "Tier 1", at)


@pytest.mark.parametrize(
    "changed",
    [
        {"subject": "x\r\nBcc: evil@x.example"},
        {"subject": "x\nBcc: evil@x.example"},
        {"subject": "=?utf-8?q?x=0d=0aBcc:_evil@x?="},
        {"subject": "x\x00"},
        {"subject": "x\u2028Bcc: evil@x.example"},
        {"rcpt": "a@x.example, b@x.example"},
        {"rcpt": "a@x.example\r\nDATA"},
        {"rcpt": "a@x.example> SIZE=1"},
        {"rcpt": "a"},
        {"rcpt": ""},
        {"rcpt": "a@@x.example"},
        {"rcpt": "a@x.example."},
        {"rcpt": "a@x..example"},
        {"rcpt": "josé@x.example"},
        {"message_id": "<a@b>\r\nX: y"},
    ],
)
def test_what_could_break_a_header_is_refused(changed: dict[str, str]) -> None:
    values = {"rcpt": "a@x.example", "subject": "Subject", "message_id": "<1@x.example>", **changed}
    letter = Letter(values["rcpt"], values["subject"], "text", "<p>page</p>", values["message_id"])
    with pytest.raises(HeaderRefused):
        message(letter, SENDER, REPLY)


WORDS = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=200)


@given(subject=st.text(max_size=120), body=WORDS, page=WORDS, attached=st.binary(max_size=300))
@settings(max_examples=100, deadline=None)
def test_whatever_the_words_the_mail_has_exactly_the_expected_headers_and_parts(
    subject: str, body: str, page: str, attached: bytes
) -> None:
    workbook = Attachment("tier-1-ÄÖ\r\n.xlsx", attached)
    letter = Letter("a@x.example", subject, body, page, "<1@x.example>", workbook)
    try:
        raw = message(letter, SENDER, REPLY)
    except (HeaderRefused, UnicodeError):
        return
    read = message_from_bytes(raw, policy=policy.default)
    assert sorted(read.keys()) == sorted(HEADERS)
    assert read["To"] == "a@x.example"
    assert max(map(len, raw.split(b"\r\n"))) < 998 and b"\n" not in raw.replace(b"\r\n", b"")
    plain, html = read.get_body(("plain",)), read.get_body(("html",))
    assert plain is not None and html is not None
    assert re.split("\r\n|\r|\n", plain.get_content())[:-1] == re.split("\r\n|\r|\n", body)
    assert html.get_payload(decode=True) == page.encode()
    (workbook_read,) = read.iter_attachments()
    assert workbook_read.get_filename() == "tier-1-----.xlsx"
    assert workbook_read.get_payload(decode=True) == attached
    assert [part.defects for part in read.walk() if part.defects] == []
