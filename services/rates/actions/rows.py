"""Storing a part's rows with their tiers: copied straight in where none of them is there yet, else merged."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import literal, select, text
from sqlmodel import Session, col

from services.rates.rules.tiers import tier_result
from services.rates.tables import Rate
from shared.events import ExtractionRow
from shared.files.copying import copy_line, copy_lines
from shared.names import name_key, sort_key

# What a row says, then what is computed from it, in the order of `computed`.
_FACTS = (
    "ploc", "cost_center", "region", "cos", "director", "school", "level", "total", "submitted", "file_tier",
    "file_rate",
)  # fmt: skip
_COMPUTED = ("tier", "rate", "needed", "school_sort", "cos_sort", "director_key")
_COLUMNS = ", ".join(("school_key", *_FACTS, *_COMPUTED))
_KEY = "term, extraction_date, respondent_group, revision, upload_id, removed"
# Text: temporary tables, MERGE and its old and new rows have no expressions.
_INCOMING = text(
    """
    create temp table incoming (
        school_key text, ploc text, cost_center text, region text, cos text, director text, school text, level text,
        total int, submitted int, file_tier text, file_rate text, tier smallint, rate numeric(16, 4), needed int,
        school_sort text, cos_sort text, director_key text
    ) on commit drop
    """
)
# A newer revision stands even where it says what is there already: an older one that comes late may say something else.
_MERGE = text(
    f"""
    merge into rate r using incoming n
        on r.term = :term and r.extraction_date = :extraction_date and r.respondent_group = :respondent_group
            and r.school_key = n.school_key and r.school_key between :first and :last
    when matched and r.revision < :revision then update set
        revision = :revision, upload_id = :upload_id, removed = false,
        {", ".join(f"{name} = n.{name}" for name in (*_FACTS, *_COMPUTED))}
    when not matched then
        insert ({_KEY}, {_COLUMNS})
        values (:term, :extraction_date, :respondent_group, :revision, :upload_id, false, {_COLUMNS})
    """
)
_DROP = text("drop table incoming")


class RevisionKey(NamedTuple):
    """Which revision of which group of which extraction rows are of."""

    term: str
    extraction_date: date
    respondent_group: str
    revision: int
    upload_id: UUID


def store_rows(session: Session, rows: Sequence[ExtractionRow], key: RevisionKey) -> None:
    """Stores a part's rows, over those of older revisions alone. The caller holds the lock of the term and group."""
    if not rows:
        return
    first, last = min(row.school_key for row in rows), max(row.school_key for row in rows)
    if not _any_there(session, key, first, last):
        place = copy_line(*key, "f")
        copy_lines(session, f"rate ({_KEY}, {_COLUMNS})", (f"{place}\t{line}" for line in computed(rows)))
        return
    session.execute(_INCOMING)
    copy_lines(session, f"incoming ({_COLUMNS})", computed(rows))
    session.execute(_MERGE, {**key._asdict(), "first": first, "last": last})
    session.execute(_DROP)


def _any_there(session: Session, key: RevisionKey, first: str, last: str) -> bool:
    """Whether any row of the stretch is there: parts come sorted by school, so this is one look at the primary key."""
    stretch = select(literal(1)).where(
        col(Rate.term) == key.term,
        col(Rate.extraction_date) == key.extraction_date,
        col(Rate.respondent_group) == key.respondent_group,
        col(Rate.school_key).between(first, last),
    )
    return session.scalar(stretch.limit(1)) is not None


def computed(rows: Iterable[ExtractionRow]) -> Iterator[str]:
    """A line for every row with its tier, rate, surveys needed and the keys that it is sorted and found by."""
    keys: dict[str, tuple[str, str]] = {}
    for row in rows:
        shared = keys.get(row.director + row.cos)
        if shared is None:
            shared = keys[row.director + row.cos] = (sort_key(row.cos), name_key(row.director))
        yield copy_line(*row, *tier_result(row.submitted, row.total), sort_key(row.school), *shared) + "\n"
