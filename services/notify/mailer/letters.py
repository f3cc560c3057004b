"""A digest in words: subject, plain text, and HTML that reads well in every mail program."""

import json
import re
import uuid
from collections.abc import Sequence
from datetime import date
from functools import lru_cache
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode

import css_inline
from jinja2 import Environment, FunctionLoader, StrictUndefined

from services.notify.mailer.headings import (
    GROUP_NAMES,
    DigestFacts,
    a_day,
    closest,
    heading_of,
    outlook_counts,
    outlook_words,
    people_words,
    schools_in,
    since_words,
    subject_of,
)
from services.notify.rules.alerts import (
    HANDED,
    LEFT,
    LISTED,
    MISSING,
    MOVED,
    NEW,
    NOT_EXPECTED,
    SNOOZED,
    STILL,
    AlertLine,
)
from shared.days import day_words
from shared.school_days import school_days

NAMESPACE = uuid.UUID("6f0f7a3e-54a4-4c6b-9c52-3f0f5d0f5b11")
# Stands in the kept mail where the sender puts the signed link, so that reading the log gives nobody the right to answer.
ANSWER = "ANSWER-LINK"
# Gmail cuts a page at 102 kB. Rows of a list in a mail: as many as fit, the rest is in the workbook.
MOST_BYTES = 100_000
MOST_ROWS = (30, 20, 12, 6, 3)
# What left needs nothing; beyond so many it is only counted.
MOST_LEFT = 5
TEMPLATES = Path(__file__).parent.parent / "templates"
_MARK = re.compile(r"\{%[^%]*%\}|\{\{[^{}]*\}\}")
_HIDDEN = re.compile(r"<!--(\d+)-->|MARK(\d+)MARK")
_SECTIONS = (
    ((NEW,), "Newly below 25%"),
    ((HANDED,), "Now yours"),
    ((STILL,), "Still below 25%"),
)
_NOTES = (
    (MISSING, "Not in this file: we cannot tell"),
    (MOVED, "No longer yours"),
    (NOT_EXPECTED, "No surveys are expected there any more"),
    (LEFT, "Rose above 25%"),
)


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
    return made


def rows_link(site: MailSite, group: str, spelling: str, extraction_date: date | None) -> str:
    """The address of exactly these rows on the web."""
    on = {"on": extraction_date.isoformat()} if extraction_date else {}
    return f"{site.public_url}/rates/?{urlencode({'group': group, 'tier': '1', 'director': spelling, **on})}"


def _sections(facts: DigestFacts, most: int) -> list[dict[str, Any]]:
    """The lists of what is below 25%: new, handed over, still; fewest surveys needed first."""
    order = sorted(facts.lines, key=lambda line: (line.needed or 0, line.school, line.group))
    found = [(title, [line for line in order if line.mark in marks]) for marks, title in _SECTIONS]
    return [{"title": title, **_shown(rows, most)} for title, rows in found if rows]


def _notes(facts: DigestFacts, most: int) -> list[dict[str, Any]]:
    """The lists of what is not below 25% now, each a line of words."""
    if facts.kind != "digest":
        return []
    found = []
    for mark, title in _NOTES:
        rows = [line for line in facts.lines if line.mark == mark]
        if rows:
            limit = min(most, MOST_LEFT) if mark == LEFT else most
            found.append({"mark": mark, "title": title, **_shown(rows, limit)})
    return found


def _shown(rows: Sequence[AlertLine], most: int) -> dict[str, Any]:
    """The rows that the mail shows, and how many more the workbook has."""
    return {"rows": rows[:most], "more": len(rows[most:])}


def _links(facts: DigestFacts, site: MailSite) -> list[tuple[str, str]]:
    """What to open on the web: the rows of each group, by each spelling of the director."""
    listed = [line for line in facts.lines if line.mark in LISTED]
    found = []
    for group, name in GROUP_NAMES.items():
        spelled = sorted({line.director for line in listed if line.group == group})
        for spelling in spelled:
            label = name if len(spelled) == 1 else f"{name} of {spelling or 'no director'}"
            found.append((label, rows_link(site, group, spelling, facts.as_of.get(group))))
    return found


def write(
    facts: DigestFacts, site: MailSite, director_key: str, *, kind: str = "digest", number: int = 0
) -> WrittenMail:
    """The mail of a digest. `kind` is digest, reminder or resend; `number` counts reminders and resends of one digest.

    The lists are as long as the mail may be: what asks for action stands above them and again at the end.
    """
    days = school_days(facts.extraction_date, facts.closes, facts.days_off)
    context: dict[str, Any] = {
        "facts": facts,
        "site": site,
        "subject": subject_of(facts, kind),
        "heading": heading_of(facts, kind),
        "kind": kind,
        "group_names": GROUP_NAMES,
        "days": days,
        "a_day": lambda line: a_day(line, days),
        "outlook": outlook_words,
        "outlook_counts": outlook_counts(facts.lines),
        "since": since_words,
        "people": people_words,
        "closest": closest(facts.lines) if facts.kind == "digest" else [],
        "listed": schools_in(facts.lines, *LISTED),
        "snoozed": schools_in(facts.lines, SNOOZED),
        "links": _links(facts, site),
        "answer": f"{site.public_url}/notify/answer/{ANSWER}" if facts.kind == "digest" else "",
        "mine": f"{site.public_url}/notify/mine",
    }
    body, html = "", ""
    for most in MOST_ROWS:
        context |= {"sections": _sections(facts, most), "notes": _notes(facts, most)}
        html = _templates().get_template("digest.html").render(context)
        if len(html.encode()) <= MOST_BYTES:
            break
    body = _templates().get_template("digest.txt").render(context)
    return WrittenMail(context["subject"], body, html, message_id_of(facts, site, director_key, kind, number))


def message_id_of(facts: DigestFacts, site: MailSite, director_key: str, kind: str, number: int) -> str:
    """The Message-ID that follows from director, extraction, kind and the facts shown: no clock time, link or row number.

    The same facts planned again, also on a database restored from a backup, have the same one; mail programs fold them.
    """
    shown = {
        "director": director_key,
        "kind": f"{facts.kind}/{kind}/{number}",
        "extraction": f"{facts.term}/{facts.extraction_date}",
        "reason": f"{facts.reason}/{facts.correction}/{facts.revision if facts.correction else 0}",
        "closes": facts.closes,
        "days": school_days(facts.extraction_date, facts.closes, facts.days_off),
        "as_of": sorted(facts.as_of.items()),
        "late": sorted(facts.late),
        "taken_back": facts.taken_back,
        "lines": [list(line) for line in facts.lines],
        "plans": [list(plan) for plan in facts.plans],
    }
    return f"<{uuid.uuid5(NAMESPACE, json.dumps(shown, sort_keys=True, default=str))}@{site.mail_domain}>"
