"""Nothing is cut silently: every limit of a list in the tree is said where the list is shown, with a way to the rest."""

import re
from pathlib import Path

import pytest

from shared.errors import first_of

ROOT = Path(__file__).parents[1]
SCANNED = ("services", "shared")
# SQL, a statement's limit, and a slice from the start by a name. A slice by a number counts where the list's name is plural.
_SQL = re.compile(r"\blimit (:\w+|[0-9]+)")
_CALL = re.compile(r"\.limit\(([^()]*)\)")
_NAMED = re.compile(r"[\w)\]]\[(?::\s*|-)([A-Z][A-Z_]{2,}|limit|most\w*|shown)(?:\]|:\])")
_NUMBERED = re.compile(r"\b(?!words\b|address\b)\w+s\[:([0-9]{1,4})\]")
# The length of one text is no list: its form takes no longer one, or what cuts it says so.
_OF_A_TEXT = re.compile(r"(MOST|LONGEST)_(TEXT|NAME|REASON|NOTE|PHONE|WORDS)|\w+_LONGEST|LONGEST")
_SLICED = re.compile(r"islice\([^,()]+, (\w+)")

# A file and a limit in it -> where the limit is said and in which words, or `WHOLE` with the reason why nothing is left out.
Notice = tuple[str, str]
WHOLE = "nothing is left out"
PAGED = '"next"'
SAID: dict[str, dict[str, Notice]] = {}
SAID |= {
    "services/ingest/actions/lcap.py": {"SEARCHED_ROWS": (WHOLE, "a heading is looked for in the first rows; its absence is refused")},
    "services/ingest/actions/staging.py": {"200": ("services/ingest/actions/staging.py", "in_all")},
    "services/ingest/api/uploads.py": {"PROBLEMS_SHOWN": ("services/ingest/api/uploads.py", "found")},
    "services/ingest/pages/access.py": {"PAGE": ("services/ingest/templates/people.html", "pager(")},
    "services/ingest/pages/rosters.py": {"QUESTIONS_AT_ONCE": ("services/ingest/templates/roster.html", "schools are shown; the others follow")},
    "services/ingest/sheets/rosters.py": {"NAME_LIMIT": (WHOLE, "a name of a package that is refused for its length")},
    "services/ingest/pages/schools.py": {"AT_ONCE": ("services/ingest/templates/schools.html", "The first {{ at_once }}")},
    "services/ingest/queries/directory.py": {"limit": ("services/ingest/api/directory.py", PAGED)},
    "services/ingest/queries/schools.py": {"limit": ("services/ingest/templates/schools.html", "The first {{ at_once }}")},
    "services/ingest/queries/uploads.py": {"limit": ("services/ingest/templates/uploads.html", "of {{ folder.count }} files are shown")},
    "services/ingest/rules/drops.py": {"FINDINGS_LISTED": ("services/ingest/rules/drops.py", "more places are not listed here")},
    "services/ingest/rules/extraction.py": {"FIRST_TEXTS": (WHOLE, "words above a table, by which its kind is guessed")},
    "services/notify/mailer/headings.py": {"CLOSEST": ("services/notify/mailer/headings.py", "Closest: ")},
    "services/notify/mailer/letters.py": {"most": ("services/notify/templates/digest.html", "more, in the attached workbook")},
    "services/notify/mailbox/folder.py": {"most": (WHOLE, "the mailbox is read on with the next look")},
    "services/notify/rules/mail_texts.py": {"MOST_BODY_BYTES": (WHOLE, "more than the characters of a text that are kept")},
    "services/notify/rules/alerts.py": {"TREND_LENGTH": (WHOLE, "a picture of the last rates")},
    "services/notify/rules/routes.py": {"most": (WHOLE, "suggestions; the list beside them has everybody")},
    "services/notify/pages/reports.py": {"limit": ("services/notify/templates/school_alerts.html", "Show more")},
    "services/notify/queries/answers.py": {"limit": ("services/notify/templates/snoozes.html", "pager(")},
    "services/notify/queries/lists.py": {"limit": ("services/notify/api.py", PAGED)},
    "services/notify/queries/reports.py": {"limit": ("services/notify/templates/worked.html", "pager(")},
    "services/rates/actions/days_off.py": {"LINES_NAMED": ("services/rates/actions/days_off.py", "more lines.")},
    "services/rates/actions/forecasts.py": {"EARLIER_TERMS": ("docs/rates.md", "the newest three terms")},
    "services/rates/api.py": {"limit": ("services/rates/api.py", PAGED)},
    "services/rates/pages/cells.py": {"TRAIL": ("services/rates/pages/cells.py", "the last {len(known)} of")},
    "services/rates/pages/rollups.py": {"TRAIL": ("services/rates/pages/cells.py", "the last {len(known)} of")},
    "services/rates/pages/extractions.py": {"PAGE": ("services/rates/templates/extractions.html", "Older ext")},
    "services/rates/pages/settings.py": {"TERMS_SHOWN": ("services/rates/templates/settings.html", "older term")},
    "services/rates/pages/table.py": {"EXTRACTIONS_LISTED": ("services/rates/templates/table.html", "All extractions")},
    "services/rates/queries/extractions.py": {"limit": ("services/rates/api.py", PAGED)},
    "services/rates/queries/schools.py": {"MAILS_SHOWN": ("services/rates/templates/school.html", "The last {{ mails.newest | length }} of")},
    "services/rates/queries/settings.py": {
        "CHANGES_SHOWN": ("services/rates/templates/settings.html", "All changes"),
        "UNDOABLE_SHOWN": ("services/rates/templates/settings.html", "The last {{ undoable | length }} changes"),
    },
    "services/rates/queries/status_cards.py": {"limit": ("services/rates/pages/status_cards.py", "/rates/")},
    "services/rates/queries/table.py": {
        "VALUES_SHOWN": ("services/rates/templates/_values.html", "values."),
        "limit": ("services/rates/api.py", PAGED),
    },
    "services/rates/exports.py": {"RATE_COLUMN": (WHOLE, "the cells before and after one")},
    "services/sesr/pages/held.py": {"MOST": ("services/sesr/templates/held.html", "There are more")},
    "services/sesr/pages/history.py": {"FOUND_AT_ONCE": ("services/sesr/templates/start.html", "The first %d schools")},
    "services/sesr/pages/incidents.py": {"PAGE": ("services/sesr/templates/incidents.html", "pager(")},
    "services/sesr/queries/board.py": {"limit": ("services/sesr/api/board.py", PAGED)},
    "services/sesr/queries/incidents.py": {"limit": ("services/sesr/api/incidents.py", PAGED)},
    "services/sesr/queries/reports.py": {"limit": ("services/sesr/templates/held.html", "There are more")},
    "services/sesr/queries/schools.py": {"limit": ("services/sesr/templates/start.html", "The first %d schools")},
    "services/sesr/templates/_board.html": {"12": ("services/sesr/templates/_board.html", "and {{ lines | length - 12 }} more")},
    "services/tracker/api/district.py": {"limit": ("services/tracker/api/district.py", PAGED)},
    "services/tracker/api/lcap.py": {"limit": ("services/tracker/api/lcap.py", PAGED)},
    "services/tracker/pages/district.py": {"PAGE": ("services/tracker/templates/feasibility.html", "pager(")},
    "services/tracker/pages/start.py": {"PAGE": ("services/tracker/templates/start.html", "pager(")},
    "services/tracker/queries/district.py": {"limit": ("services/tracker/templates/heat_map.html", "pager(")},
    "services/tracker/queries/lcap/measures.py": {"limit": ("services/tracker/api/lcap.py", PAGED)},
    "services/tracker/queries/lcap/versions.py": {"limit": ("services/tracker/api/lcap.py", PAGED)},
    "services/tracker/queries/plan.py": {"limit": ("services/tracker/templates/items.html", "The newest {{ changes_shown }}")},
    "services/tracker/queries/progress.py": {"limit": ("services/tracker/templates/school_history.html", "pager(")},
    "services/tracker/queries/schools.py": {
        "50": (WHOLE, "schools of one code, of which two are refused as unclear"),
        "limit": ("services/tracker/templates/start.html", "pager("),
    },
    "services/tracker/templates/import.html": {"shown": ("services/tracker/templates/import.html", "The first {{ shown }} of")},
    "services/tracker/templates/items.html": {"most_untaken": ("services/tracker/templates/items.html", "the first {{ most_untaken }} of")},
    "services/tracker/templates/lcap_load.html": {"most": ("services/tracker/templates/lcap_load.html", "The first {{ most }} of")},
    "services/tracker/workbook/checking.py": {
        "BESIDES_AT_MOST": ("services/tracker/workbook/checking.py", "There is more outside the table from here on"),
        "NOTES_AT_MOST": ("services/tracker/workbook/checking.py", "counted(more, 'more cell')"),
        "PROBLEMS_AT_MOST": ("services/tracker/workbook/checking.py", "counted(more, 'more problem')"),
        "ROWS_LIMIT": ("services/tracker/workbook/checking.py", "Those below were not read"),
    },
    "services/tracker/workbook/child.py": {"SHEETS_LIMIT": ("services/tracker/workbook/checking.py", "It was not used")},
    "services/tracker/workbook/tabs.py": {"SEARCHED_ROWS": (WHOLE, "a heading is looked for in the first rows; its absence is refused")},
    "shared/access/confirmations.py": {"limit": (WHOLE, "no caller sets it")},
    "shared/access/people.py": {"limit": ("services/ingest/templates/people.html", "pager(")},
    "shared/access/sessions.py": {"limit": ("services/ingest/templates/sessions.html", "the newest 200. Older ones")},
    "shared/access/tokens.py": {"limit": (WHOLE, "no caller sets it")},
    "shared/delivery/parking.py": {"limit": ("shared/web/ops.py", PAGED)},
    "shared/errors.py": {"most": ("shared/errors.py", "More problems follow these")},
    "shared/files/ics_reading.py": {"LEFT_OUT_NAMED": ("shared/files/ics_reading.py", "more events.")},
    "shared/files/copying.py": {"LINES_AT_ONCE": (WHOLE, "pieces of a stream, one after the other")},
    "shared/jobs/queue.py": {"limit": ("shared/web/templates/files.html", "files of the last week")},
    "shared/ops/state.py": {"limit": ("shared/web/templates/_desk.html", "The newest {{ desk.failing | length }}")},
    "shared/web/audit.py": {
        "PAGE": ("shared/web/templates/audit.html", "pager("),
        "limit": ("shared/web/audit.py", PAGED),
    },
    "shared/web/ops.py": {"PAGE": ("shared/web/templates/service_ops.html", "more")},
}  # fmt: skip


