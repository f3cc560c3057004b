"""A digest in words: subject, plain text, and HTML with inlined style."""

import uuid
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode

import css_inline
from jinja2 import Environment, FileSystemLoader, StrictUndefined

GROUP_NAMES = {"students": "Students", "staff": "Staff", "parents": "Parents"}
NAMESPACE = uuid.UUID("6f0f7a3e-54a4-4c6b-9c52-3f0f5d0f5b11")


class DigestFacts(NamedTuple):
    """What a digest tells, as plain values; `lists` holds the standings entered, left, missing and still."""

    dedupe_key: str
    director: str
    email: str
    term: str
    on: date
    closes: date
    reason: str
    correction: bool
    lists: dict[str, list[dict[str, Any]]]


class Site(NamedTuple):
    """Where the mail links to and whom it names."""

    public_url: str
    mail_domain: str
    support_email: str
    support_phone: str


class Written(NamedTuple):
    """The mail's parts, under the names of the mail table."""

    rcpt: str
    subject: str
    body: str
    html: str
    message_id: str


@lru_cache
def _templates() -> Environment:
    folder = Path(__file__).parent.parent / "templates"
    return Environment(
        loader=FileSystemLoader(folder),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=lambda name: bool(name and name.endswith(".html")),
    )


@lru_cache
def _inliner() -> css_inline.CSSInliner:
    return css_inline.CSSInliner(keep_style_tags=True, load_remote_stylesheets=False)


def subject_of(facts: DigestFacts) -> str:
    """Counts, term and day: `SES Sp25: 4 schools still in Tier 1 (Feb 21)`."""
    schools = len({row["school_key"] for row in facts.lists["still"]})
    day = f"{facts.on:%b} {facts.on.day}"
    start = "Correction - " if facts.correction else ""
    if not schools:
        return f"{start}SES {facts.term}: all your schools have left Tier 1 ({day})"
    words = "school" if schools == 1 else "schools"
    verb = "is" if facts.reason == "first" and schools == 1 else "are" if facts.reason == "first" else "still"
    return f"{start}SES {facts.term}: {schools} {words} {verb} in Tier 1 ({day})"


def write(facts: DigestFacts, site: Site) -> Written:
    """The mail of a digest; the same digest gives the same Message-ID."""
    groups = [
        (GROUP_NAMES[group], [row for row in facts.lists["still"] if row["group"] == group]) for group in GROUP_NAMES
    ]
    # The table is filtered by the name as the extraction spells it.
    spelling = next((row["director"] for listed in facts.lists.values() for row in listed), facts.director)
    subject = subject_of(facts)
    context = {
        "facts": facts,
        "site": site,
        "subject": subject,
        "group_names": GROUP_NAMES,
        "groups": [(name, rows) for name, rows in groups if rows],
        "link": f"{site.public_url}/rates/?"
        + urlencode({"director": spelling, "tier": "1", "on": facts.on.isoformat()}),
    }
    body = _templates().get_template("digest.txt").render(context)
    html = _inliner().inline(_templates().get_template("digest.html").render(context))
    message_id = f"<{uuid.uuid5(NAMESPACE, facts.dedupe_key)}@{site.mail_domain}>"
    return Written(facts.email, subject, body, html, message_id)
