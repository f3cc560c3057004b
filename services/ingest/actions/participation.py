"""Loading a participation extraction: rows read and checked, schools identified, the changed rows told in parts."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any, cast

from sqlalchemy import text
from sqlmodel import Session

from services.ingest.rules import (
    SHOWN,
    BadCell,
    CountsRow,
    Header,
    default_window,
    group_of,
    missing_columns,
    read_counts,
    read_header,
    sole_value,
    term_of,
)
from services.ingest.sheets import SheetRow, read_rows
from services.ingest.tables import Upload
from shared.db import raw
from shared.errors import Invalid
from shared.events import GROUPS, ROWS_PER_PART, ExtractionLoaded, ExtractionRow, Group
from shared.names import name_key
from shared.outbox import say

THIN_SHARE = 0.8
_FIELDS = ", ".join(ExtractionRow._fields)

_LOCK = text("select pg_advisory_xact_lock(hashtextextended(:lock, 1))")
_WINDOW = text("select term, opens, closes from survey_window where :on between opens and closes order by opens desc")
_REVISION = text('select coalesce(max(revision), 0) + 1 from upload where term = :term and "on" = :on')
_SCHOOLS = text("select school_key, ploc, name_key, level, cost_centre from school where ploc = any(:plocs)")
_ADD_SCHOOL = text(
    "insert into school(school_key, ploc, name, name_key, level, region, cos, director, principal, landline, in_directory)"
    " values (:school_key, :ploc, :name, :name_key, '', :region, :cos, :director, '', '', false)"
)
_INCOMING = (
    "create temp table incoming (school_key text, ploc text, cost_centre text, region text, cos text, director text,"
    ' school text, level text, total int, submitted int, file_tier text, file_rate text, "group" text) on commit drop'
)
_MERGE = text(
    'merge into extraction_count e using incoming n on e.term = :term and e."on" = :on and e."group" = n."group"'
    " and e.school_key = n.school_key"
    " when matched and (e.ploc, e.cost_centre, e.region, e.cos, e.director, e.school, e.level, e.total, e.submitted,"
    "  e.file_tier, e.file_rate) is distinct from (n.ploc, n.cost_centre, n.region, n.cos, n.director, n.school,"
    "  n.level, n.total, n.submitted, n.file_tier, n.file_rate) then update set revision = :revision, ploc = n.ploc,"
    "  cost_centre = n.cost_centre, region = n.region, cos = n.cos, director = n.director, school = n.school,"
    "  level = n.level, total = n.total, submitted = n.submitted, file_tier = n.file_tier, file_rate = n.file_rate"
    f' when not matched then insert (term, "on", "group", revision, {_FIELDS})'
    f'  values (:term, :on, n."group", :revision, {_FIELDS.replace("school_key", "n.school_key", 1)})'
)
_CHANGED = text(
    f'select "group", {_FIELDS} from extraction_count where term = :term and "on" = :on and revision = :revision'
    " order by school_key"
)
_LAST_SIZE = text(
    'select count(*) from extraction_count where term = :term and "group" = :group and "on" ='
    ' (select max("on") from extraction_count where term = :term and "group" = :group and "on" < :on)'
)


class Reading:
    """What a file turned out to hold: good rows, problems with their places, and the suffixes of its headers."""

    def __init__(self) -> None:
        self.rows: list[CountsRow] = []
        self.problems: list[dict[str, Any]] = []
        self.suffixes: set[str] = set()
        self.rejected = 0

    def reject(self, row: SheetRow, header: Header, error: BadCell) -> None:
        index = header.columns.get(error.field)
        value = row.cells[index] if index is not None and index < len(row.cells) else None
        self.rejected += 1
        self.problems.append(
            {
                "sheet": row.sheet,
                "row": row.number,
                "column": SHOWN[error.field],
                "value": "" if value is None else str(value),
                "code": error.code,
                "message": str(error),
                "outcome": "rejected",
            }
        )


def read_participation(content: bytes) -> Reading:
    """Reads and checks the rows of an extraction file. Raises UnreadableFile or Invalid (missing columns)."""
    reading = Reading()
    header: Header | None = None
    sheet: str | None = None
    found_any = False
    for row in read_rows(content):
        if row.sheet != sheet:
            sheet, header = row.sheet, None
        if all(cell in (None, "") for cell in row.cells):
            continue
        if header is None:
            header = read_header(row.cells)
            _check_header(header, row)
            found_any = True
            reading.suffixes |= header.suffixes
            continue
        _read_row(reading, header, row)
    if not found_any:
        raise Invalid("The file holds no rows. Export the extraction again and upload the new file.", code="no_rows")
    return reading


def _check_header(header: Header, row: SheetRow) -> None:
    missing = missing_columns(header)
    if missing:
        place = f"Sheet {row.sheet}, row {row.number}" if row.sheet else f"Row {row.number}"
        problems = [
            {
                "code": "column_missing",
                "sheet": row.sheet,
                "row": row.number,
                "column": name,
                "message": f"The column {name} is missing.",
            }
            for name in missing
        ]
        raise Invalid(
            f"{place} should hold the column names; missing: {', '.join(missing)}.",
            code="columns_missing",
            problems=problems,
        )


def _read_row(reading: Reading, header: Header, row: SheetRow) -> None:
    cells = {field: row.cells[index] for field, index in header.columns.items() if index < len(row.cells)}
    try:
        reading.rows.append(read_counts(cells, group_of(row.sheet)))
    except BadCell as error:
        reading.reject(row, header, error)


def load_participation(session: Session, upload: Upload, content: bytes) -> None:
    """Loads an extraction file into the upload: its term, date, revision, groups, counts; tells the changed rows."""
    reading = read_participation(content)
    on = sole_value({row.on for row in reading.rows})
    if on is None:
        raise Invalid(
            "The rows carry no date of extraction, or several. Upload one extraction at a time.",
            code="dates_several" if reading.rows else "no_good_rows",
            problems=reading.problems[:100],
        )
    term, opens, closes = _window(session, on)
    session.execute(_LOCK, {"lock": f"{term}/{on}"})
    revision = session.execute(_REVISION, {"term": term, "on": on}).scalar_one()
    rows = _identify(session, reading.rows)
    _store(session, rows, {"term": term, "on": on, "revision": revision})
    changed = _changed(session, {"term": term, "on": on, "revision": revision})
    upload.term, upload.on, upload.revision = term, on, revision
    upload.groups = sorted({row.group for row in reading.rows})
    upload.problems = [*_suffix_note(reading.suffixes, term), *reading.problems]
    total = sum(len(each) for each in changed.values())
    upload.counts = {"accepted": len(reading.rows), "rejected": reading.rejected, "changed": total}
    upload.thin = _is_thin(session, term, on, rows)
    upload.state = "published" if total else "unchanged"
    _tell(session, upload, changed, opens, closes)


def _window(session: Session, on: date) -> tuple[str, date, date]:
    row = session.execute(_WINDOW, {"on": on}).first()
    return (row.term, row.opens, row.closes) if row is not None else (term_of(on), *default_window(on))


def _suffix_note(suffixes: set[str], term: str) -> Iterator[dict[str, Any]]:
    for suffix in sorted(suffixes - {term}):
        yield {
            "code": "term_suffix_differs",
            "value": suffix,
            "outcome": "warned",
            "column": "Total_Surveys",
            "message": f"The column names say {suffix}, the date of extraction belongs to {term}. {term} was used.",
        }


def _identify(session: Session, rows: Iterable[CountsRow]) -> dict[Group, dict[str, ExtractionRow]]:
    """The rows under their schools' keys; a school is added at first sight."""
    listed = list(rows)
    known: dict[str, dict[str, Any]] = defaultdict(dict)
    for school in session.execute(_SCHOOLS, {"plocs": list({row.ploc for row in listed})}):
        known[school.ploc][school.name_key] = school
    names: dict[str, set[str]] = defaultdict(set)
    for row in listed:
        names[row.ploc].add(name_key(row.school))
    found: dict[Group, dict[str, ExtractionRow]] = defaultdict(dict)
    for row in listed:
        key, level, cost_centre = _school_of(session, row, known[row.ploc], names[row.ploc])
        found[row.group][key] = ExtractionRow(
            key,
            row.ploc,
            cost_centre,
            row.region,
            row.cos,
            row.director,
            row.school,
            level,
            row.total,
            row.submitted,
            row.file_tier,
            row.file_rate,
        )
    return found


