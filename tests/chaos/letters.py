"""A mail as its reader sees it: for whom, of which day, and what the attached workbook says of each school."""

import io
import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import NamedTuple

import openpyxl

from tests.chaos.district import Counts, Place
from tests.chaos.mails import Taken

OPEN = ("New in Tier 1", "Now yours", "Tier 1")
MISSING = "Missing"


class Line(NamedTuple):
    """What a mail says of a school and group; `day` is that of the numbers."""

    what: str
    place: Place
    counts: Counts
    day: date


class Letter(NamedTuple):
    """A mail that was taken; `facts` is all that its workbook says, to compare two mails by."""

    rcpt: str
    message_id: str
    subject: str
    day: date
    lines: Sequence[Line]
    facts: str


def letter_of(taken: Taken) -> Letter:
    (attached,) = taken.mail.iter_attachments()
    named = re.search(r"\d{4}-\d\d-\d\d", str(attached.get_filename()))
    assert named is not None, attached.get_filename()
    sheet = openpyxl.load_workbook(io.BytesIO(attached.get_content())).active
    assert sheet is not None
    header, *rows = sheet.iter_rows(values_only=True)
    read = [dict(zip(map(str, header), row, strict=True)) for row in rows]
    return Letter(
        taken.rcpt,
        str(taken.mail["Message-ID"]),
        str(taken.mail["Subject"]),
        date.fromisoformat(named.group()),
        [_line(row) for row in read],
        repr(sorted(map(str, read))),
    )


def _line(row: Mapping[str, object]) -> Line:
    day = row["Date_of_Extraction"]
    assert isinstance(day, datetime)
    counts = Counts(int(str(row["Total_Surveys"])), int(str(row["Surveys_Submitted"])))
    return Line(str(row["What"]), Place(str(row["PLOC"]), str(row["Category"]).lower()), counts, day.date())
