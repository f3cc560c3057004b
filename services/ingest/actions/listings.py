"""Reading plain tables of any kind through the file door."""

from collections.abc import Sequence

from services.ingest.actions.reading import Watch, refuse_uncached
from services.ingest.rules.findings import Place
from services.ingest.rules.lcap import NEEDED, LcapFound, LcapReader, raw_line
from services.ingest.rules.listing import Lacking, Listing, ListingReader, Table
from services.ingest.sheets import How, Sheet
from shared.errors import Invalid


def read_listing(content: bytes, watch: Watch, tables: Sequence[Table]) -> Listing:
    """The rows of the tables that a file holds. Raises UnreadableFile, TakesLong, Invalid (missing columns)."""
    found = Listing()
    reader: ListingReader | None = None
    for part in watch.parts(content):
        if isinstance(part, Sheet):
            refuse_uncached(part)
            if reader is not None:
                reader.end()
            reader = ListingReader(found, part.name, tables)
        elif reader is not None:
            for number, cells in part:
                reader.read(number, cells)
    if reader is not None:
        reader.end()
    broken = [each for each in found.lacking if not found.rows or not each.is_another_table()]
    if broken:
        raise _columns_missing(broken)
    for each in found.lacking:
        for name in each.missing:
            found.report.add("sheet_incomplete", Place(each.sheet, each.row, name, ""))
    return found


def _columns_missing(lacking: Sequence[Lacking]) -> Invalid:
    problems = [
        {
            "code": "column_missing",
            "sheet": each.sheet,
            "row": each.row,
            "column": name,
            "message": f"The column {name} is missing. Add it, or download the template.",
        }
        for each in lacking
        for name in each.missing
    ]
    places = "; ".join(f"{each.sheet or 'the file'} lacks {', '.join(each.missing)}" for each in lacking)
    sentence = f"Columns are missing: {places}. Download the template of this kind to see them."
    return Invalid(sentence, code="columns_missing", problems=problems)


def read_lcap(content: bytes, watch: Watch, table: str, how: How) -> LcapFound:
    """The rows of an LCAP table, or the published text line by line. Raises as `read_listing`."""
    found = LcapFound()
    reader: LcapReader | None = None
    for part in watch.parts(content, how=how):
        if isinstance(part, Sheet):
            if reader is not None:
                reader.end()
            reader = LcapReader(found, part.name, table)
        elif how == "lines":
            found.rows += [raw_line(number, cells) for number, cells in part]
        elif reader is not None:
            for number, cells in part:
                reader.read(number, cells)
    if reader is not None and how != "lines":
        reader.end()
    if not found.rows:
        raise Invalid(
            f"The file holds no LCAP table: a row must name the columns {NEEDED[table]}, with the table below it."
            " Download the template of this kind to see them.",
            code="no_rows",
            problems=list(found.report.problems()),
        )
    return found
