"""A digest in words: subject, plain text, and HTML with inlined style."""

import re
import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import lru_cache
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode

import css_inline
from jinja2 import Environment, FunctionLoader, StrictUndefined

from services.notify.rules.news import LEFT, LISTED, MISSING, MOVED, NEW, OPEN, SNOOZED, AlertLine

GROUP_NAMES = {"students": "Students", "staff": "Staff", "parents": "Parents"}
NAMESPACE = uuid.UUID("6f0f7a3e-54a4-4c6b-9c52-3f0f5d0f5b11")
# Stands in the kept mail where the sender puts the signed link, so that reading the log gives nobody the right to answer.
ANSWER = "ANSWER-LINK"
# Rows of a list in a mail; Gmail cuts a page at 102 kB, and the link to answer stands at its end.
MOST_ROWS = 30
TEMPLATES = Path(__file__).parent.parent / "templates"
_MARK = re.compile(r"\{%(?:(?!\{%|%\}).)*%\}|\{\{(?:(?!\{\{|\}\}).)*\}\}", re.DOTALL)
_HIDDEN = re.compile(r"<!--(\d+)-->|MARK(\d+)MARK")


class DigestFacts(NamedTuple):
    """What a digest tells, as plain values. `as_of` is the day of each group's numbers, `late` the groups not here yet.

    `taken_back` is the day of an extraction that was told before and is not there any more.
    """

    kind: str
    director: str
    spelling: str
    term: str
    extraction_date: date
    closes: date
    reason: str
    correction: bool
    lines: Sequence[AlertLine]
    as_of: Mapping[str, date]
    late: Sequence[str]
    taken_back: date | None = None


class MailSite(NamedTuple):
    """Where the mail links to and whom it names."""

    public_url: str
    mail_domain: str
    support_email: str
    support_phone: str


class WrittenMail(NamedTuple):
    """The mail's parts, under the names of the mail table."""

    subject: str
    body: str
    html: str
    message_id: str


def _source(name: str) -> str:
    """A template of mails, the page's style put on its elements; Jinja's own marks are not shown to the HTML parser."""
    text = (TEMPLATES / name).read_text()
    if not name.endswith(".html"):
        return text
    marks = _MARK.findall(text)
    numbers = count()
    hidden = _MARK.sub(
        lambda mark: f"<!--{next(numbers)}-->" if mark.group()[1] == "%" else f"MARK{next(numbers)}MARK", text
    )
    inlined = css_inline.CSSInliner(keep_style_tags=True, load_remote_stylesheets=False).inline(hidden)
    return _HIDDEN.sub(lambda number: marks[int(number.group(1) or number.group(2))], inlined)


@lru_cache
def _templates() -> Environment:
    made = Environment(
        loader=FunctionLoader(_source),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=lambda name: bool(name and name.endswith(".html")),
    )
    made.filters["day"] = day_words
    made.filters["signed"] = lambda number: "" if number is None else f"{number:+d}" if number else "0"
    made.filters["trimmed"] = lambda text: text if len(text) <= 60 else text[:57] + "..."
    return made


def day_words(day: date) -> str:
    """`Feb 21`."""
    return f"{day:%b} {day.day}"


def schools_in(lines: Iterable[AlertLine], *marks: str) -> int:
    """How many schools have a line of one of the marks."""
    return len(_schools(lines, *marks))


def _schools(lines: Iterable[AlertLine], *marks: str) -> set[str]:
    return {line.school_key for line in lines if line.mark in marks}


