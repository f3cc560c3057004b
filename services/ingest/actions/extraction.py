"""An extraction file made ready: read, its names settled by what is known of the district, every row under its school."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from sqlmodel import Session

from services.ingest.actions.columns import columns_missing, missing_problems, refusing_columns
from services.ingest.actions.reading import Watch, refuse_uncached
from services.ingest.queries.directory import communities, directory_size, people, schools_named, schools_of
from services.ingest.queries.windows import windows
from services.ingest.rules.dates import Window, window_of
from services.ingest.rules.extraction import Extraction, NoTable, SheetReader, settled
from services.ingest.rules.findings import Place, Report
from services.ingest.rules.headers import REQUIRED, SHOWN
from services.ingest.rules.names import REGIONS, canonical_cos, cos_key
from services.ingest.rules.rows import CountsRow, SheetAbout, first_rows
from services.ingest.rules.schools import Identified, KnownUnits, Unit, identify
from services.ingest.rules.verdicts import Facts
from services.ingest.sheets import Sheet
from services.ingest.tables import School
from shared.errors import Invalid, first_of
from shared.names import Spellings, name_key
from shared.web.clock import today

PROBLEMS_SHOWN = 500
# A directory that lists fewer schools than this share of a group is not whole: nobody is unknown by it.
KNOWN_SHARE = 0.8


@dataclass
class Ready:
    """A file ready to be stored: good rows with their units, and what is against publishing it."""

    report: Report
    rows: list[CountsRow]
    schools: Identified
    windows: dict[date, Window]
    facts: Facts

    def dates(self) -> list[date]:
        """The dates of extraction, newest first."""
        return sorted(self.windows, reverse=True)


def ready_extraction(session: Session, found: Extraction, named_term: str = "") -> Ready:
    """Settles what was read. Raises Invalid with the problems."""
    rows, schools = settled_extraction(session, found)
    report = found.report
    if not rows:
        raise Invalid(
            "No row of the file can be used. Correct what is listed and upload the file again.",
            code="no_good_rows",
            problems=first_of(report.problems(), PROBLEMS_SHOWN),
        )
    rows = _with_regions(rows, schools, report)
    _note_directors(session, rows, report)
    _offer_matches(session, report)
    found_windows, doubts = _windows(session, {row.shared.extraction_date for row in rows}, named_term)
    _note_terms(found.suffixes, found_windows, report)
    facts = Facts(
        dates=list(found_windows),
        today=today(),
        doubts=doubts,
        suffixes=found.suffixes,
        rows=len(rows),
        rejected=len(report.rejected_rows),
        contradicting=found.contradicting,
        unnamed=sum(not (row.shared.cos and row.shared.director) for row in rows),
        unknown=_unknown(session, rows, schools),
        swapped=report.count("school_swapped"),
        above=found.above,
    )
    return Ready(report, rows, schools, found_windows, facts)


def _unknown(session: Session, rows: Sequence[CountsRow], schools: Identified) -> int:
    """How many rows are of schools that were never seen; 0 where the directory lists too few to say which there are."""
    most = max(Counter(row.shared.group for row in rows).values())
    if not schools.new or KNOWN_SHARE * most > directory_size(session):
        return 0
    new = {unit.school_key for unit in schools.new}
    return sum(schools.units[row.site.place].school_key in new for row in rows)


def settled_extraction(session: Session, found: Extraction) -> tuple[list[CountsRow], Identified]:
    """The good rows of what was read, each school once in a group and date, and the schools of these rows."""
    rows = _with_cos(session, found.rows, found.report)
    schools = _identified(session, rows, found.report)
    rows = _without_swapped(rows, schools, found.report)
    rows = settled(rows, schools.units, found.report)
    kept = {schools.units[place].school_key for place in first_rows(rows)}
    return rows, schools._replace(new=[unit for unit in schools.new if unit.school_key in kept])


def _identified(session: Session, rows: list[CountsRow], report: Report) -> Identified:
    known = _known_units(session, rows)
    strangers = KnownUnits(known, ()).strangers({row.site.place for row in rows})
    elsewhere = [_unit(school) for school in schools_named(session, strangers)] if known else []
    return identify(rows, known, elsewhere, report)


def _without_swapped(rows: list[CountsRow], schools: Identified, report: Report) -> list[CountsRow]:
    """The rows but those that carry the PLOC of one school and the name of another."""
    if not schools.swapped:
        return rows
    for row in rows:
        home = schools.swapped.get(row.site.place)
        if home:
            value = f"{row.site.place[0]} {row.site.school}"
            place = Place(row.sheet, row.number, SHOWN["ploc"], value, f"this name is known as {home}")
            report.reject("school_swapped", place)
    return [row for row in rows if row.site.place not in schools.swapped]


def _known_units(session: Session, rows: Iterable[CountsRow]) -> list[Unit]:
    places = {row.site.place for row in rows}
    plocs, codes = {ploc for ploc, _, _ in places}, {code for _, code, _ in places if code}
    return [_unit(school) for school in schools_of(session, plocs, codes)]


def _unit(school: School) -> Unit:
    names = (school.level, school.region, school.cos)
    return Unit(school.school_key, school.ploc, school.name, school.name_key, school.cost_center, *names)


def read_extraction(content: bytes, watch: Watch) -> Extraction:
    """The rows of all sheets that hold a table. Raises UnreadableFile, TakesLong, Invalid (columns)."""
    found = Extraction()
    with refusing_columns():
        lacking = _read_sheets(found, content, watch)
    for each in lacking:
        if not found.rows or not each.is_another_table():
            raise columns_missing(each.sheet, each.row, each.missing)
        found.report.add("sheet_skipped", Place(each.sheet, 0, "", each.sheet))
    if not found.rows and not found.report.rejected_rows:
        raise _no_table(found)
    return found


def _read_sheets(found: Extraction, content: bytes, watch: Watch) -> list[NoTable]:
    lacking: list[NoTable] = []
    open_sheet: tuple[SheetReader, Sheet] | None = None
    for part in watch.parts(content):
        if isinstance(part, Sheet):
            lacking += _ended(open_sheet)
            about = SheetAbout(part.name, part.epoch_1904, part.delimiter)
            open_sheet = SheetReader(found, about), part
        elif open_sheet is not None:
            open_sheet[0].read_all(part)
    return [*lacking, *_ended(open_sheet)]


def _no_table(found: Extraction) -> Invalid:
    """The file holds no table of this kind: names the columns that are needed, and shows what was read."""
    if found.headers:
        sentence = "The table in the file has no rows. Export the extraction again and upload the new file."
        return Invalid(sentence, code="no_rows")
    needed = ", ".join(SHOWN[field] for field in REQUIRED)
    read = " / ".join(found.first_texts) or "nothing"
    sentence = (
        f"The file has no participation table. A row must name the columns {needed}. The first rows were read as:"
        f" {read}. Download the template to see the columns."
    )
    return Invalid(sentence, code="no_table", problems=missing_problems("", 1, [SHOWN[field] for field in REQUIRED]))


def _ended(open_sheet: tuple[SheetReader, Sheet] | None) -> list[NoTable]:
    if open_sheet is None:
        return []
    reader, about = open_sheet
    lacking = reader.end()
    if reader.rows is not None:
        refuse_uncached(about)
        _note_sheet(about, reader.found.report)
    return [] if lacking is None else [lacking]


def _note_sheet(about: Sheet, report: Report) -> None:
    seen = (
        ("sheet_hidden", about.hidden, about.name),
        ("rows_hidden", about.hidden_rows > 0, f"{about.hidden_rows} rows"),
        ("filter_active", about.filtered, about.name),
        ("text_encoding", _is_unusual(about), f"{about.encoding}, delimiter {about.delimiter!r}"),
        ("text_bad_bytes", about.bad_line > 0, f"first in line {about.bad_line}"),
    )
    for code, is_so, value in seen:
        if is_so:
            report.add(code, Place(about.name, 0, "", value))


def _is_unusual(about: Sheet) -> bool:
    return bool(about.encoding) and (about.encoding not in ("utf-8", "utf-8-sig") or about.delimiter != ",")


def _with_cos(session: Session, rows: list[CountsRow], report: Report) -> list[CountsRow]:
    """The rows with every community of schools in the district's form."""
    forms = canonical_cos(Counter(row.shared.cos for row in rows), communities(session))
    if not forms:
        return rows
    for row in rows:
        cos = row.shared.cos
        if cos in forms:
            report.add("cos_normalized", Place(row.sheet, row.number, SHOWN["cos"], cos, forms[cos]))
    mended = {row.shared: row.shared._replace(cos=forms.get(row.shared.cos, row.shared.cos)) for row in rows}
    return [row._replace(shared=mended[row.shared]) if row.shared.cos in forms else row for row in rows]


