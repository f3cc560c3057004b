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
from services.notify.mailer.headings import DigestFacts
from services.notify.mailer.letters import MailSite, write
from services.notify.mailer.messages import HEADERS, Attachment, HeaderRefused, Letter, message
from services.notify.rules.alerts import AlertLine
from shared.tiers import shown_rate

SITE = MailSite("https://ses.lausd.example", "lausd.example", "ses-support@lausd.example", "213-555-0100")
ON, CLOSES = date(2025, 2, 21), date(2025, 3, 28)
SENDER, REPLY = "School Experience Survey <ses@lausd.example>", "ses-support@lausd.example"


def line(mark: str = "still", school: str = "Alder El", **changed: object) -> AlertLine:
    made = AlertLine(
        mark, "1400101", "parents", ON, "4001", school, "E", "C", "VEGA, MARTA", 100, 20, 5, "20.0%", 3, 2, "▁▂", ""
    )
    return made._replace(**changed)  # type: ignore[arg-type]


def facts(*lines: AlertLine, reason: str = "still", **changed: object) -> DigestFacts:
    made = DigestFacts(
        "digest", "Vega, Marta", "VEGA, MARTA", "Sp25", ON, CLOSES, reason, False, lines, {"parents": ON}, []
    )
    return made._replace(**changed)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("shown", "subject"),
    [
        (facts(line(), reason="first"), "1 school below 25% - SES Sp25, Feb 21"),
        (facts(line()), "1 school still below 25% - SES Sp25, Feb 21"),
        (
            facts(line(), line("left", school_key="2"), reason="some left"),
            "1 school still below 25%, 1 rose above - SES Sp25, Feb 21",
        ),
        (facts(line("left"), reason="all left"), "All your schools are above 25% - SES Sp25"),
        (
            facts(line(), line("left", group="staff"), line("moved", school_key="3"), reason="some left"),
            "1 school still below 25%, 1 no longer yours - SES Sp25, Feb 21",
        ),
        (facts(line("moved"), reason="moved"), "1 school is no longer yours - SES Sp25"),
        (facts(line("missing"), reason="missing"), "1 school not in the Feb 21 file - SES Sp25"),
        (facts(line(), correction=True), "Corrected: 1 school below 25% - SES Sp25, Feb 21"),
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
    ("shown", "kind", "heading"),
    [
        (facts(line(), reason="first"), "digest", "Send your plan for 1 school by Mar 28. Closest: Alder El needs 5 parents."),
        (
            facts(line(), line("new", "Birch El", school_key="2", group="staff", needed=9), reason="new schools"),
            "digest",
            "Send your plan for 2 schools by Mar 28. Closest: Alder El needs 5 parents, Birch El 9 staff.",
        ),
        (facts(line()), "digest", "1 school needs surveys by Mar 28. Closest: Alder El needs 5 parents."),
        (facts(line(), closes=date(2025, 2, 20)), "digest", "The survey closed Feb 20."),
        (
            facts(line(was_submitted=10, was_total=100), correction=True),
            "digest",
            "Use these numbers; discard the mail about Feb 21. Changed: Alder El 10 of 100 is 20 of 100.",
        ),
        (facts(line()), "reminder", "We have no plan from you yet. The survey closes Mar 28."),
        (facts(line("left"), reason="all left"), "digest", "Nothing to do. Thank you."),
        (facts(line("moved", note="Frisch, Soren L"), reason="moved"), "digest", "Nothing to do. Alder El is now with Frisch, Soren L."),
        (facts(line("missing"), reason="missing"), "digest", "We cannot tell its state. Last seen: Alder El Feb 21 with 20.0%."),
        (
            facts(line(lasted=4), kind="escalation", spelling="Head of region E", reason="escalated"),
            "digest",
            "Ask their directors for a plan. Longest: Alder El (4 extractions).",
        ),
    ],
)  # fmt: skip
def test_the_first_line_says_what_to_do_by_when_and_never_the_subject(
    shown: DigestFacts, kind: str, heading: str
) -> None:
    written = write(shown, SITE, "key", kind=kind)
    assert heading in written.body.splitlines()[0] and heading in html_text(written.html)
    assert written.subject not in written.body