def counted(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def subject_of(facts: DigestFacts, *, reminder: bool = False) -> str:
    """Counts, term and day: `SES Sp25: 4 schools still in Tier 1, 1 new, 2 left (Feb 21)`."""
    start = "Reminder - " if reminder else "Correction - " if facts.correction else ""
    return f"{start}SES {facts.term}: {_headline(facts)} ({day_words(facts.extraction_date)})"


def _headline(facts: DigestFacts) -> str:
    listed = schools_in(facts.lines, *LISTED)
    schools = counted(listed, "school")
    if facts.kind == "escalation":
        return f"{schools} of {facts.spelling.removeprefix('Head of ')} long in Tier 1"
    if facts.reason == "all left":
        return "all your schools have left Tier 1"
    if listed:
        verb = "" if facts.reason == "first" else "still "
        counts = {mark: schools_in(facts.lines, mark) for mark in (NEW, LEFT, MISSING, MOVED)}
        counts[LEFT] = len(_schools(facts.lines, LEFT) - _schools(facts.lines, *OPEN))
        more = [f"{number} {mark}" for mark, number in counts.items() if number]
        return ", ".join(
            [f"{schools} {verb}in Tier 1" if facts.reason != "new schools" else f"{schools} in Tier 1", *more]
        )
    if facts.reason == "moved":
        return f"{counted(schools_in(facts.lines, MOVED), 'school')} moved to another director"
    if facts.reason == "missing":
        return f"{counted(schools_in(facts.lines, MISSING), 'school')} missing from the extraction"
    if schools_in(facts.lines, LEFT):
        return f"{counted(schools_in(facts.lines, LEFT), 'school')} left Tier 1"
    return "none of your schools is in Tier 1"


def rows_link(site: MailSite, group: str, spelling: str, extraction_date: date | None) -> str:
    """The address of exactly these rows on the web."""
    query = {
        "group": group,
        "tier": "1",
        "director": spelling,
        **({"on": extraction_date.isoformat()} if extraction_date else {}),
    }
    return f"{site.public_url}/rates/?{urlencode(query)}"


def _sections(facts: DigestFacts, site: MailSite) -> list[dict[str, Any]]:
    """One section per group that has lines still in Tier 1, fewest surveys needed first."""
    sections = []
    for group, name in GROUP_NAMES.items():
        rows = [line for line in facts.lines if line.group == group and line.mark in LISTED]
        if rows:
            extraction_date = facts.as_of.get(group)
            spelled = sorted({row.director for row in rows})
            links = [(spelling, rows_link(site, group, spelling, extraction_date)) for spelling in spelled]
            sections.append({"name": name, **_shown(rows), "extraction_date": extraction_date, "links": links})
    return sections


def _changes(facts: DigestFacts) -> list[dict[str, Any]]:
    titles = (
        (NEW, "New on your list"),
        (LEFT, "Left Tier 1"),
        (MISSING, "Missing from this extraction: unknown"),
        (MOVED, "Moved to another director"),
    )
    found = []
    for mark, title in titles:
        rows = [line for line in facts.lines if line.mark == mark]
        if rows:
            found.append({"mark": mark, "title": title, **_shown(rows)})
    return found


def _shown(rows: Sequence[AlertLine]) -> dict[str, Any]:
    """The rows that the mail shows, and how many more the workbook has."""
    return {"rows": rows[:MOST_ROWS], "more": len(rows[MOST_ROWS:])}


def write(facts: DigestFacts, site: MailSite, dedupe_key: str, *, reminder: bool = False) -> WrittenMail:
    """The mail of a digest; the same key gives the same Message-ID."""
    subject = subject_of(facts, reminder=reminder)
    context = {
        "facts": facts,
        "site": site,
        "subject": subject,
        "reminder": reminder,
        "group_names": GROUP_NAMES,
        "listed": schools_in(facts.lines, *LISTED),
        "snoozed": schools_in(facts.lines, SNOOZED),
        "missing": schools_in(facts.lines, MISSING),
        "changes": _changes(facts) if facts.kind == "digest" else [],
        "sections": _sections(facts, site),
        "answer": f"{site.public_url}/notify/answer/{ANSWER}" if facts.kind == "digest" else "",
        "mine": f"{site.public_url}/notify/mine",
    }
    summary = _templates().get_template("_summary.txt").render(context)
    context["sentences"] = [line for line in summary.splitlines() if line.strip()]
    body = _templates().get_template("digest.txt").render(context)
    html = _templates().get_template("digest.html").render(context)
    message_id = f"<{uuid.uuid5(NAMESPACE, dedupe_key)}@{site.mail_domain}>"
    return WrittenMail(subject, body, html, message_id)