def _with_regions(rows: list[CountsRow], schools: Identified, report: Report) -> list[CountsRow]:
    """The rows with the school's last region where the file's is none."""
    if not report.count("region_unknown"):
        return rows
    return [row if row.shared.region in REGIONS else _in_last_region(row, schools) for row in rows]


def _in_last_region(row: CountsRow, schools: Identified) -> CountsRow:
    region = schools.units[row.site.place].region or row.shared.region
    return row._replace(shared=row.shared._replace(region=region))


def _note_directors(session: Session, rows: Sequence[CountsRow], report: Report) -> None:
    directors = {
        person.person_id: [person.name, *person.aliases, *person.resolved_aliases]
        for person in people(session, role="director", limit=None)
    }
    spellings = Spellings(directors)
    firsts: dict[str, CountsRow] = {}
    for row in rows:
        firsts.setdefault(row.shared.director, row)
    counts = Counter(row.shared.director for row in rows)
    written: dict[str, list[str]] = {}
    for director, row in firsts.items():
        place = Place(row.sheet, row.number, SHOWN["director"], director)
        named = spellings.possible(director)
        if not director:
            report.add("director_blank", place, counts[director])
        elif directors and len(named) != 1:
            report.add("director_unmatched", place, counts[director])
        for person in named if len(named) == 1 else ():
            written.setdefault(person, []).append(director)
    for several in written.values():
        if len(several) > 1:
            row = firsts[several[0]]
            report.add("director_spellings", Place(row.sheet, row.number, SHOWN["director"], " | ".join(several)[:200]))