def limits(source: str) -> set[str]:
    """The names or numbers by which a source cuts lists. One row, and up to three named ones, are no list."""
    found = {match[1].removeprefix(":") for match in _SQL.finditer(source)}
    found |= {match[1].rpartition("=")[2].strip().rpartition(".")[2] for match in _CALL.finditer(source)}
    for form in (_NAMED, _NUMBERED, _SLICED):
        found |= {match[1] for match in form.finditer(source)}
    return {name for name in found if not _OF_A_TEXT.fullmatch(name)} - {"1", "2", "3", "None"}


def sources() -> list[Path]:
    files = [path for place in SCANNED for kind in ("*.py", "*.html") for path in sorted((ROOT / place).rglob(kind))]
    return [path for path in files if "migrations" not in path.parts]


def test_the_scan_finds_limits_of_every_form() -> None:
    made = (
        'text("select 1 limit :most "); x.limit(SHOWN).all(); rows[:PAGE_ROWS]; trail[-LAST:]; "limit 50"; names[:12];'
        " x.limit(own.PAGE); islice(rows, AHEAD); text[:200]; digest()[:16]; y.limit(1); words[:40]"
    )
    assert limits(made) == {"most", "SHOWN", "PAGE_ROWS", "LAST", "50", "12", "PAGE", "AHEAD"}


def test_every_limit_of_a_list_is_said_where_the_list_is_shown() -> None:
    unsaid = {
        (name, limit)
        for path in sources()
        for name in [path.relative_to(ROOT).as_posix()]
        for limit in limits(path.read_text()) - SAID.get(name, {}).keys()
    }
    assert sorted(unsaid) == [], "say what is left out and how to get it, then name the place in SAID"


@pytest.mark.parametrize("name", SAID)
def test_what_is_said_stands_in_its_place(name: str) -> None:
    known = limits((ROOT / name).read_text())
    assert [limit for limit in SAID[name] if limit not in known] == [], "a limit that is gone"
    places = [(place, words) for place, words in SAID[name].values() if place != WHOLE]
    assert [place for place, words in places if words not in (ROOT / place).read_text()] == []


def test_a_refusal_with_more_problems_than_it_lists_says_so() -> None:
    problems = [{"code": "row_bad", "message": f"row {number}"} for number in range(205)]
    shown = first_of(iter(problems))
    assert (shown[:200], shown[200]["code"], len(shown)) == (problems[:200], "more_problems", 201)
    assert first_of(problems[:200]) == problems[:200]
