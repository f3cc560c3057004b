"""Files that take long to write: the table as a workbook of any size."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl

from sqlmodel import Session

from services.rates.exports import write_xlsx
from services.rates.queries import table
from services.rates.queries.extractions import ExtractionSummary, extraction_at
from services.rates.queries.filters import RateFilter
from services.rates.queries.own import own_schools
from shared.errors import NotFound
from shared.events import GROUPS, Group
from shared.jobs.queue import FileJob
from shared.jobs.writer import Progress, Writer, at_once

# From so many rows on a workbook is written by a process of its own, while the person watches or does something else.
ROWS_AT_ONCE = 5_000
NO_EXTRACTION = "There is no such extraction. Open the table and choose one there."


def extractions_of(session: Session, rates: RateFilter) -> dict[Group, ExtractionSummary]:
    """What a workbook holds: each group's extraction of the filter's date, or the newest. Raises NotFound for none."""
    found = {group: extraction_at(session, group, rates.day, rates.term) for group in GROUPS}
    held = {group: each for group, each in found.items() if each is not None}
    if rates.day and not held:
        raise NotFound(NO_EXTRACTION)
    return held


def title_of(held: dict[Group, ExtractionSummary]) -> tuple[str, str]:
    """The title and the file name of a workbook of these extractions."""
    newest = max((each.extraction_date.isoformat() for each in held.values()), default="")
    title = f"Response rates as of {newest}" if newest else "Response rates"
    return title, f"response-rates-{newest or 'none'}.xlsx"


def write_rates(session: Session, job: FileJob, path: str, note: Progress) -> None:
    """Writes the workbook of a filter; the extractions are those of the moment in which it is written."""
    rates = RateFilter.read(parse_qsl(job.parameters["query"]))
    held = extractions_of(session, rates)
    own = own_schools(job.who)
    total = sum(table.count(session, each, rates, own) for each in held.values())
    done = 0
    note(0, total)

    def counted(group: Group) -> Iterator[Any]:
        nonlocal done
        if group in held:
            for row in table.all_rows(session, held[group], rates, own):
                yield row
                done += 1
                note(done, total)

    write_xlsx(path, title_of(held)[0], {group.capitalize(): counted(group) for group in GROUPS})


WRITERS: dict[str, Writer] = {"rates": at_once(write_rates)}
