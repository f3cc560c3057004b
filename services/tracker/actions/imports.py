"""Workbooks back in: what a school typed, compared with what it downloaded and with what stands here now."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from itertools import groupby
from typing import Any, NamedTuple
from uuid import UUID, uuid4

from sqlalchemy import text
from sqlmodel import Session

from services.tracker.actions.entries import Cell, save_cells
from services.tracker.queries.plan import item_texts
from services.tracker.queries.progress import periods
from services.tracker.queries.schools import schools_of_keys
from services.tracker.rules.values import shown_percent
from services.tracker.tables.books import BookImport
from services.tracker.workbook.checking import TypedCell, check_book
from services.tracker.workbook.child import Rows, UnreadableBook, read_sheets
from shared.access import Who, audit
from shared.errors import Conflict, Invalid, NotFound, NotSupported

_CURRENT = text(
    "select school_key, level, item_id, period, percent, by from entry where school_key = any(:school_keys)"
)
_STALE = text("delete from book_import where at < now() - interval '30 days'")


class Compared(NamedTuple):
    """A cell that differs; `is_conflict` where it was changed in the file and here since the download."""

    typed: TypedCell
    there: Decimal | None
    by: str
    is_conflict: bool


def read_book(content: bytes) -> Rows:
    """The cells of an uploaded workbook, read before a transaction begins; NotSupported for no workbook."""
    try:
        return read_sheets(content)
    except UnreadableBook as error:
        raise NotSupported(str(error), code="book_unreadable") from error


def take_book(session: Session, who: Who, file_name: str, sheets: Rows, school_key: str | None = None) -> BookImport:
    """Keeps the differences of a workbook's cells for a decision; nothing is entered yet.

    Raises Invalid with a problem for each cell that cannot be taken.
    """
    book = check_book(sheets, periods(session), item_texts(session))
    keys = sorted({cell.school_key for cell in book.cells})
    _refuse_foreign(session, who, keys, school_key)
    if book.problems:
        first = book.problems[0]["message"]
        more = f" And {len(book.problems) - 1} more." if len(book.problems) > 1 else ""
        raise Invalid(f"Nothing was saved. {first}{more}", problems=book.problems)
    compared = compare(session, book.cells)
    session.execute(_STALE)
    kept = BookImport(
        import_id=uuid4(),
        by=who.person_id,
        file_name=file_name[:200],
        written_at=book.written_at,
        state="open",
        cells=[_kept(cell) for cell in compared],
    )
    session.add(kept)
    session.flush()
    return kept


def compare(session: Session, cells: Sequence[TypedCell]) -> list[Compared]:
    """The cells whose value in the file is new; one that was only changed here is left as it is here."""
    keys = sorted({cell.school_key for cell in cells})
    rows = session.execute(_CURRENT, {"school_keys": keys}).all()
    current = {(row.school_key, row.level, row.item_id, row.period): row for row in rows}
    found = []
    for cell in cells:
        row = current.get(cell[:4])
        there = None if row is None else row.percent
        if cell.now not in (there, cell.was):
            found.append(Compared(cell, there, "" if row is None else row.by, there != cell.was))
    return found


def apply_import(session: Session, who: Who, import_id: UUID, chosen: Iterable[int]) -> int:
    """Enters the differences, and of the conflicts those whose place in the list was chosen; answers how many.

    Raises EntryConflict, entering nothing, where a value changed again since the preview.
    """
    kept = open_import(session, who, import_id)
    taken = set(chosen)
    cells = [cell for place, cell in enumerate(kept.cells) if not cell["is_conflict"] or place in taken]
    # Scope is asked again: it may have changed since the preview.
    _refuse_foreign(session, who, sorted({cell["school_key"] for cell in cells}), None)
    saved = 0

    def where(cell: dict[str, Any]) -> tuple[str, str]:
        return cell["school_key"], cell["level"]

    for (school_key, level), group in groupby(sorted(cells, key=where), key=where):
        changes = [Cell(cell["item_id"], cell["period"], _some(cell["now"]), _some(cell["there"])) for cell in group]
        saved += len(save_cells(session, who, school_key, level, changes, "workbook"))
    kept.state = "applied"
    session.add(kept)
    audit(session, who.actor, "workbook.applied", str(import_id), {"file": kept.file_name, "cells": saved})
    return saved


def open_import(session: Session, who: Who, import_id: UUID, *, lock: bool = True) -> BookImport:
    """The person's own upload that waits for a decision."""
    kept = session.get(BookImport, import_id, with_for_update=lock)
    if kept is None or kept.by != who.person_id:
        raise NotFound("There is no such upload of yours. Upload the workbook again.")
    if kept.state != "open":
        raise Conflict("This workbook has been saved already.", code="book_applied")
    return kept


def _refuse_foreign(session: Session, who: Who, keys: Sequence[str], wanted: str | None) -> None:
    seen = {row.school_key for row in schools_of_keys(session, who, keys)}
    if set(keys) - seen or (wanted is not None and set(keys) != {wanted} and keys):
        raise Invalid(
            "This workbook is of another school. Upload it on that school's page, or download your own.",
            problems=[{"code": "book_of_other_school", "message": "The workbook is of another school."}],
            code="book_of_other_school",
        )


def _kept(compared: Compared) -> dict[str, Any]:
    cell = compared.typed
    return {
        "school_key": cell.school_key,
        "level": cell.level,
        "item_id": cell.item_id,
        "period": cell.period,
        "cell": cell.cell,
        "was": shown_percent(cell.was),
        "now": shown_percent(cell.now),
        "there": shown_percent(compared.there),
        "by": compared.by,
        "is_conflict": compared.is_conflict,
    }


def _some(shown: str) -> Decimal | None:
    return Decimal(shown) if shown else None
