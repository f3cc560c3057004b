"""Nothing is cut silently: every limit of a list in rates and in its long files is said where the list is shown."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCANNED = ("services/rates", "shared/jobs", "shared/web/files.py")
# A limit -> the template that says so, and its words; or the field of an answer that leads to the rest.
SAID = {
    "MAILS_SHOWN": ("services/rates/templates/school.html", "The last {{ mails.newest | length }} of"),
    "CHANGES_SHOWN": ("services/rates/templates/settings.html", "All changes"),
    "TERMS_SHOWN": ("services/rates/templates/settings.html", "older term"),
    "VALUES_SHOWN": ("services/rates/templates/_values.html", "values."),
    "EXTRACTIONS_LISTED": ("services/rates/templates/table.html", "All extractions"),
    "PAGE": ("services/rates/templates/_results.html", "pager("),
    "LARGE_PAGE": ("services/rates/templates/_results.html", "schools a page"),
    "TRAIL": ("services/rates/pages/cells.py", "the last {len(known)} of"),
    "JOBS_SHOWN": ("shared/web/templates/files.html", "files of the last week"),
    "EARLIER_TERMS": ("docs/rates.md", "earlier term"),
    # Reads that an argument bounds: a page that says what follows, or an answer with `next`.
    "limit": ("services/rates/api.py", '"next"'),
    "ROWS_AT_ONCE": ("services/rates/pages/exports.py", "requested(request"),
}
# One row, one message, or pieces of which none is left out.
WHOLE = ("1", "2", "3", "RATE_COLUMN")
_SQL = re.compile(r"\blimit (:\w+|[0-9]+)")
_CALL = re.compile(r"\.limit\(([^()]*)\)")
_SLICE = re.compile(r"\[:([A-Z_]{3,}|[0-9]+|limit)\]|\[-([A-Z_]{3,}|[0-9]+):\]")


def limits(text: str) -> set[str]:
    """The names or numbers by which a source cuts lists."""
    found = {match[1] or match[2] for match in _SLICE.finditer(text)} if _SLICE.search(text) else set()
    found |= {match[1].removeprefix(":") for match in _SQL.finditer(text)}
    return found | {match[1].rpartition("=")[2].strip() for match in _CALL.finditer(text)}


def sources() -> list[Path]:
    folders = [ROOT / place for place in SCANNED]
    return [path for place in folders for path in (sorted(place.rglob("*.py")) if place.is_dir() else [place])]


def test_the_scan_finds_limits_of_every_form() -> None:
    assert limits('text("select 1 limit :most "); x.limit(SHOWN).all(); rows[:PAGE_ROWS]; trail[-12:]; "limit 50"') == {
        "most", "SHOWN", "PAGE_ROWS", "12", "50",
    }  # fmt: skip


@pytest.mark.parametrize("path", sources(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_limit_is_said_where_the_list_is_shown(path: Path) -> None:
    unsaid = limits(path.read_text()) - SAID.keys() - set(WHOLE)
    assert unsaid == set(), "say what is left out and how to get it, then name the place in SAID"


def test_the_places_say_so() -> None:
    assert [name for name, (place, words) in SAID.items() if words not in (ROOT / place).read_text()] == []