def html_text(page: str) -> str:
    """The words of a page, each space a plain one."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", page)).replace("\xa0", " ")


def many(mark: str, group: str = "parents", count: int = 150) -> list[AlertLine]:
    name = "Alder Avenue Elementary School of Arts "
    return [line(mark, f"{name}{n}", school_key=f"{mark}{n}", group=group, needed=n) for n in range(count)]


@pytest.mark.parametrize("count", [1, 30, 60, 150])
def test_no_mail_is_clipped_and_what_asks_for_action_stands_above_every_list(count: int) -> None:
    shown = [line for mark in ("left", "new", "handed over", "moved", "missing") for line in many(mark, count=count)]
    shown += [line for group in ("students", "staff", "parents") for line in many("still", group, count)]
    written = write(facts(*shown, reason="new schools"), SITE, "key")
    assert len(written.html.encode()) < 102_000
    assert written.html.index("ANSWER-LINK") < written.html.index("<h2") < written.html.rindex("ANSWER-LINK")
    if count == 150:
        assert written.html.count(" more, in the attached workbook") == 6
        assert "145 more, in the attached workbook" in written.body
    book = openpyxl.load_workbook(io.BytesIO(workbook(shown, "Tier 1", datetime(2025, 2, 21, 9, tzinfo=UTC))))
    assert book.worksheets[0].max_row == len(shown) + 1


def test_rates_in_the_workbook_are_exact_and_never_read_25_percent_below_it() -> None:
    lines = [
        line(total=2600, submitted=649),
        line(total=1000, submitted=249),
        line("missing", total=None, submitted=None),
    ]
    book = openpyxl.load_workbook(io.BytesIO(workbook(lines, "Tier 1", datetime(2025, 2, 21, tzinfo=UTC))))
    sheet = book.worksheets[0]
    cells = [sheet.cell(row, 10) for row in (2, 3, 4)]
    assert [(cell.value, cell.number_format) for cell in cells] == [
        (pytest.approx(649 / 2600), "0.00%"), (0.249, "0.0%"), (None, "0.0%"),
    ]  # fmt: skip
    assert [shown_rate(*counts, 1) for counts in ((649, 2600), (249, 1000), (20, 100), (25, 100))] == [
        "24.96%", "24.9%", "20.0%", "25.0%",
    ]  # fmt: skip
    assert (book.sheetnames, sheet.max_row) == (["Below 25%"], 4), "it opens on its rows"


def test_the_workbook_prints_on_letter_paper_at_a_readable_size() -> None:
    book = openpyxl.load_workbook(io.BytesIO(workbook([line()], "Tier 1", datetime(2025, 2, 21, tzinfo=UTC))))
    sheet = book.worksheets[0]
    setup = sheet.page_setup
    assert (int(setup.paperSize or 0), setup.orientation, setup.fitToHeight) == (1, "landscape", 0)
    assert setup.fitToWidth in (None, 1), "one page wide, which is what a file without the number means"
    widths = [sheet.column_dimensions[letter].width for letter in "ABCDEFGHIJKLMNO"]
    # A character of the 11 point font is 0.076 inch wide; the paper has 10.5 inches.
    assert 10.5 / (sum(widths) * 0.076) * 11 >= 8
    assert widths[14] <= 7, "an empty column is narrow"


def test_the_workbook_says_surveys_needed_only_for_schools_in_tier_1() -> None:
    lines = [line(needed=5), line("left", needed=32), line("moved", needed=5)]
    book = openpyxl.load_workbook(io.BytesIO(workbook(lines, "Tier 1", datetime(2025, 2, 21, tzinfo=UTC))))
    assert [book.worksheets[0].cell(row, 11).value for row in (2, 3, 4)] == [5, None, None]


def test_a_long_subject_is_folded_behind_its_first_words() -> None:
    long = "Corrected: 12 schools still below 25%, 1 rose above, 1 no longer yours - SES Fa03, Sep 24"
    for subject in (long, long.replace("schools", "schöols")):
        raw = message(Letter("a@x.example", subject, "text", "<p>page</p>", "<1@x.example>"), SENDER, REPLY)
        folded = raw[raw.index(b"Subject:") :].split(b"\r\n")
        assert len(folded[0]) > 30 and max(map(len, folded[:2])) <= 78
        assert message_from_bytes(raw, policy=policy.default)["Subject"] == subject


def test_a_correction_joins_the_first_mail_and_says_where_to_choose_which_mails_come() -> None:
    letter = Letter(
        "a@x.example", "S", "text", "<p>page</p>", "<2@x.example>", None, "<1@x.example>", "https://x.example/m"
    )
    read = message_from_bytes(message(letter, SENDER, REPLY), policy=policy.default)
    assert (read["In-Reply-To"], read["References"]) == ("<1@x.example>", "<1@x.example>")
    assert read["List-Unsubscribe"] == "<https://x.example/m>"
    assert read["X-Auto-Response-Suppress"] == "DR, RN, NRN, OOF, AutoReply", "not All: reports are to come back"


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
