"""Reading plain tables of any kind through the file door."""

from collections.abc import Sequence

from services.ingest.actions.reading import Watch, refuse_uncached
from services.ingest.rules.lcap import LcapFound, LcapReader, raw_line
from services.ingest.rules.listing import Listing, ListingReader, Table
from services.ingest.sheets import Sheet
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
    if found.lacking and not found.rows:
        raise _columns_missing(found.lacking)
    return found


def _columns_missing(lacking: Sequence[tuple[str, str]]) -> Invalid:
    problems = [
        {"code": "column_missing", "sheet": sheet, "column": name, "message": f"The column {name} is missing."}
        for sheet, name in lacking
    ]
    names = ", ".join(name for _, name in lacking)
    sentence = f"The file lacks columns: {names}. Download the template of this kind to see them."
    return Invalid(sentence, code="columns_missing", problems=problems)


def read_lcap(content: bytes, watch: Watch, table: str, *, lines: bool) -> LcapFound:
    """The rows of an LCAP table, or with `lines` the published text line by line. Raises as `read_listing`."""
    found = LcapFound()
    reader: LcapReader | None = None
    for part in watch.parts(content, lines=lines):
        if isinstance(part, Sheet):
            if reader is not None:
                reader.end()
            reader = LcapReader(found, part.name, table)
        elif lines:
            found.rows += [raw_line(number, cells) for number, cells in part]
        elif reader is not None:
            for number, cells in part:
                reader.read(number, cells)
    if reader is not None and not lines:
        reader.end()
    if not found.rows:
        raise Invalid(
            "The file holds no LCAP table. Download the template of this kind to see its columns.", code="no_rows"
        )
    return found