def _school_of(session: Session, row: CountsRow, units: dict[str, Any], names: set[str]) -> tuple[str, str, str | None]:
    spelling = name_key(row.school)
    if spelling not in units and len(units) == 1 and len(names) == 1:
        units[spelling] = next(iter(units.values()))
    unit = units.get(spelling)
    if unit is not None:
        return unit.school_key, unit.level, unit.cost_centre
    key = f"{row.ploc}:{spelling}"
    session.execute(
        _ADD_SCHOOL,
        {
            "school_key": key,
            "ploc": row.ploc,
            "name": row.school,
            "name_key": spelling,
            "region": row.region,
            "cos": row.cos,
            "director": row.director,
        },
    )
    units[spelling] = session.execute(
        text("select school_key, level, cost_centre from school where school_key = :k"), {"k": key}
    ).one()
    return key, "", None


def _store(session: Session, rows: dict[Group, dict[str, ExtractionRow]], values: dict[str, Any]) -> None:
    session.execute(text(_INCOMING))
    with raw(session).cursor().copy(f'copy incoming ({_FIELDS}, "group") from stdin') as copy:
        for group, schools in rows.items():
            for row in schools.values():
                copy.write_row((*row, group))
    session.execute(_MERGE, values)


def _changed(session: Session, values: dict[str, Any]) -> dict[Group, list[ExtractionRow]]:
    changed: dict[Group, list[ExtractionRow]] = defaultdict(list)
    for group, *fields in session.execute(_CHANGED, values):
        changed[cast(Group, group)].append(ExtractionRow(*fields))
    return changed


def _is_thin(session: Session, term: str, on: date, rows: dict[Group, dict[str, ExtractionRow]]) -> bool:
    for group, schools in rows.items():
        last = session.execute(_LAST_SIZE, {"term": term, "on": on, "group": group}).scalar_one()
        if len(schools) < THIN_SHARE * last:
            return True
    return False


def _tell(
    session: Session, upload: Upload, changed: dict[Group, list[ExtractionRow]], opens: date, closes: date
) -> None:
    groups = tuple(group for group in GROUPS if group in changed)
    for group in groups:
        rows = changed[group]
        cuts = [rows[at : at + ROWS_PER_PART] for at in range(0, len(rows), ROWS_PER_PART)]
        for part, cut in enumerate(cuts, 1):
            assert upload.term is not None and upload.on is not None and upload.revision is not None
            say(
                session,
                ExtractionLoaded(
                    upload_id=upload.upload_id,
                    term=upload.term,
                    on=upload.on,
                    revision=upload.revision,
                    groups=groups,
                    group=group,
                    part=part,
                    parts=len(cuts),
                    window_opens=opens,
                    window_closes=closes,
                    thin=upload.thin,
                    rows=cut,
                ),
            )
