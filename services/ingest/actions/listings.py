"""Reading plain tables of any kind through the file door."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

from services.ingest.actions.columns import missing_problems, refusing_columns
from services.ingest.actions.reading import Watch, refuse_uncached
from services.ingest.rules.findings import Place
from services.ingest.rules.lcap import NEEDED, LcapFound, LcapReader, raw_line
from services.ingest.rules.listing import IncompleteSheet, Listing, ListingReader, Table
from services.ingest.rules.rows import SheetAbout
from services.ingest.sheets import Batch, How, Sheet
from shared.errors import Invalid


def read_listing(content: bytes, watch: Watch, tables: Sequence[Table], how: How = "table") -> Listing:
    """The rows of the tables that a file holds. Raises UnreadableFile, TakesLong, Invalid (columns)."""
    return listing_of(sheets_of(watch.parts(content, how=how)), tables)


def listing_of(sheets: Iterable[tuple[Sheet, Iterator[Batch]]], tables: Sequence[Table]) -> Listing:
    """The rows of the tables that these sheets hold. Raises as `read_listing`."""
    found = Listing()
    with refusing_columns():
        for about, batches in sheets:
            reader = ListingReader(found, SheetAbout(about.name, about.epoch_1904, about.delimiter), tables)
            for number, cells in chain.from_iterable(batches):
                reader.read(number, cells)
            reader.end()
            if reader.header is not None:
                refuse_uncached(about)
    broken = [each for each in found.lacking if not found.rows or not each.is_another_table()]
    if broken:
        raise _columns_missing(broken)
    if not found.rows:
        raise _no_table(found, tables)
    for each in found.lacking:
        for name in each.missing:
            found.report.add("sheet_incomplete", Place(each.sheet, each.row, name, ""))
    return found


def sheets_of(parts: Iterable[Sheet | Batch]) -> Iterator[tuple[Sheet, Iterator[Batch]]]:
    """The sheets of a file, each with its batches of rows; they are read in this order."""
    rest = iter(parts)
    ahead = [part for part in [next(rest, None)] if isinstance(part, Sheet)]

    def batches() -> Iterator[Batch]:
        for part in rest:
            if isinstance(part, Sheet):
                ahead.append(part)
                return
            yield part

    while ahead:
        yield ahead.pop(), batches()


def _columns_missing(lacking: Sequence[IncompleteSheet]) -> Invalid:
    problems = [problem for each in lacking for problem in missing_problems(each.sheet, each.row, each.missing)]
    places = "; ".join(f"{each.sheet or 'the file'} lacks {', '.join(each.missing)}" for each in lacking)
    sentence = f"Columns are missing: {places}. Download the template of this kind to see them."
    return Invalid(sentence, code="columns_missing", problems=problems)


def _no_table(found: Listing, tables: Sequence[Table]) -> Invalid:
    """The file holds no table of this kind: names the columns that are needed, and shows what was read."""
    needed = "; or ".join(", ".join(table.required.values()) for table in tables)
    read = " / ".join(text for text in found.first_texts if text) or "nothing"
    sentence = (
        f"The file has no table of this kind. A row must name the columns {needed}. The first rows were read as:"
        f" {read}. Download the template of this kind to see the columns."
    )
    return Invalid(sentence, code="no_table", problems=list(found.report.problems()))


def read_lcap(content: bytes, watch: Watch, table: str, how: How) -> LcapFound:
    """The rows of an LCAP table, or the published text line by line. Raises as `read_listing`."""
    found = LcapFound()
    with refusing_columns():
        for about, batches in sheets_of(watch.parts(content, how=how)):
            if how == "lines":
                found.rows += [raw_line(number, cells) for number, cells in chain.from_iterable(batches)]
                continue
            reader = LcapReader(found, SheetAbout(about.name, delimiter=about.delimiter), table)
            for number, cells in chain.from_iterable(batches):
                reader.read(number, cells)
            reader.end()
            if reader.headings is not None:
                refuse_uncached(about)
    if found.contradictions:
        raise Invalid(
            f"The years of the headings contradict each other. {found.contradictions[0]} Correct the headings.",
            code="lcap_years",
            problems=[{"code": "lcap_years", "message": sentence} for sentence in found.contradictions],
        )
    if not found.rows:
        raise Invalid(
            f"The file has no LCAP table: a row must name the columns {NEEDED[table]}, with the table below it."
            " Download the template of this kind to see them.",
            code="no_rows",
            problems=list(found.report.problems()),
        )
    return found