def _windows(session: Session, dates: Iterable[date], named: str) -> tuple[dict[date, Window], set[str]]:
    listed = windows(session)
    if named and named not in {window.term for window in listed}:
        raise Invalid(
            f"There is no survey window of the term {named}. Add it, or leave the term open.", code="term_unknown"
        )
    found = {day: window_of(day, listed, named) for day in dates}
    return {day: window for day, (window, _) in found.items()}, {doubt for _, doubt in found.values() if doubt}


def _note_terms(suffixes: set[str], windows: dict[date, Window], report: Report) -> None:
    terms = {window.term for window in windows.values()}
    for suffix in sorted(suffixes - terms):
        report.add("term_suffix_differs", Place("", 0, SHOWN["total"], suffix, ", ".join(sorted(terms))))
    if len(windows) > 1:
        listed = ", ".join(day.isoformat() for day in sorted(windows))
        report.add("dates_several", Place("", 0, SHOWN["extraction_date"], listed))


def _offer_matches(session: Session, report: Report) -> None:
    """For rows without a PLOC: names the PLOC under which exactly this school and community are known."""
    tally = report.tallies.get(("ploc_missing", SHOWN["ploc"]))
    if tally is None:
        return
    spelled = {place: (name_key(school), cos_key(cos)) for place, (school, cos) in report.unplaced.items()}
    known = {
        (school.name_key, cos_key(school.cos)): school.ploc
        for school in schools_named(session, {name for name, _ in spelled.values()})
    }
    for index, place in enumerate(tally.places):
        ploc = known.get(spelled.get((place.sheet, place.row), ("", "")))
        if ploc is not None:
            tally.places[index] = place._replace(became=f"this school is known as {ploc}")
