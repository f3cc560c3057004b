"""What people read: one form of dates, plurals and separators, on the pages of every role; ISO dates are for files and APIs."""

import re
from pathlib import Path

import pytest

from shared.access.policy import ROLES
from tests.office import load_office
from tests.people import browser_of
from tests.security.routes import SURFACES

ROOT = Path(__file__).parent.parent.parent
_ISO = re.compile(r"\b\d{4}-\d\d-\d\d\b")
_WEEKDAY = re.compile(r"\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) [A-Z][a-z]{2} \d")
_ONE = re.compile(
    r"(?<![\d,.:/-])\b1 (?:schools|surveys|alerts|mails|rows|files|values|reports|items|days|events|extractions)\b"
)
_THOUSANDS = re.compile(r"(?<![\d,.#-])\d{4,} (?:schools?|surveys?|rows?|mails?|students?)\b")
# No pages of words: what was changed, as it is stored; the description of the API; a stream.
OTHER = re.compile(r"/audit|/docs|stream")
# Where a month's name is written or read besides the one place of dates: parsers, subjects of mails, rules of sesr.
_WRITERS = {
    "shared/web/clock.py", "shared/days.py", "services/ingest/rules/dates.py",
}  # fmt: skip


def text_of(body: str) -> str:
    """What a page shows: without scripts, attributes and code, on one line."""
    body = re.sub(r"Such as \d{4}[^;]*", "", body)  # how a list of days is typed
    shown = re.sub(r"<(script|style|code|option)\b[\s\S]*?</\1>", " ", body)
    return " ".join(re.sub(r"<[^>]+>", " ", shown).split())


def faults(text: str) -> list[str]:
    """What is not as people of the district write it, with what stands around it."""
    found = (match for pattern in (_ISO, _WEEKDAY, _ONE, _THOUSANDS) for match in pattern.finditer(text))
    return [text[max(0, match.start() - 30) : match.end() + 20] for match in found]


def test_faults_are_found() -> None:
    assert len(faults("1 schools until 2026-11-26, Fri Nov 26; 1200 surveys")) == 4
    assert faults("1 school, 11 schools, 0.1 surveys, 1,200 surveys until Nov 26, 2026; PLOC 4001") == []


@pytest.mark.parametrize("role", ROLES)
def test_pages_write_dates_and_counts_in_one_form(clean: None, role: str) -> None:
    load_office()
    client = browser_of(role)
    paths = sorted(
        {
            each.path
            for each in SURFACES
            if each.method == "GET" and "{" not in each.path and not OTHER.search(each.path)
        }
    )
    pages = {
        path: answer for path in paths if "text/html" in (answer := client.get(path)).headers.get("content-type", "")
    }
    assert len(pages) >= 8
    assert {path: wrong for path, page in pages.items() if (wrong := faults(text_of(page.text)))} == {}


def test_dates_are_put_in_words_in_one_place() -> None:
    writes = re.compile(r"%[abAB]\b")
    found = {
        path.relative_to(ROOT).as_posix()
        for folder in ("services", "shared")
        for path in (ROOT / folder).rglob("*.py")
        if path.name != "envelope.py" and writes.search(path.read_text())
    }
    assert found == _WRITERS
